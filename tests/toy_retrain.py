"""A project small enough to be retrained in a test: a stage that makes a model of random weights, one that scores."""

import os
import shutil
import sys
from pathlib import Path

from conftest import ROOT
from toy_dag import Toy, begin

LEARN = '''"""Weights that the scanned files decide, and the clips that models are judged by."""
import hashlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from facemotion import layout, schemas
from facemotion.dataset.images import encode
from facemotion.dataset.packed import PackedSplit
from facemotion.dataset.packing import batch_of, write_batches
from facemotion.evaluation.known import Known, KnownFrame
from facemotion.evaluation.protocols import same_pairs, scored_frames, starts
from facemotion.files import fresh_folder
from facemotion.landmarks.layout import N_POINTS
from facemotion.models.animator import Animator
from facemotion.models.weights import save_model
from training_toys import SIZE, config

FRAMES, STRIDE = 12, 5
sure = np.ones((FRAMES, N_POINTS))
seed = hashlib.sha256(layout.SOURCE.read_bytes()).digest()[0]
torch.manual_seed(seed)
save_model(Animator(config()), layout.MODELS / "tiny")
for split, people in (("train", "a"), ("val", "b"), ("test", "cdef")):
    folder = fresh_folder(layout.PACKED / split)
    drawn = np.random.default_rng([ord(people[0])])
    for name in people:
        frames = [encode(drawn.integers(0, 255, (SIZE, SIZE, 3)).astype(np.uint8), 90) for _ in range(FRAMES)]
        points = np.tile(drawn.uniform(8, SIZE - 8, (N_POINTS, 2)), (FRAMES, 1, 1))
        one = batch_of(f"clip_{name}", name, np.arange(FRAMES), Fraction(25), frames, points, sure)
        write_batches([one], folder / f"{name}.arrow")
pairs = same_pairs(starts(PackedSplit(layout.PACKED / "test")))
schemas.PAIRS.write(schemas.PAIRS.frame([pair._asdict() for pair in pairs]), layout.PAIRS)
fresh_folder(layout.ANSWERS)
fresh_folder(layout.KNOWN)
for pair in pairs:
    frames = [KnownFrame(int(k), None, None, None, None) for k in (0, *scored_frames(FRAMES, STRIDE))]
    Known(pair.pair_id, SIZE, tuple(frames)).save(layout.KNOWN)
'''

SCORE = '''"""What the model reaches, scored as the champion will be."""
from facemotion import config, layout, schemas
from facemotion.evaluation.made_of import MadeOf
from pipelines.contest import rescored

if __name__ == "__main__":
    params = config.load()
    schemas.SCORES.write(rescored(MadeOf.of("tiny", layout.MODELS, 64), params), layout.scores("tiny"))
'''

STAGES = """
stages:
  learn:
    cmd: {python} learn.py
    deps: [data/source.json, learn.py]
    outs: [models/tiny, data/packed, data/pairs.parquet, data/answers, data/known]
  score:
    cmd: {python} score.py
    deps: [models/tiny, data/packed, data/pairs.parquet, score.py]
    outs: [reports/scores/tiny.parquet]
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}


class Retrained(Toy):
    def environment(self, more: dict[str, str]) -> dict[str, str]:  # type: ignore[override]
        return super().environment({"PYTHONPATH": environment()["PYTHONPATH"], **more})


def make(folder: Path) -> Toy:
    (folder / "learn.py").write_text(LEARN)
    (folder / "score.py").write_text(SCORE)
    (folder / "dvc.yaml").write_text(STAGES.format(python=sys.executable))
    shutil.copyfile(ROOT / "params.yaml", folder / "params.yaml")
    ignored = ("/.work/", "/.prefect/", "/.mlflow/", "/videos", "/models/", "/data/*", "!/data/source.json",
               "/reports/", "__pycache__/")  # fmt: skip
    (folder / ".gitignore").write_text("\n".join(ignored) + "\n")
    (folder / "videos").mkdir()
    (folder / "videos/a.mp4").write_bytes(b"no video, but something to list")
    (folder / "data").mkdir()
    (folder / "data/source.json").write_text("{}\n")
    toy = Retrained(folder)
    toy.set(source__kind="folder", source__path="videos", retrain__guards={"psnr": 0.1})
    begin(folder)
    return toy


def content(folder: Path) -> dict[str, bytes]:
    """What a person has there."""
    ours = (".work", ".prefect", ".mlflow", ".git", ".dvc")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in ours
    }
