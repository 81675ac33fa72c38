"""A step of training as committed against the plain loop of the same model, data and all, side by side in one run:
`python -m benchmarks.train_step [--preset tiny] [--steps 12]`."""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks._clips import training_clips
from facemotion import config, files, layout
from facemotion.models.animator import Animator
from facemotion.models.presets import preset
from facemotion.training.config import Training
from facemotion.training.loop import Job, Run
from facemotion.training.stop import Stop
from facemotion.training.stream import Pieces

PLAIN: dict[str, Any] = {"precision": "fp32", "channels_last": False, "compile": False}


def timed(run: Run, stream: Any, stop: Stop) -> tuple[float, float]:
    """Seconds and CPU seconds of one step, its share of decoding included."""
    started, cpu = time.monotonic(), time.process_time()
    run.step(stream, stop)
    return time.monotonic() - started, time.process_time() - cpu


def measure(settings: Training, name: str, refined: bool, steps: int) -> list[dict[str, Any]]:
    what, source = training_clips()
    taken: dict[str, list[tuple[float, float]]] = {"plain": [], "ours": []}
    with tempfile.TemporaryDirectory() as folder, Stop() as stop:
        runs, streams = {}, {}
        for kind, changes in (("plain", PLAIN), ("ours", {})):
            torch.manual_seed(0)
            model = Animator(preset(name).model_copy(update={"refined": refined}))
            job = Job(kind, model, settings.model_copy(update=changes), source, None, Path(folder), {})
            runs[kind] = Run(job)
            streams[kind] = runs[kind].stream(Pieces(settings.batch_size, settings.accumulate, 0, steps + 2))
        for step in range(steps + 2):
            for kind, run in runs.items():
                seconds = timed(run, streams[kind], stop)
                if step >= 2:
                    taken[kind].append(seconds)
        waited = streams["ours"].waited / sum(wall for wall, _ in taken["ours"])
        for stream in streams.values():
            stream.__exit__(None, None, None)
    # The least disturbed half of the steps, by CPU time.
    cpu = {kind: sum(sorted(cpu for _, cpu in rows)[: steps // 2]) / (steps // 2) for kind, rows in taken.items()}
    label = f"{name}{' refined' if refined else ''}, batch {settings.batch_size}"
    return [
        {"name": f"plain step, {label}", "value": round(1000 * cpu["plain"], 1), "unit": "CPU-ms"},
        {"name": f"our step, {label}", "value": round(1000 * cpu["ours"], 1), "unit": "CPU-ms"},
        {"name": f"plain over ours, {label}", "value": round(cpu["plain"] / cpu["ours"], 3), "unit": "ratio"},
        {"name": f"waiting for data, {label}", "value": round(waited, 4), "unit": "share", "clips": what},
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
