"""A file on a server, read from wherever it is wanted, where the server answers with any range of its bytes."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yt_dlp.networking import Request

from facemotion.sources.statuses import NotFetchedError

FIRST: Final = 256 << 10  # bytes asked for at a new place; while reading goes on, ever more at a time,
MOST: Final = 8 << 20  # up to these
SKIP: Final = 256 << 10  # reading over so few is cheaper than asking anew
PIECE: Final = 64 << 10


class NoRangesError(Exception):
    """The server sends the whole file, whatever it is asked for."""


@dataclass(frozen=True)
class Link:
    """`ask` sends a request through yt-dlp, and so through the guard."""

    url: str
    headers: Mapping[str, str]
    ask: Callable[[Request], Any]
    rate: float  # bytes a second, at most
    attempts: int  # without a byte in between


class Ranges:
    def __init__(self, link: Link) -> None:
        self._link = link
        self._began, self._taken = time.monotonic(), 0
        self._answer: Any = None
        self._at = self._end = self._size = 0
        self._window = FIRST
        self._ask(0)

    @property
    def size(self) -> int:
        return self._size

    def read(self, offset: int, size: int) -> bytes:
        """So many bytes, fewer only at the end."""
        last = min(offset + size, self._size)
        if not 0 <= offset - self._at <= SKIP:
            self._ask(offset)
        pieces, tries = [], self._link.attempts
        while self._at < last:
            piece = (
                self._answer.read(min(last, self._end, self._at + PIECE) - self._at) if self._at < self._end else b""
            )
            if not piece:  # the window has ended, or the connection
                tries -= self._at < self._end
                if not tries:
                    raise NotFetchedError("timeout", "the connection broke off", again=True)
                self._ask(self._at)
                continue
            tries = self._link.attempts
            pieces.append(piece[max(offset - self._at, 0) :])
            self._at += len(piece)
            self._slow_down(len(piece))
        return b"".join(pieces)[: max(last - offset, 0)]

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()

    def _ask(self, offset: int) -> None:
        self.close()
        self._window = min(2 * self._window, MOST) if 0 < offset == self._end else FIRST
        self._at = self._end = offset
        if self._size and offset >= self._size:
            return
        wanted = {"Range": f"bytes={offset}-{offset + self._window - 1}", "Accept-Encoding": "identity"}
        self._answer = self._link.ask(Request(self._link.url, headers={**self._link.headers, **wanted}))
        told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", self._answer.headers.get("Content-Range") or "")
        if self._answer.status != 206 or told is None or int(told[1]) != offset:
            self.close()
            raise NoRangesError
        if self._size not in (0, int(told[3])):
            raise NotFetchedError("timeout", "the file has changed while it was read", again=True)
        self._end, self._size = int(told[2]) + 1, int(told[3])

    def _slow_down(self, count: int) -> None:
        self._taken += count
        time.sleep(max(self._began + self._taken / self._link.rate - time.monotonic(), 0.0))
