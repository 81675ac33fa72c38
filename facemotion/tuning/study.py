"""One Optuna study that any number of workers share, kept in a database: trials in order, each done once.

A worker's heartbeat tells that its trial lives. Where it stops, the trial fails and another worker does it again. Only
trials that have not failed count, so that the number of trials is the number of results."""

import logging
import os
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState

from facemotion import layout
from facemotion.errors import FacemotionError
from facemotion.tuning import choice
from facemotion.tuning.space import Tune

log = logging.getLogger(__name__)

ADDRESS: Final = "FACEMOTION_STUDIES"  # in the environment: a database that several machines reach
HEARTBEAT_S: Final = 10
GRACE_S: Final = 30  # without a heartbeat, until a trial counts as abandoned
POLL_S: Final = 1.0  # between looks whether others have finished
RETRIES: Final = 3  # of a trial whose workers die
ENDED: Final = (TrialState.COMPLETE, TrialState.PRUNED)
DEFAULT: Final = "default"  # attribute of the trial of what stands in params.yaml
CLIPS: Final = "clips"  # attribute: objectives by clip
DIVERGED: Final = "diverged"  # attribute: why a trial led nowhere
WORKER: Final = "worker"  # attribute: who does it


class SurplusError(Exception):
    """Of trials begun at the same time, one too many."""


def address() -> str:
    """FACEMOTION_STUDIES where set, else a SQLite file of the project's own."""
    if uri := os.environ.get(ADDRESS):
        return uri
    layout.STUDIES.mkdir(exist_ok=True)
    return sqlite(layout.STUDIES / "studies.db")


def sqlite(path: Path) -> str:
    return f"sqlite:///{path.resolve()}"


def storage(uri: str, heartbeat: int = HEARTBEAT_S, grace: int = GRACE_S) -> RDBStorage:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # heartbeats are called experimental
    local = {"connect_args": {"timeout": 30}} if uri.startswith("sqlite:") else {"pool_pre_ping": True}
    try:
        return RDBStorage(
            uri,
            engine_kwargs=local,
            heartbeat_interval=heartbeat,
            grace_period=grace,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=RETRIES),
        )
    except Exception as error:  # whatever a driver throws
        told = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        raise FacemotionError(
            f"the studies' database {_without_password(uri)} cannot be used ({told}): start it, or put its address, "
            f"such as postgresql+psycopg2://user@host/name, into {ADDRESS}; without one a file in {layout.STUDIES} is "
            "used"
        ) from error


def opened(kept: RDBStorage, name: str, tune: Tune) -> optuna.Study:
    """The study of this name, made where it does not exist yet."""
    study = optuna.create_study(
        storage=kept, study_name=name, directions=["minimize"] * len(tune.objectives), load_if_exists=True
    )
    study.sampler = ByRank(tune)
    if len(tune.objectives) == 1:
        study.pruner = optuna.pruners.MedianPruner(n_startup_trials=tune.startup, n_warmup_steps=tune.validate_every)
    return study


def begin(study: optuna.Study, tune: Tune, default: Mapping[str, Any]) -> None:
    """See to it that the default is tried, first of all."""
    if not any(trial.state != TrialState.FAIL and DEFAULT in trial.user_attrs for trial in study.get_trials()):
        values = {entry.key: choice.told(entry, default[entry.key]) for entry in tune.space}
        study.enqueue_trial(values, user_attrs={DEFAULT: True})


def work(
    study: optuna.Study,
    objective: Callable[[optuna.Trial], Any],
    total: int,
    since: float | None = None,
    grace: int = GRACE_S,
) -> None:
    """Take trials until so many have ended, whoever does them. Trials begun before `since` (now), which may be of a
    worker that was killed, are given the time to show that they are not, so that order is what it would have been."""
    since = since or time.time()
    while len(ended(study)) < total:
        optuna.storages.fail_stale_trials(study)
        _fail_stillborn(study, grace)
        trials = study.get_trials(deepcopy=False)
        running = [_started(trial) for trial in trials if trial.state == TrialState.RUNNING]
        waiting = any(trial.state == TrialState.WAITING for trial in trials)
        in_doubt = any(started < since for started in running) and time.time() < since + grace
        if not in_doubt and (waiting or len(ended(study)) + len(running) < total):
            _one(study, objective, total)
        else:
            time.sleep(POLL_S)


def ended(study: optuna.Study) -> list[FrozenTrial]:
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state in ENDED]


def rank(study: optuna.Study, number: int) -> int:
    """A trial's place among those that have not failed."""
    trials = study.get_trials(deepcopy=False)
    return sum(trial.number < number and trial.state != TrialState.FAIL for trial in trials)


def _one(study: optuna.Study, objective: Callable[[optuna.Trial], Any], total: int) -> None:
    def wanted(trial: optuna.Trial) -> Any:
        if rank(study, trial.number) >= total:
            raise SurplusError
        return objective(trial)

    try:
        study.optimize(wanted, n_trials=1, catch=(SurplusError,))
    except optuna.exceptions.UpdateFinishedTrialError:
        log.warning("this worker was away for so long that its trial has been given to another")
    except BaseException:
        # Interrupted, or a fault that is not the values': whoever goes on does this trial again.
        _again(study)
        raise


def _again(study: optuna.Study) -> None:
    mine = [trial for trial in study.get_trials() if trial.user_attrs.get(WORKER) == me()]
    if mine and mine[-1].state == TrialState.FAIL:
        RetryHeartbeatStaleTrialCallback()(study, mine[-1])


def me() -> str:
    return f"{os.uname().nodename}-{os.getpid()}"


def _started(trial: FrozenTrial) -> float:
    return trial.datetime_start.timestamp() if trial.datetime_start is not None else time.time()


def _fail_stillborn(study: optuna.Study, grace: int) -> None:
    """Trials whose workers died before the first heartbeat, which no heartbeat can tell."""
    for trial in study.get_trials(deepcopy=False):
        if trial.state == TrialState.RUNNING and not trial.params and time.time() - _started(trial) > grace:
            study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)


class ByRank(optuna.samplers.BaseSampler):
    """TPE whose draws depend on the trials that ended and on a trial's rank, not on which process asks: with one worker
    a study comes out the same, interrupted or not."""

    def __init__(self, tune: Tune) -> None:
        self._tune = tune
        self._inner = self._seeded(0)

    def _seeded(self, place: int) -> TPESampler:
        return TPESampler(
            n_startup_trials=self._tune.startup,
            seed=self._tune.seed * 1_000_003 + place,
            multivariate=True,
            constant_liar=True,
        )

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self._inner = self._seeded(rank(study, trial.number))

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._inner.sample_independent(study, trial, param_name, param_distribution)


def _without_password(uri: str) -> str:
    from sqlalchemy.engine import make_url

    try:
        return make_url(uri).render_as_string(hide_password=True)
    except Exception:
        return "in " + ADDRESS
