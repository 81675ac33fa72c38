"""What every stage does around its own work: settings, logging, the record, a closing line, errors one can read."""

import errno
import json
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

from facemotion import config, console, layout, tracking
from facemotion.config import Params
from facemotion.errors import FacemotionError
from facemotion.files import write_json, write_text
from facemotion.tracking_records import Row, StageRecord, StageStart, outs_digest
from facemotion.tuning import space
from stages import dag, provenance

if TYPE_CHECKING:
    from facemotion.tracking_live import LiveRun

log = logging.getLogger("stages")
MADE_OF: Final = "made_of.json"  # beside unfinished work: digests and settings
CHANGES_TOLD: Final = 8


@dataclass
class Notes:
    """What a stage tells of its work besides its outs. `key` names the same work again after an interruption; `deps`
    are digests of what it works from, code and data."""

    stage: str
    key: str
    deps: Mapping[str, str]
    start: StageStart
    metrics: dict[str, float] = field(default_factory=dict)
    artifacts: list[Path] = field(default_factory=list)
    untold: tuple[Row, ...] = ()
    step: int = 0
    _live: "LiveRun | None" = None

    @property
    def name(self) -> str:
        """The stage's, as files are called."""
        return self.stage.replace("@", "_")

    def score(self, values: Mapping[str, float]) -> None:
        """Write the stage's metric file, which is an out: `{}` where there is no truth to score against."""
        write_json(layout.metrics(METRIC_FILES.get(self.stage, self.name)), dict(values))
        self.measure(values)

    def measure(self, values: Mapping[str, float]) -> None:
        """Figures for the record only, such as rates, that may differ from run to run."""
        self.metrics.update(values)

    def describe(self, **values: str) -> None:
        """What the record of this stage alone can be searched and compared by, besides the parameters it reads."""
        self.start = replace(self.start, params={**self.start.params, **values})

    def keep(self, *paths: Path) -> None:
        """Small files that go into the record: tables, pictures."""
        self.artifacts.extend(paths)

    @property
    def work(self) -> Path:
        """Where unfinished work survives a kill. Other keys of this stage are other work: dropped, and told of."""
        home = layout.WORK / self.stage
        if not (home / self.key).is_dir():
            made_of = {**self.deps, **self.start.params}
            for old in home.glob("*"):
                if old.is_dir():
                    log.warning("%s begins anew: %s", self.stage, _what_changed(old / MADE_OF, made_of))
            shutil.rmtree(home, ignore_errors=True)
            write_json(home / self.key / MADE_OF, made_of)
        return home / self.key

    def live(self) -> "LiveRun":
        """Where to tell of work while it goes on: in the run that its record will close, the same run even where the
        work is interrupted and goes on later."""
        from facemotion.tracking_live import LiveRun

        kept = self.work / "run"
        if kept.is_file():
            self.start = replace(self.start, id=kept.read_text())
        else:
            write_text(kept, self.start.id)
        self._live = LiveRun(self.start, self.work / "pictures")
        return self._live

    def end_live(self) -> None:
        if self._live is not None:
            self.untold, self.step = self._live.close(), self._live.step
            self._live = None

    def done_with_work(self) -> None:
        self.end_live()
        shutil.rmtree(layout.WORK / self.stage, ignore_errors=True)


def _what_changed(before: Path, now: Mapping[str, Any]) -> str:
    try:
        then = json.loads(before.read_text())
    except (OSError, ValueError):
        return "what was begun there is of other settings"
    names = [name for name in sorted(then.keys() | now.keys()) if then.get(name) != now.get(name)]
    # Files have a path and a digest, which says nothing to a person.
    told = [name if "/" in name else f"{name} ({then.get(name)} -> {now.get(name)})" for name in names]
    more = f" and {len(told) - CHANGES_TOLD} more" if len(told) > CHANGES_TOLD else ""
    return f"what was begun is dropped, since {', '.join(told[:CHANGES_TOLD])}{more} changed"


METRIC_FILES = {"smooth": "smoothing", "judge": "synth", "compare": "leaderboard"}


def run(name: str, body: Callable[[Params, Notes], str]) -> None:
    """Run a stage to its end, or end the process with a message and exit code 1."""
    console.setup_logging()
    started = time.time()
    try:
        config.load()  # what is wrong in it comes first
        raw = config.read_yaml(layout.PARAMS)
        stages = dag.read()
        stage = stages[os.environ.get("DVC_STAGE", name)]
        tuned = config.tuned() if layout.TUNED.as_posix() in stage.deps else {}
        params = config.load(tuned=tuned)
        deps = dag.digests_of_deps(stage)
    except FacemotionError as error:
        _fail(name, error)
    wanted = {key: dag.value_at(raw, key) for key in stage.params}
    key, pipeline_started = provenance.pipeline(started)
    start = StageStart(
        stage=stage.name,
        pipeline=key,
        pipeline_started=pipeline_started,
        started=started,
        params=_flat({key: dag.value_at(space.filled(raw, tuned), key) for key in stage.params}),
        tags=provenance.tags(),
    )
    notes = Notes(name, provenance.work_key(deps, wanted), deps, start)
    tracking.preload()
    problem: BaseException | None = None
    message = ""
    with _peak_memory() as peak:
        try:
            message = body(params, notes)
        except (Exception, KeyboardInterrupt) as error:
            problem, message = error, f"{type(error).__name__}: {error}"
    notes.end_live()
    outs = {} if problem else dag.digests(stage.outs)
    cached = {
        other: outs_digest(digests)
        for other, digests in dag.up_to_date(stages, raw, outs).items()
        if other != stage.name
    }
    tracking.publish(
        StageRecord(
            **vars(notes.start),
            ended=time.time(),
            ok=problem is None,
            message=message,
            peak_mib=peak[0],
            metrics=notes.metrics,
            deps=deps,
            outs=outs,
            artifacts=tuple(str(path) for path in notes.artifacts),
            cached=cached,
            untold=notes.untold,
            step=notes.step,
        )
    )
    if problem is not None:
        _fail(name, problem)
    log.info("%s: %s (%.1f s)", name, message, time.time() - started)


def _fail(name: str, problem: BaseException) -> None:
    match problem:
        case FacemotionError():
            log.error("stage %s: %s", name, problem)
        case KeyboardInterrupt():
            log.error("stage %s: interrupted; `dvc repro` goes on", name)
        case OSError() if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            log.error("stage %s: the disk is full (%s); free some space and run `dvc repro`", name, problem.filename)
        case OSError() if problem.filename:
            log.error(
                "stage %s: cannot use %s: %s; put that right and run `dvc repro`", name, problem.filename, problem
            )
        case _:
            log.error("stage %s failed; this is a fault of facemotion, please report it", name, exc_info=problem)
    sys.exit(1)


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


class _peak_memory:  # noqa: N801 - a context manager
    """The largest resident size of this process and its descendants together, in MiB, sampled twice a second."""

    def __enter__(self) -> list[float]:
        self.peak = [0.0]
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self.peak

    def _watch(self) -> None:
        me = psutil.Process()
        while True:
            total = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            self.peak[0] = max(self.peak[0], total / 2**20)
            if self.over.wait(0.5):
                return

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()
