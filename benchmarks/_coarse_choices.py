"""Choices of the coarse training against each other at equal cost: models from the same start, trained on the packed
clips for the same CPU time, scored on validation people."""

import logging
from collections.abc import Sequence
from typing import Any

import torch

from benchmarks._evaluation import score
from benchmarks._training import train_for
from facemotion import config, files, layout, tracking
from facemotion.dataset.packed import PackedSplit
from facemotion.evaluation.same_identity import means
from facemotion.models.animator import Animator
from facemotion.training.config import Training

log = logging.getLogger(__name__)

COLUMNS = ("l1", "akd_truth", "akd_lips", "akd_eyes", "epe", "epe_lips", "epe_eyes")


def measure(benchmark: str, name: str, settings: Training, cpu_seconds: float) -> dict[str, Any]:
    params = config.load()
    source, held_out = (PackedSplit(layout.PACKED / split) for split in ("train", "val"))
    torch.manual_seed(1)
    model = Animator(params.model.model_copy(update={"refined": False}))
    trained = train_for(name, model, settings, source, held_out, cpu_seconds)
    found = means(score(model, held_out, params))
    figures = {column: found[column] for column in COLUMNS if column in found}
    steps = int(trained.history.rows[-1]["step"])
    row: dict[str, Any] = {"name": name, "steps": steps, "cpu_seconds": cpu_seconds, **figures}
    record(benchmark, row)
    return row


def record(benchmark: str, row: dict[str, Any]) -> None:
    """One run a choice; nothing hangs on whether the store can be reached."""
    try:
        client = tracking.open_client()
        run = client.create_run(tracking.experiment_id(), run_name=f"{benchmark}: {row['name']}").info.run_id
        client.log_param(run, "cpu_seconds", row["cpu_seconds"])
        for name in ("steps", *COLUMNS):
            if name in row:
                client.log_metric(run, name, row[name])
        client.set_terminated(run)
    except Exception as error:  # whatever the store throws, the figures are printed and written
        log.warning("MLflow at %s did not take the figures (%s)", tracking.address(), error)


def tell(benchmark: str, rows: Sequence[dict[str, Any]]) -> None:
    print("| choice | steps | " + " | ".join(COLUMNS) + " |\n|" + "---|" * (len(COLUMNS) + 2))
    for row in rows:
        print(
            f"| {row['name']} | {row['steps']} | "
            + " | ".join(f"{row[name]:.4g}" if name in row else "" for name in COLUMNS)
            + " |"
        )
    files.write_json(layout.BENCHMARKS / f"{benchmark}.json", rows)
