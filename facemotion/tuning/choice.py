"""Values of the space as Optuna knows them: numbers as they are, anything else as JSON."""

import json
from collections.abc import Mapping
from typing import Any

import optuna

from facemotion.tuning.space import Choices, Numbers


def drawn(trial: optuna.Trial, space: list[Numbers | Choices], default: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a trial is to take. Four digits are enough to tell them apart, and to write them down."""
    return {entry.key: _one(trial, entry, default[entry.key]) for entry in space}


def told(entry: Numbers | Choices, value: Any) -> Any:
    """A value as the study keeps it."""
    return json.dumps(value) if isinstance(entry, Choices) else value


def _one(trial: optuna.Trial, entry: Numbers | Choices, default: Any) -> Any:
    """From a range that is widened where what stands in params.yaml lies outside."""
    if isinstance(entry, Choices):
        among = entry.among if default in entry.among else [default, *entry.among]
        return json.loads(trial.suggest_categorical(entry.key, [told(entry, value) for value in among]))
    low, high = min(entry.low, default), max(entry.high, default)
    if entry.scale == "whole":
        return trial.suggest_int(entry.key, int(low), int(high))
    return float(f"{trial.suggest_float(entry.key, low, high, log=entry.scale == 'log'):.4g}")
