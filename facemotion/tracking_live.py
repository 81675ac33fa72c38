"""The record of a stage while it is at work: its run in MLflow is there from the start and grows as it goes on.

All that touches the server happens in a thread of its own, in batches: a server that is slow or away costs the work
nothing. What it could not be told is handed back at the end, to go with the stage's record."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion import tracking
from facemotion.dataset.images import encode
from facemotion.files import write_bytes
from facemotion.tracking_records import Row, StageStart

log = logging.getLogger(__name__)

EVERY_S: Final = 2.0  # between batches
PAUSE_S: Final = 30.0  # before a server that did not answer is asked again
PATIENCE_S: Final = 5.0  # at the end, for what is still to be told
PICTURES: Final = "samples"  # where pictures lie among the run's artifacts
QUALITY: Final = 92


class LiveRun:
    """A training's Reporter. `folder` holds pictures until they are told."""

    def __init__(self, start: StageStart, folder: Path) -> None:
        self.start, self.folder = start, folder
        self.step = 0
        self._rows: list[Row] = []
        self._pictures = sorted(folder.glob("*.jpg"))  # what a killed process did not come to tell
        self._lock, self._over = threading.Lock(), threading.Event()
        self._run: tracking.OpenRun | None = None
        self._not_before = 0.0
        self._thread = threading.Thread(target=self._tell, name="live record", daemon=True)
        self._thread.start()

    def metrics(self, rows: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        now = time.time()
        with self._lock:
            self._rows += [Row(now, step, dict(values)) for step, values in rows]
            self.step = max([self.step, *(step for step, _ in rows)])

    def picture(self, step: int, name: str, image: NDArray[np.uint8]) -> None:
        path = self.folder / f"{name.replace('@', '_')}_{step:06d}.jpg"
        write_bytes(path, encode(image, QUALITY))
        with self._lock:
            self._pictures.append(path)

    def close(self) -> tuple[Row, ...]:
        """The last batch, if the server answers soon; rows that it was not told."""
        self._over.set()
        self._thread.join(PATIENCE_S)
        with self._lock:
            return tuple(self._rows)

    def _tell(self) -> None:
        self._send()
        while not self._over.wait(EVERY_S):
            if time.monotonic() >= self._not_before:
                self._send()
        if self._not_before == 0.0:  # else the record, which comes next, asks once more
            self._send()

    def _send(self) -> None:
        with self._lock:
            rows, pictures = list(self._rows), list(self._pictures)
        try:
            if self._run is None:
                self._run = tracking.OpenRun(self.start)
            self._run.tell(rows, pictures, PICTURES)
        except Exception as error:  # whatever the store throws, the work goes on
            if self._not_before == 0.0:
                said = f"{type(error).__name__}: {error}".splitlines()[0][:300]
                log.warning("MLflow at %s is not told how %s goes on (%s)", tracking.shown(), self.start.stage, said)
            self._not_before = time.monotonic() + PAUSE_S
            return
        self._not_before = 0.0
        with self._lock:
            del self._rows[: len(rows)], self._pictures[: len(pictures)]
        for path in pictures:
            path.unlink(missing_ok=True)
