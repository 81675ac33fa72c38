"""A study with several workers: started, watched and replaced where they die; and its verdict at the end."""

import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import optuna

from facemotion import layout, tracking
from facemotion.console import Ticker, progress
from facemotion.errors import FacemotionError
from facemotion.files import file_digest
from facemotion.tuning import figures, record, table
from facemotion.tuning import study as studies
from facemotion.tuning.search import Finding, Search
from facemotion.tuning.table import Row
from facemotion.tuning.trial import Plan
from facemotion.tuning.worker import home

log = logging.getLogger(__name__)
POLL_S: Final = 0.5
REPLACED: Final = 5  # workers that were killed, before something is wrong
PATIENCE_S: Final = 60.0  # for workers to end, once told
UNLIKE: Final = ("trials", "again")  # of section tune: another number is the same study gone on with


def name_of(plan: Plan) -> str:
    """What decides a trial's outcome names its study: settings, space and data."""
    tune = {key: value for key, value in plan.content["tune"].items() if key not in UNLIKE}
    data = {path.as_posix(): file_digest(path, "md5") for path in sorted(layout.PACKED.glob("*/*.arrow"))}
    about = [tune, plan.content["model"], plan.content["train_coarse"], data]
    return f"tune-{hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:12]}"


def lead(trials: int, workers: int) -> Finding:
    """Search until so many trials have ended in all, then judge. What was done before counts."""
    plan = Plan.here()
    name, since = name_of(plan), time.time()
    study = studies.opened(studies.storage(studies.address()), name, plan.params.tune)
    studies.begin(study, plan.params.tune, plan.default)
    done = len(studies.ended(study))
    log.info("study %s: %d of %d trials are there already, %d workers", name, done, trials, workers)
    tracking.preload()
    run = record.start(name, "study", "", dict(plan.default))
    finding = None
    try:
        if done < trials:
            _search(plan, study, trials, workers, since)
        finding = Search(plan, study, home(name), name).finding()
    finally:
        told = figures.told(finding) if finding else "interrupted"
        run.end(told, figures.figures(finding) if finding else {}, ok=finding is not None)
    return finding


def known() -> Finding:
    """The verdict of the trials that there are."""
    plan = Plan.here()
    name = name_of(plan)
    study = studies.opened(studies.storage(studies.address()), name, plan.params.tune)
    if not studies.ended(study):
        raise FacemotionError(
            "nothing was tried yet with the settings, the search space and the data as they are: run "
            "`facemotion tune --trials 20` first"
        )
    return Search(plan, study, home(name), name).finding()


def _search(plan: Plan, study: optuna.Study, trials: int, workers: int, since: float) -> None:
    with _crew(study.study_name, trials, workers, since) as crew, progress("tune", trials, "trials") as ticker:
        told = {row.place for row in table.rows(study, plan)}
        ticker.resume(len(told))
        while len(told) < trials:
            time.sleep(POLL_S)
            crew.see_to()
            rows = table.rows(study, plan)
            for row in rows:
                if row.place not in told:
                    _tell(row, rows, ticker)
            told |= {row.place for row in rows}


def _tell(row: Row, rows: tuple[Row, ...], ticker: Ticker) -> None:
    ticker.advance()
    reached = ", ".join(f"{name} {value:.4g}" for name, value in row.reached.items()) or row.state
    whole = [(next(iter(other.reached.values())), other) for other in rows if other.reached]
    best = min(whole, key=lambda pair: pair[0], default=None)
    lead = f"; best {best[0]:.4g} of trial {best[1].place}" if best else ""
    of_default = "the default" if row.default else figures.pairs(row.values)
    log.info("trial %d, %d of %d: %s (%s)%s", row.place, ticker.count, ticker.total, reached, of_default, lead)


class Crew:
    """The workers of one study on this machine; each tells of itself in a file of its own."""

    def __init__(self, words: list[str], folder: Path, count: int) -> None:
        self._words, self._folder, self._left = words, folder, REPLACED
        folder.mkdir(parents=True, exist_ok=True)
        self._logs = [folder / f"worker-{k}.log" for k in range(count)]
        self._workers: list[subprocess.Popen[bytes] | None] = [self._start(log_) for log_ in self._logs]

    def _start(self, told: Path) -> subprocess.Popen[bytes]:
        stream: IO[bytes]
        with told.open("ab") as stream:
            return subprocess.Popen(
                [sys.executable, "-m", "facemotion.tuning.worker", *self._words],
                stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def see_to(self) -> None:
        """Replace workers that were killed; one that has met a fault ends the search."""
        for k, worker in enumerate(self._workers):
            code = worker.poll() if worker is not None else 0
            if code is None:
                continue
            if worker is not None and code < 0 and self._left:
                self._left -= 1
                log.warning("worker %d was killed (%s); another takes its place", k, signal.Signals(-code).name)
                self._workers[k] = self._start(self._logs[k])
            elif worker is not None and code:
                last = self._logs[k].read_text(errors="replace").splitlines()[-5:]
                raise FacemotionError(
                    f"a worker has failed; the last lines of {self._logs[k]}:\n  " + "\n  ".join(last)
                    + "\nwhat was tried is kept: put that right and run the same command again"
                )  # fmt: skip
            else:
                self._workers[k] = None

    def end(self) -> None:
        """Those who are at work give their trial back; a later search takes it up."""
        alive = [worker for worker in self._workers if worker is not None and worker.poll() is None]
        for worker in alive:
            worker.terminate()
        until = time.monotonic() + PATIENCE_S
        for worker in alive:
            try:
                worker.wait(max(until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                worker.kill()


@contextmanager
def _crew(name: str, trials: int, workers: int, since: float) -> Iterator[Crew]:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    crew = Crew([name, str(trials), f"{since:.3f}", str(os.getpid())], home(name), workers)
    try:
        yield crew
    except KeyboardInterrupt:
        log.warning("stopped; what was tried is kept: the same command goes on")
        raise
    finally:
        crew.end()
        signal.signal(signal.SIGTERM, before)
