"""How far carrying landmarks over to another face can go: `python -m benchmarks.retargeting [--model FOLDER ...]`.

The pairs of the cross-identity protocol whose right answer is rendered, driven in three ways: by the driver's landmarks
carried over, by the driver's as they are, and by the answer's own, which is what perfect carrying would give."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import numpy as np
import polars as pl
import torch
from torch import Tensor

from benchmarks._variants import DEFAULT
from facemotion import files, layout, schemas
from facemotion.console import setup_logging
from facemotion.evaluation.carried import carried
from facemotion.evaluation.folders import Folders
from facemotion.evaluation.images import at_scale
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.reading import faces_of, numbers_of, reference_of, start_of
from facemotion.evaluation.score_jobs import cross_clips
from facemotion.evaluation.variants import Animated
from facemotion.models.animator import Background

FRAMES: Final = 12  # of a pair, about
WAYS: Final = ("carried", "absolute", "answer")


def told(variant: Animated, pair: PairRow, folders: Folders) -> Iterator[dict[str, float]]:
    """Mean absolute difference of each frame from the answer, by what drives."""
    clips = cross_clips(pair, folders, variant.size)
    reference, start = reference_of(clips.reference, variant.size), start_of(clips.driving, variant.size)
    numbers = np.intersect1d(numbers_of(clips.reference), numbers_of(clips.driving))[1:]
    numbers = numbers[:: max(1, len(numbers) // FRAMES)]
    answer, driving = (faces_of(clip, numbers, variant.size) for clip in (clips.reference, clips.driving))
    points = dict(zip(WAYS, (carried(reference, start, driving), driving.points, answer.points), strict=True))
    model = variant.model
    appearance = model.encode(reference.image[:, None], reference.points[:, None]).of_frames(len(numbers))
    before = appearance.source._replace(camera=start.camera)
    background = Background(model.coarse.background_between(before, None, driving.camera))
    made: dict[str, Tensor] = {}
    for way, own in points.items():
        keypoints = model.keypoints(driving.image, own, appearance.source)
        made[way] = model.render(appearance, model.move(appearance, keypoints, background))
    frames = {way: list(at_scale(own)) for way, own in made.items()}
    for k, wanted in enumerate(at_scale(answer.image)):
        yield {way: float(np.abs(own[k].astype(np.float64) - wanted).mean()) for way, own in frames.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", nargs="*", type=Path, help="folders; as it stands, the landmark models there are")
    models = parser.parse_args().model or [path for name in DEFAULT if (path := layout.MODELS / name).is_dir()]
    setup_logging()
    torch.set_num_threads(1)
    folders = Folders(layout.PACKED / "test", layout.ANSWERS, layout.KNOWN)
    table = schemas.PAIRS.read(layout.PAIRS).filter((pl.col("protocol") == "cross") & pl.col("answered"))
    pairs = [PairRow.of(row) for row in table.iter_rows(named=True)]
    figures: dict[str, dict[str, Any]] = {}
    for path in models:
        variant = Animated.load(path)
        with torch.inference_mode():
            by_pair = [list(told(variant, pair, folders)) for pair in pairs]
        for way in WAYS:
            value = float(np.mean([np.mean([frame[way] for frame in frames]) for frames in by_pair]))
            print(f"{path.name:22s} {way:10s} {value:.4f}")
            figures[f"{path.name}_{way}"] = {"value": round(value, 5), "unit": "l1, mean over pairs"}
    files.write_json(layout.BENCHMARKS / "retargeting.json", figures)


if __name__ == "__main__":
    main()
