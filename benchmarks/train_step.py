"""A step of training as committed against the plain loop of the same model, data and all, side by side in one run:
`python -m benchmarks.train_step [--preset tiny] [--steps 12]`."""

import argparse
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks._clips import training_clips
from facemotion import config, files, layout
from facemotion.models.animator import Animator
from facemotion.models.presets import preset
from facemotion.training import memory
from facemotion.training.config import Training
from facemotion.training.loop import Job, Run
from facemotion.training.stop import Stop
from facemotion.training.stream import Pieces

PLAIN: dict[str, Any] = {"precision": "fp32", "channels_last": False, "compile": False}
# Steps in the beginning in which caches fill.
UNTIMED = 3


def steps_of(kind: str, settings: Training, name: str, refined: bool, steps: int) -> tuple[list[float], float]:
    """CPU seconds of each step, decoding included, and the share of time spent waiting for data."""
    if kind == "plain":
        memory.keep_freed_blocks = lambda: False
        settings = settings.model_copy(update=PLAIN)
    torch.manual_seed(0)
    model = Animator(preset(name).model_copy(update={"refined": refined}))
    _, source = training_clips()
    with tempfile.TemporaryDirectory() as folder, Stop() as stop:
        run = Run(Job(kind, model, settings, source, None, Path(folder), {}))
        with run.stream(Pieces(settings.batch_size, settings.accumulate, 0, steps + UNTIMED)) as stream:
            taken, started = [], time.monotonic()
            for _ in range(steps + UNTIMED):
                before = time.process_time()
                run.step(stream, stop)
                taken.append(time.process_time() - before)
            return taken[UNTIMED:], stream.waited / (time.monotonic() - started)


def measure(settings: Training, name: str, refined: bool, steps: int) -> list[dict[str, Any]]:
    taken: dict[str, list[float]] = {"plain": [], "ours": []}
    waited = 0.0
    for kind in ("plain", "ours", "plain", "ours"):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            seconds, waited = pool.apply(steps_of, (kind, settings, name, refined, steps))
        taken[kind] += seconds
    cpu = {kind: float(np.median(rows)) for kind, rows in taken.items()}
    label = f"{name}{' refined' if refined else ''}, batch {settings.batch_size}"
    return [
        {"name": f"plain step, {label}", "value": round(1000 * cpu["plain"], 1), "unit": "CPU-ms"},
        {"name": f"our step, {label}", "value": round(1000 * cpu["ours"], 1), "unit": "CPU-ms"},
        {"name": f"plain over ours, {label}", "value": round(cpu["plain"] / cpu["ours"], 3), "unit": "ratio"},
        {"name": f"waiting for data, {label}", "value": round(waited, 4), "unit": "share"},
    ]


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "0"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--steps", type=int, default=12)
    arguments = parser.parse_args()
    params: Any = config.load()
    figures = [
        *measure(params.train_coarse, arguments.preset, False, arguments.steps),
        *measure(params.train_refine, arguments.preset, True, arguments.steps),
    ]
    for figure in figures:
        print(f"{figure['name']:44s} {figure['value']:9.3f} {figure['unit']}")
    files.write_json(layout.BENCHMARKS / "train_step.json", figures)


if __name__ == "__main__":
    main()
