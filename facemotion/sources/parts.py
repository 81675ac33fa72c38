"""The parts of a video that a plan wants, without the rest: cut out of a file that is here, or of one far away. Bytes
of strangers are looked at in a process of their own, which they may crash."""

import multiprocessing
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Protocol

from facemotion.errors import FacemotionError
from facemotion.sources.statuses import NotFetchedError
from facemotion.video_parts import Span, WholeError, keep

LONGEST_S: Final = 900.0  # without a word: the file is on this disk, or the next bytes of it are here
TIDY_S: Final = 10.0


class Far(Protocol):
    """A file that is read over the net."""

    @property
    def size(self) -> int: ...

    def read(self, offset: int, size: int) -> bytes:
        """So many bytes, fewer only at the end."""


def cut(source: Path | Far, folder: Path, stem: str, spans: Sequence[Span]) -> Path | None:
    """The file with the parts, `folder`/`stem`.EXT; None where they cannot be had without the whole."""
    here, far = (source, None) if isinstance(source, Path) else (None, source)
    context: Any = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
    ours, theirs = context.Pipe()
    size = far.size if far is not None else 0
    worker = context.Process(target=_work, args=(theirs, here, size, folder, stem, tuple(spans)), daemon=True)
    worker.start()
    theirs.close()
    try:
        with ours:
            return _served(ours, far)
    finally:
        worker.join(TIDY_S)  # it sees that nobody listens any more, and takes back what it has begun
        worker.kill()
        worker.join()


def _served(worker: Connection, far: Far | None) -> Path | None:
    """Give the worker the bytes that it asks for, until it has done."""
    while True:
        try:
            if not worker.poll(LONGEST_S):
                raise NotFetchedError("corrupt", "reading it does not end")
            asked = worker.recv()
        except EOFError:
            raise NotFetchedError("corrupt", "reading it crashes the decoder") from None
        match asked:
            case (int(offset), int(size)) if far is not None:
                worker.send_bytes(far.read(offset, size))
            case Path() | None:
                return asked
            case _:
                raise FacemotionError(str(asked))


def _work(
    caller: Connection, here: Path | None, size: int, folder: Path, stem: str, spans: tuple[Span, ...]
) -> None:  # fmt: skip
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller ends this process
    try:
        caller.send(keep(_Asking(caller, size) if here is None else here, folder, stem, spans))
    except WholeError:
        caller.send(None)
    except EOFError:  # the caller is gone
        return
    except (FacemotionError, OSError) as error:
        caller.send(str(error))


class _Asking:
    """A file for the decoder, whose bytes the caller gets."""

    def __init__(self, caller: Connection, size: int) -> None:
        self._caller, self._size, self._at = caller, size, 0

    def read(self, size: int, /) -> bytes:
        self._caller.send((self._at, size))
        piece = self._caller.recv_bytes()
        self._at += len(piece)
        return piece

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at
