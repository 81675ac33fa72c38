"""A step of training as committed against the plain loop of the same model, data and all, side by side in one run:
`python -m benchmarks.train_step [--preset tiny] [--steps 12] [--compile]`. With `--compile` a third way: ours compiled,
and after how many steps that has paid for what compiling takes."""

import argparse
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

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


class Timed(NamedTuple):
    """CPU seconds of each step, decoding included, and of all before; the share of time spent waiting for data."""

    steps: list[float]
    before: float
    waited: float


def steps_of(kind: str, settings: Training, name: str, refined: bool, steps: int) -> Timed:
    if kind == "plain":
        memory.keep_freed_blocks = lambda: False
        settings = settings.model_copy(update=PLAIN)
    if kind == "compiled":
        settings = settings.model_copy(update={"compile": True})
        os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"  # others' time would not be counted before they end
    torch.manual_seed(0)
    model = Animator(preset(name).model_copy(update={"refined": refined}))
    _, source = training_clips()
    with tempfile.TemporaryDirectory() as folder, Stop() as stop:
        run = Run(Job(kind, model, settings, source, None, Path(folder), {}))
        with run.stream(Pieces(settings.batch_size, settings.accumulate, 0, steps + UNTIMED)) as stream:
            taken, started = [], time.monotonic()
            for _ in range(steps + UNTIMED):
                before = cpu_seconds()
                run.step(stream, stop)
                taken.append(cpu_seconds() - before)
            return Timed(taken[UNTIMED:], sum(taken[:UNTIMED]), stream.waited / (time.monotonic() - started))


def cpu_seconds() -> float:
    """Of this process and of those it had started that have ended, such as compilers."""
    return sum(os.times()[:4])


def measure(settings: Training, name: str, refined: bool, steps: int, compiled: bool) -> list[dict[str, Any]]:
    rows: dict[str, list[Timed]] = {}
    for kind in ("plain", "ours", "plain", "ours", *["compiled"] * compiled):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.setdefault(kind, []).append(pool.apply(steps_of, (kind, settings, name, refined, steps)))
    cpu = {kind: float(np.median([step for run in own for step in run.steps])) for kind, own in rows.items()}
    waited = rows["ours"][-1].waited
    label = f"{name}{' refined' if refined else ''}, batch {settings.batch_size}"
    figures = [
        {"name": f"plain step, {label}", "value": round(1000 * cpu["plain"], 1), "unit": "CPU-ms"},
        {"name": f"our step, {label}", "value": round(1000 * cpu["ours"], 1), "unit": "CPU-ms"},
        {"name": f"plain over ours, {label}", "value": round(cpu["plain"] / cpu["ours"], 3), "unit": "ratio"},
        {"name": f"waiting for data, {label}", "value": round(waited, 4), "unit": "share"},
    ]
    if compiled:
        spared = cpu["ours"] - cpu["compiled"]
        spent = rows["compiled"][0].before - rows["ours"][0].before
        figures += [
            {"name": f"compiled step, {label}", "value": round(1000 * cpu["compiled"], 1), "unit": "CPU-ms"},
            {
                "name": f"plain over compiled, {label}",
                "value": round(cpu["plain"] / cpu["compiled"], 3),
                "unit": "ratio",
            },
            {"name": f"compiling, {label}", "value": round(spent, 1), "unit": "CPU-s"},
        ]
        if spared > 0:
            pays = round(spent / spared)
            figures.append({"name": f"compiling pays after, {label}", "value": pays, "unit": "steps"})
    return figures


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "0"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--compile", action="store_true", help="compiled steps, too; compiling takes minutes")
    arguments = parser.parse_args()
    params: Any = config.load()
    figures = [
        *measure(params.train_coarse, arguments.preset, False, arguments.steps, arguments.compile),
        *measure(params.train_refine, arguments.preset, True, arguments.steps, arguments.compile),
    ]
    for figure in figures:
        print(f"{figure['name']:44s} {figure['value']:9.3f} {figure['unit']}")
    files.write_json(layout.BENCHMARKS / "train_step.json", figures)


if __name__ == "__main__":
    main()
