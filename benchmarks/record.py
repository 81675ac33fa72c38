"""What it costs a training to be recorded while it goes on, over what its steps cost: `python -m benchmarks.record`.

A whole default training's reports are told to a real store, all at once, and the CPU time of doing so is counted, with
the import of MLflow and the making of the run; steps are timed on the same machine in the same run."""

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks._clips import training_clips
from benchmarks._training import step_cost
from facemotion import config, files, layout, tracking, tracking_live
from facemotion.models.animator import Animator
from facemotion.tracking_live import LiveRun
from facemotion.tracking_records import StageStart
from facemotion.training.config import Training

TERMS = 14  # values a report has
ROWS, COLUMNS = 6, 6  # of a sheet of samples


def told(settings: Training, size: int) -> float:
    """CPU seconds, of all threads, for the reports and sheets of one training; the store is there already."""
    tracking.open_client()
    picture = np.random.default_rng(0).integers(0, 255, (ROWS * size, COLUMNS * size, 3), np.uint8)
    start = StageStart(
        stage="benchmark", pipeline="benchmark", pipeline_started=time.time(), started=time.time(), params={}, tags={}
    )
    before = time.process_time()
    live = LiveRun(start, Path("pictures"))
    for step in range(1, settings.steps + 1):
        if step % settings.watch.log_every == 0:
            live.metrics([(step, {f"term_{k}": 1 / step for k in range(TERMS)})])
        if step % settings.watch.pictures_every == 0:
            live.picture(step, "benchmark", picture)
    left = live.close()
    if left:
        raise RuntimeError(f"{len(left)} reports were not told within {tracking_live.PATIENCE_S:.0f} s")
    return time.process_time() - before


def main() -> None:
    params = config.load()
    settings = params.train_coarse
    torch.manual_seed(0)
    model = Animator(params.model.model_copy(update={"refined": False}))
    _, source = training_clips()
    step = step_cost(model, settings, source)
    here = Path.cwd()
    tracking_live.PATIENCE_S = 300.0  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        began = time.process_time()
        tracking._mlflow()
        loading = time.process_time() - began
        seconds = told(settings, model.config.image_size)
        os.chdir(here)
    whole = step * settings.steps
    rows = [
        {"name": "telling a training", "value": round(seconds, 2), "unit": "CPU-s"},
        {"name": "loading mlflow", "value": round(loading, 2), "unit": "CPU-s"},
        {"name": "its steps", "value": round(whole, 1), "unit": "CPU-s"},
        {"name": "record over steps", "value": round(100 * (seconds + loading) / whole, 2), "unit": "%"},
    ]
    files.write_json(layout.BENCHMARKS / "record.json", rows)
    for row in rows:
        print(f"{row['name']:24s} {row['value']:10} {row['unit']}")


if __name__ == "__main__":
    main()
