"""A study's trials as a table, and what mattered in them: what is written, shown, and the same in every run."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import optuna
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import TrialState

from facemotion.tuning import study as studies
from facemotion.tuning.space import Objective, Tune
from facemotion.tuning.study import DEFAULT, DIVERGED
from facemotion.tuning.trial import Plan

KEPT: Final = "kept"
CUT: Final = "cut short"
NOWHERE: Final = "led nowhere"
LEAST: Final = 6  # trials that importance can be told from


@dataclass(frozen=True)
class Row:
    """A trial; `reached` is empty where it was cut short or led nowhere. `last`: its last look at people held out."""

    place: int
    state: str
    default: bool
    values: Mapping[str, Any]
    reached: Mapping[Objective, float]
    last: float | None


def rows(study: optuna.Study, plan: Plan) -> tuple[Row, ...]:
    """In the order in which they were begun."""
    tune = plan.params.tune
    return tuple(_row(studies.rank(study, trial.number), trial, tune, plan) for trial in studies.ended(study))


def _row(place: int, trial: optuna.trial.FrozenTrial, tune: Tune, plan: Plan) -> Row:
    default = DEFAULT in trial.user_attrs
    whole = trial.state == TrialState.COMPLETE
    return Row(
        place,
        KEPT if whole else NOWHERE if DIVERGED in trial.user_attrs else CUT,
        default,
        plan.default if default else {entry.key: _meant(trial.params[entry.key]) for entry in tune.space},
        dict(zip(tune.objectives, trial.values, strict=True)) if whole and trial.values else {},
        trial.intermediate_values.get(trial.last_step) if trial.last_step is not None else None,
    )


def _meant(value: Any) -> Any:
    """As a trial took it, see `choice`."""
    if isinstance(value, str):
        return json.loads(value)
    return float(f"{value:.4g}") if isinstance(value, float) else value


def text(table: Sequence[Row], tune: Tune) -> str:
    """CSV: a row a trial."""
    keys = [entry.key for entry in tune.space]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["trial", "state", "default", *tune.objectives, "last_val_score", *keys])
    for row in table:
        reached = [f"{row.reached[name]:.6g}" if name in row.reached else "" for name in tune.objectives]
        last = "" if row.last is None else f"{row.last:.6g}"
        told = [json.dumps(row.values[key]) for key in keys]
        writer.writerow([row.place, row.state, int(row.default), *reached, last, *told])
    return stream.getvalue()


def importance(study: optuna.Study, tune: Tune) -> dict[str, float]:
    """Shares of what moved the first objective, by key; empty where too few trials tell."""
    if sum(trial.state == TrialState.COMPLETE for trial in studies.ended(study)) < LEAST:
        return {}
    shares = optuna.importance.get_param_importances(
        study, evaluator=PedAnovaImportanceEvaluator(), target=lambda trial: trial.values[0]
    )
    known = {entry.key: float(shares.get(entry.key, 0.0)) for entry in tune.space}
    return {key: round(share, 6) if np.isfinite(share) else 0.0 for key, share in known.items()}


def importance_text(shares: Mapping[str, float]) -> str:
    lines = [f"{key},{share:.6g}" for key, share in sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))]
    return "\n".join(["key,share", *lines]) + "\n"
