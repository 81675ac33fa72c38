"""What each term of the loss buys for equal cost: `python -m benchmarks.losses [--cpu-seconds 90] [--only NAME ...]`.

Coarse models from the same start, trained on the packed clips for the same CPU time, scored on validation people."""

import argparse
import logging
import os
from typing import Any

import torch

from benchmarks._evaluation import score
from benchmarks._training import train_for
from facemotion import config, files, layout, tracking
from facemotion.console import setup_logging
from facemotion.dataset.packed import PackedSplit
from facemotion.errors import FacemotionError
from facemotion.evaluation.same_identity import means
from facemotion.models.animator import Animator
from facemotion.training.config import Losses
from facemotion.training.perceptual import find_vgg19

log = logging.getLogger("benchmarks.losses")

# What is changed about the committed weights: each term left out, terms that are left out as committed, l1 alone.
NO_EQUIVARIANCE = {"points": 0.0, "jacobians": 0.0}
VARIANTS: dict[str, dict[str, Any]] = {
    "as committed": {},
    "without gradient": {"gradient": 0.0},
    "without ssim": {"ssim": 0.0},
    "without regions": {"regions": 0.0},
    "without warped": {"warped": 0.0},
    "without equivariance": NO_EQUIVARIANCE,
    "l1 alone": {"gradient": 0.0, "ssim": 0.0, "regions": 0.0, "warped": 0.0, **NO_EQUIVARIANCE},
    "and census": {"census": 0.2},
    "and random features": {"perceptual": 1.0, "features": "random"},
    "and vgg19": {"perceptual": 0.2, "features": "vgg19"},
    "and occlusion": {"occlusion": 0.02},
}
COLUMNS = ("l1", "akd_truth", "akd_lips", "akd_eyes", "epe", "epe_lips", "epe_eyes")


def measure(name: str, losses: Losses, cpu_seconds: float) -> dict[str, Any]:
    params = config.load()
    source, held_out = (PackedSplit(layout.PACKED / split) for split in ("train", "val"))
    torch.manual_seed(1)
    model = Animator(params.model.model_copy(update={"refined": False}))
    settings = params.train_coarse.model_copy(update={"losses": losses})
    trained = train_for(name, model, settings, source, held_out, cpu_seconds)
    found = means(score(model, held_out, params))
    steps = int(trained.history.rows[-1]["step"])
    figures = {column: found[column] for column in COLUMNS if column in found}
    return {"name": name, "steps": steps, "cpu_seconds": cpu_seconds, **figures}


def record(row: dict[str, Any]) -> None:
    """One run a variant; nothing hangs on whether the store can be reached."""
    try:
        client = tracking.open_client()
        run = client.create_run(tracking.experiment_id(), run_name=f"losses: {row['name']}").info.run_id
        client.log_param(run, "cpu_seconds", row["cpu_seconds"])
        for name in ("steps", *COLUMNS):
            if name in row:
                client.log_metric(run, name, row[name])
        client.set_terminated(run)
    except Exception as error:  # whatever the store throws, the figures are printed and written
        log.warning("MLflow at %s did not take the figures (%s)", tracking.address(), error)


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "0"
    setup_logging()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu-seconds", type=float, default=90.0)
    parser.add_argument("--only", nargs="*", choices=VARIANTS, default=list(VARIANTS))
    arguments = parser.parse_args()
    committed: Losses = config.load().train_coarse.losses
    rows = []
    for name in arguments.only:
        losses = Losses.model_validate(committed.model_dump() | VARIANTS[name])
        try:
            if losses.perceptual and losses.features == "vgg19":
                find_vgg19(losses.vgg19)
        except FacemotionError as error:
            log.warning("left out %s: %s", name, error)
            continue
        rows.append(measure(name, losses, arguments.cpu_seconds))
        record(rows[-1])
    print("| loss | steps | " + " | ".join(COLUMNS) + " |\n|" + "---|" * (len(COLUMNS) + 2))
    for row in rows:
        print(
            f"| {row['name']} | {row['steps']} | "
            + " | ".join(f"{row[name]:.4g}" if name in row else "" for name in COLUMNS)
            + " |"
        )
    files.write_json(layout.BENCHMARKS / "losses.json", rows)


if __name__ == "__main__":
    main()
