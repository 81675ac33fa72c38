"""One run at a time in a folder, and what a killed DVC leaves locked."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from facemotion import layout
from facemotion.errors import FacemotionError


@contextmanager
def alone(root: Path, what: str) -> Iterator[None]:
    """Held until the end, or the process's: a killed one leaves nothing locked."""
    path = root / layout.WORK / f"{what}.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            stream.seek(0)
            raise FacemotionError(
                f"another {what} is at work in {root.resolve()} (process {stream.read().strip() or 'unknown'}): "
                "wait for its end, or end it"
            ) from error
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def release_stale(root: Path) -> None:
    """Drop what DVC's own lock file remembers of processes that were killed, as DVC does only while no other process
    has got their number since, and not where the kill came amid writing."""
    path = root / ".dvc" / "tmp" / "rwlock"
    try:
        holders = _holders(json.loads(path.read_text()))
    except FileNotFoundError:
        return
    except (ValueError, TypeError, AttributeError, KeyError):
        holders = set()
    if not any(map(_is_dvc, holders)):
        path.unlink(missing_ok=True)


def _holders(content: dict[str, Any]) -> set[int]:
    readers = [entry["pid"] for entries in content.get("read", {}).values() for entry in entries]
    return {*readers, *(entry["pid"] for entry in content.get("write", {}).values() if entry)}


def _is_dvc(pid: int) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and any("dvc" in word for word in process.cmdline()[:5])
    except psutil.Error:
        return False
