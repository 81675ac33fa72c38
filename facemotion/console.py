"""What a running command shows: log lines with levels, and progress (a bar on a terminal, else a line now and then)."""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LINES = 5.0


def setup_logging(level: str | None = None) -> None:
    """Level from the argument, else from FACEMOTION_LOG, else INFO; to standard error."""
    name = (level or os.environ.get("FACEMOTION_LOG") or "INFO").upper()
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.logging import RichHandler

        handler: logging.Handler = RichHandler(console=Console(stderr=True), show_path=False, log_time_format="[%X]")
        handler.setFormatter(logging.Formatter("%(message)s"))
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for ours in ("facemotion", "stages", "pipelines", "benchmarks"):
        logging.getLogger(ours).setLevel(name)


class Ticker:
    """Counts what is done; `advance` may be called as often as one likes."""

    def __init__(self, what: str, total: int, unit: str, bar: "Progress | None") -> None:
        self.what, self.total, self.unit, self.bar = what, total, unit, bar
        self.count = self.before = 0
        self.started = self.told = time.monotonic()
        self.task = bar.add_task(what, total=total, rate="") if bar is not None else None

    def resume(self, steps: int) -> None:
        """Steps that an earlier run has done: they say nothing of this one's speed."""
        self.before = steps
        self.advance(steps)

    def advance(self, steps: int = 1) -> None:
        self.count += steps
        now = time.monotonic()
        rate = (self.count - self.before) / max(now - self.started, 1e-6)
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, completed=self.count, rate=_pace(rate, self.unit))
        elif now - self.told >= SECONDS_BETWEEN_LINES and self.count < self.total:
            self.told = now
            left = (self.total - self.count) / rate if rate else 0.0
            log.info(
                "%s: %d of %d %s, %s, %.0f s left",
                self.what, self.count, self.total, self.unit, _pace(rate, self.unit), left,
            )  # fmt: skip


def _pace(rate: float, unit: str) -> str:
    """What is slow is told by how long one takes."""
    if not rate:
        return ""
    return f"{rate:.1f} {unit}/s" if rate >= 1 else f"{1 / rate:.1f} s each"


@contextmanager
def progress(what: str, total: int, unit: str = "items") -> Iterator[Ticker]:
    if not sys.stderr.isatty():
        yield Ticker(what, total, unit, None)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Ticker(what, total, unit, bar)
