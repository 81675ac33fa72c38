"""A search space small enough to be searched in seconds, over the real params.yaml; and workers to be killed."""

import sys
import time
from pathlib import Path
from typing import Any

import optuna
from ruamel.yaml import YAML
from training_toys import SETTINGS, ToyClips, config

from facemotion.tuning import study as studies
from facemotion.tuning.trial import Plan

ROOT = Path(__file__).parent.parent
TUNE: dict[str, Any] = {
    "trials": 4, "seed": 1, "motion": "keypoints", "steps": 4, "objectives": ["score"], "startup": 2,
    "validate_every": 2, "validation_pairs": 8, "again": {"steps": 12, "seeds": 1},
    "space": [
        {"key": "train_coarse.rate", "default": 0.002, "low": 1e-9, "high": 0.02, "scale": "log"},
        {"key": "model.keypoints.count", "default": 4, "low": 3, "high": 6, "scale": "whole"},
        {"key": "model.generator.widths", "default": [8, 16, 16, 16], "among": [[8, 16, 16, 16], [12, 16, 16, 16]]},
    ],
}  # fmt: skip


def content(**tune: Any) -> dict[str, Any]:
    """params.yaml as committed, with a narrow model, quick settings and this space."""
    committed = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())
    return {**committed, "model": config().model_dump(), "train_coarse": dict(SETTINGS), "tune": {**TUNE, **tune}}


def plan(people: int = 2, rate: Any = 0.002, **tune: Any) -> Plan:
    told = content(**tune)
    told["train_coarse"]["rate"] = rate
    return Plan.of(told, ToyClips(seed=1), ToyClips(people, seed=2))


def slowly(trial: optuna.Trial) -> float:
    trial.set_user_attr(studies.WORKER, studies.me())
    rate = trial.suggest_float("train_coarse.rate", 1e-9, 0.02, log=True)
    trial.suggest_int("model.keypoints.count", 3, 6)
    time.sleep(0.4)
    return rate


def study(uri: str) -> optuna.Study:
    return studies.opened(studies.storage(uri, heartbeat=1, grace=3), "toy", plan().params.tune)


if __name__ == "__main__":
    # ADDRESS TRIALS: a worker, for whoever started this process.
    studies.work(study(sys.argv[1]), slowly, int(sys.argv[2]), grace=3)
