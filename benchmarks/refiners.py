"""What each part of the refiner buys for equal cost: `python -m benchmarks.refiners [--cpu-seconds 120] [--only ...]`.

Each starts from the DAG's coarse model and learns for the same CPU time; the published layout, whose coarse motion is
another, learns all at once for what coarse model and refinement take together. Scored as `evaluate` does, on the
validation people."""

import argparse
import json
import logging
import os
from typing import Any

import torch
from filelock import FileLock

from benchmarks._evaluation import score
from benchmarks._training import step_cost, train_for
from facemotion import config, files, layout
from facemotion.config import Params
from facemotion.console import setup_logging
from facemotion.dataset.packed import PackedSplit
from facemotion.evaluation.same_identity import means
from facemotion.models.animator import Animator
from facemotion.models.config import ModelConfig
from facemotion.models.weights import load_model, start_from
from facemotion.training.config import Training

log = logging.getLogger("benchmarks.refiners")
COARSE = layout.MODELS / "keypoints_coarse"
COLUMNS = ("l1", "akd_truth", "akd_lips", "akd_eyes", "epe", "epe_lips", "epe_eyes")
# Changes of the refiner's sizes, and of its training; of its losses by their names.
VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as committed": ({}, {}),
    "no windows at eyes and mouth": ({"closeups": None}, {}),
    "windows that no landmark teaches": ({}, {"losses": {"closeups": 0.0}}),
    "background as in the coarse motion": ({"background": "coarse"}, {}),
    "neither": ({"closeups": None, "background": "coarse"}, {}),
    "coarse motion learns on": ({}, {"coarse_rate": 1.0}),
    "published layout": ({}, {"coarse_rate": 1.0}),  # at once with the refiner
}


def published(sizes: ModelConfig) -> ModelConfig:
    """MRFA's blocks, every level up to the image's size, at our widths."""
    content = sizes.model_dump() | {"layout": "published", "refined": True}
    content["keypoints"] |= {"stride": 1, "size": sizes.image_size // 2}
    levels = list(sizes.pyramid[::-1])
    content["refiner"] |= {"levels": levels, "widths": [32] * len(levels), "closeups": None, "background": "coarse"}
    return ModelConfig.model_validate(content)


def prepared(name: str, params: Params) -> Animator:
    torch.manual_seed(1)
    if name == "published layout":
        return Animator(published(params.model))
    content = params.model.model_dump() | {"refined": True}
    content["refiner"] |= VARIANTS[name][0]
    model = Animator(ModelConfig.model_validate(content))
    start_from(model, COARSE)
    return model


def measure(name: str, cpu_seconds: float) -> dict[str, Any]:
    params = config.load()
    source, held_out = (PackedSplit(layout.PACKED / split) for split in ("train", "val"))
    if name == "published layout":
        coarse = params.train_coarse.of("keypoints")
        cpu_seconds += coarse.steps * step_cost(load_model(COARSE), coarse, source)
    model = prepared(name, params)
    committed = params.train_refine.model_dump()
    changed = VARIANTS[name][1]
    losses = committed["losses"] | changed.get("losses", {})
    settings = Training.model_validate(committed | changed | {"losses": losses})
    trained = train_for(name, model, settings, source, held_out, cpu_seconds)
    found = means(score(model, held_out, params))
    steps = int(trained.history.rows[-1]["step"])
    figures = {column: found[column] for column in COLUMNS if column in found}
    return {"name": name, "steps": steps, "cpu_seconds": round(cpu_seconds), **figures}


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "0"
    setup_logging()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpu-seconds", type=float, default=120.0)
    parser.add_argument("--only", nargs="*", choices=VARIANTS, default=list(VARIANTS))
    arguments = parser.parse_args()
    for name in arguments.only:
        row = measure(name, arguments.cpu_seconds)
        print(" ".join(f"{key} {value:.4g}" if key != "name" else value for key, value in row.items()), flush=True)
        keep(row)


def keep(row: dict[str, Any]) -> None:
    """Beside those of other runs: several `--only` may go on at one time."""
    path = layout.BENCHMARKS / "refiners.json"
    with FileLock(layout.WORK / "refiners.lock"):
        known = {own["name"]: own for own in json.loads(path.read_text())} if path.is_file() else {}
        known[row["name"]] = row
        files.write_json(path, [known[name] for name in VARIANTS if name in known])


if __name__ == "__main__":
    main()
