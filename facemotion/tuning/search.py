"""A search from its first trial to its verdict: trials, then the best against the default in longer trainings."""

import hashlib
import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import optuna
from numpy.typing import NDArray

from facemotion.evaluation.intervals import Comparison, difference
from facemotion.training.failures import DivergedError
from facemotion.tuning import choice, record
from facemotion.tuning import study as studies
from facemotion.tuning.space import Objective
from facemotion.tuning.study import CLIPS, DEFAULT, DIVERGED, WORKER
from facemotion.tuning.table import Row, rows
from facemotion.tuning.trial import Both, Plan

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]
AGAIN: Final = "again"  # attributes of a study: what the longer trainings reached


@dataclass(frozen=True)
class Finding:
    """What a study comes to. `best`: of the trials; `better`: whether it stays so in longer trainings, told apart from
    the default by the interval over clips; `compared`: best less default there, by objective."""

    rows: tuple[Row, ...]
    best: Mapping[str, Any]
    better: bool
    compared: Mapping[Objective, Comparison]

    @property
    def values(self) -> Mapping[str, Any]:
        """What should be used of all that was searched; empty where the default stays."""
        return self.best if self.better else {}


@dataclass(frozen=True)
class Search:
    """`record`: id of the run under which trials are recorded; `work`: for what is unfinished."""

    plan: Plan
    study: optuna.Study
    work: Path
    record: str

    def objective(self, trial: optuna.Trial) -> tuple[float, ...]:
        plan, tune = self.plan, self.plan.params.tune
        trial.set_user_attr(WORKER, studies.me())
        values = choice.drawn(trial, tune.space, plan.default)
        if DEFAULT in trial.user_attrs:
            values = plan.default
        place = studies.rank(self.study, trial.number)
        started, folder = time.monotonic(), self.work / f"trial-{place}"
        run = record.start(f"{self.record}-{place}", f"trial {place}", self.record, values, folder / "pictures")
        message, figures = "failed", dict[str, float]()
        ok = True
        try:
            reporter = Both(run.live, CutShort(trial)) if len(tune.objectives) == 1 else run.live
            seed = plan.params.train_coarse.seed
            found = plan.tried(f"trial {place}", values, tune.steps, seed, folder / "work", reporter)
            trial.set_user_attr(CLIPS, {name: _plain(own) for name, own in found.items()})
            means = tuple(float(np.nanmean(found[name])) for name in tune.objectives)
            figures = dict(zip(tune.objectives, means, strict=True))
            message = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
            return means
        except DivergedError as error:
            trial.set_user_attr(DIVERGED, str(error))
            message = f"led nowhere: {error}"
            raise optuna.TrialPruned(str(error)) from error
        except optuna.TrialPruned:
            message = "cut short"
            raise
        except BaseException:
            ok = False
            raise
        finally:
            run.end(message, figures, ok=ok)
            log.info("trial %d: %s (%.0f s)", place, message, time.monotonic() - started)

    def finding(self) -> Finding:
        """The verdict, after the trials; longer trainings that were done before are not done again."""
        table = rows(self.study, self.plan)
        best, default = _best(table), self.plan.default
        if best is None or best.default:
            return Finding(table, default, False, {})
        ours, theirs = (self._again(name, own) for name, own in (("best", best.values), ("default", default)))
        compared = {name: difference(*_both_known(ours[name], theirs[name])) for name in ours}
        better = any(own.difference.high < 0 for own in compared.values())
        worse = any(own.difference.low > 0 for own in compared.values())
        return Finding(table, best.values, better and not worse, compared)

    def _again(self, name: str, values: Mapping[str, Any]) -> dict[Objective, Floats]:
        """Each objective by clip, the mean over longer trainings with other seeds than the trials had."""
        tune, first = self.plan.params.tune, self.plan.params.train_coarse.seed + 1
        reached = [self._longer(name, values, first + k) for k in range(tune.again.seeds)]
        return {name: np.mean([own[name] for own in reached], axis=0) for name in tune.objectives}

    def _longer(self, name: str, values: Mapping[str, Any], seed: int) -> dict[Objective, Floats]:
        tune = self.plan.params.tune
        about = json.dumps([dict(values), tune.again.steps, seed], sort_keys=True)
        key = f"{AGAIN} {hashlib.sha256(about.encode()).hexdigest()[:16]}"
        kept = self.study.user_attrs.get(key)
        if kept is None:
            log.info("%s again, %d steps, seed %d", name, tune.again.steps, seed)
            try:
                title, work = f"{name}, seed {seed}", self.work / "again"
                found = self.plan.tried(title, values, tune.again.steps, seed, work, None)
                kept = {objective: _plain(own) for objective, own in found.items()}
            except DivergedError:
                kept = {objective: [] for objective in tune.objectives}
            self.study.set_user_attr(key, kept)
        return {objective: np.array([_or_nan(v) for v in kept[objective]]) for objective in tune.objectives}


class CutShort:
    """A training's Reporter that ends a trial which lags behind others at the same step."""

    def __init__(self, trial: optuna.Trial) -> None:
        self.trial = trial

    def metrics(self, rows: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        for step, values in rows:
            if "val_score" in values:
                self.trial.report(values["val_score"], step)
                if self.trial.should_prune():
                    raise optuna.TrialPruned

    def picture(self, step: int, name: str, image: NDArray[np.uint8]) -> None:
        pass


def _best(table: Sequence[Row]) -> Row | None:
    """Of several objectives, the one whose ratios to the default are least on the whole, as a geometric mean."""
    whole = [row for row in table if row.reached]
    if not whole:
        return None
    base = next((row.reached for row in whole if row.default), whole[0].reached)

    def ratio(row: Row) -> float:
        return sum(math.log(max(value, 1e-12) / max(base[name], 1e-12)) for name, value in row.reached.items())

    return min(whole, key=lambda row: (ratio(row), row.place))


def _both_known(ours: Floats, theirs: Floats) -> tuple[Floats, Floats]:
    if len(ours) != len(theirs):  # one of them led nowhere: nothing to be told apart from
        return np.zeros(2), np.zeros(2)
    known = np.isfinite(ours) & np.isfinite(theirs)
    return ours[known], theirs[known]


def _plain(values: Floats) -> list[float | None]:
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values]


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
