"""What each term of the loss buys for equal cost: `python -m benchmarks.losses [--cpu-seconds 90] [--only NAME ...]`.

Coarse models from the same start, trained on the packed clips for the same CPU time, scored on validation people."""

import argparse
import logging
import os
from typing import Any

from benchmarks._coarse_choices import measure, tell
from facemotion import config
from facemotion.console import setup_logging
from facemotion.errors import FacemotionError
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


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "0"
    setup_logging()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu-seconds", type=float, default=90.0)
    parser.add_argument("--only", nargs="*", choices=VARIANTS, default=list(VARIANTS))
    arguments = parser.parse_args()
    params = config.load()
    committed = params.train_coarse
    rows = []
    for name in arguments.only:
        losses = Losses.model_validate(committed.losses.model_dump() | VARIANTS[name])
        try:
            if losses.perceptual and losses.features == "vgg19":
                find_vgg19(losses.vgg19, params.weights.folder)
        except FacemotionError as error:
            log.warning("left out %s: %s", name, error)
            continue
        settings = committed.model_copy(update={"losses": losses})
        rows.append(measure("losses", name, settings, arguments.cpu_seconds))
    tell("losses", rows)


if __name__ == "__main__":
    main()
