"""One stage of dvc.yaml, run by a DVC process of its own, its output told line by line."""

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, NamedTuple

from pipelines import keeper

LINES_KEPT: Final = 20  # of a stage that failed, shown with the failure
LONGEST: Final = 4000  # characters of a line
UP_TO_DATE: Final = "didn't change, skipping"  # what DVC says
RESTORED: Final = "is cached - skipping run"

How = Literal["ran", "up to date", "restored", "failed"]


class Ended(NamedTuple):
    how: How
    seconds: float
    code: int
    last: tuple[str, ...]


class StageRuns:
    """The stages that are at work in a folder, so that all can be ended together."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self.root, self.environment = root.resolve(), environment
        self._running: set[subprocess.Popen[str]] = set()
        self._lock, self._over = threading.Lock(), False

    def run(self, stage: str, *, force: bool, say: Callable[[str], None]) -> Ended:
        """Start a stage and wait for its end."""
        started = time.monotonic()
        last: deque[str] = deque(maxlen=LINES_KEPT)
        how: How = "ran"
        process = self._start(stage, force)
        if process is None:
            return Ended("failed", 0.0, 130, ("not started: the run is ending",))
        try:
            assert process.stdout is not None
            for line in process.stdout:
                told = line.rstrip()[:LONGEST]
                if told:
                    last.append(told)
                    say(told)
                # DVC's own words name the stage; a stage's output is unlikely to say the same of itself.
                if told == f"Stage '{stage}' {UP_TO_DATE}":
                    how = "up to date"
                elif told.startswith(f"Stage '{stage}' {RESTORED}"):
                    how = "restored"
            code = process.wait()
        finally:
            with self._lock:
                self._running.discard(process)
            if process.stdin is not None:
                process.stdin.close()
        return Ended("failed" if code else how, time.monotonic() - started, code, tuple(last))

    def stop(self) -> None:
        """Ask all to end, and start no more."""
        with self._lock:
            self._over = True
            for process in self._running:
                with suppress(OSError, ValueError):
                    assert process.stdin is not None
                    process.stdin.write("\n")
                    process.stdin.flush()

    def _start(self, stage: str, force: bool) -> "subprocess.Popen[str] | None":
        # One DVC process a stage, which waits for its lock: all else loses work where stages run side by side.
        command = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro", "--single-item", stage]
        command += ["--force"] if force else []
        with self._lock:
            if self._over:
                return None
            process = subprocess.Popen(
                keeper.kept(command),
                cwd=self.root,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "DVC_NO_ANALYTICS": "1", **self.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,  # Ctrl-C comes to us, and we end what we started
            )
            self._running.add(process)
            return process
