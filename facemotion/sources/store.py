"""What has come from the net, and what is known of what has not, by link. It outlives the stage's outs, which are
deleted before it runs: nothing is downloaded twice, no dead link asked for again, a stopped download goes on."""

import hashlib
import importlib.metadata
import json
import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from facemotion.files import write_json
from facemotion.sources.statuses import PASSING
from facemotion.video_parts import Span, spans_of

MOST_DOUBLINGS: Final = 6  # of the time before a link is tried again


@dataclass(frozen=True)
class Wish:
    """A link to fetch, the lines it should have, whether sound is wanted, and which parts, where not all."""

    url: str
    lines: int
    audio: bool
    spans: tuple[Span, ...] | None = None

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.url}\0{self.audio}".encode("utf-8", "surrogateescape")).hexdigest()[:32]

    @property
    def stem(self) -> str:
        """Of its file: other parts are another file."""
        if self.spans is None:
            return self.key
        return f"{self.key}-{hashlib.sha256(json.dumps(self.spans).encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Note:
    """What became of a wish. `facts` are the ledger's; attempts and times stand here alone, for they are luck."""

    url: str
    status: str
    reason: str
    file: str = ""  # in the store; empty unless ok
    lines: int = 0  # that were asked for
    spans: tuple[Span, ...] | None = None  # likewise
    attempts: int = 0  # runs that have tried in vain
    at: float = 0.0  # of the last one, in seconds since 1970
    tool: str = ""  # version of yt-dlp
    facts: dict[str, Any] | None = None


class Store:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def note(self, wish: Wish) -> Note | None:
        try:
            return _parsed(self._path(wish.key))
        except (OSError, ValueError, TypeError):
            return None  # none yet, or not one of ours: it is made anew

    def decided(self, wish: Wish, again_s: float) -> Note | None:
        """The note, if it settles the matter for now: the file is there and large enough, trying again is of no use, or
        too early."""
        note = self.note(wish)
        if note is None:
            return None
        if note.status == "ok":
            return note if self._there(note, wish) and note.spans == wish.spans else None
        if note.status in PASSING:
            waiting = again_s * 2 ** min(note.attempts - 1, MOST_DOUBLINGS)
            return note if time.time() < note.at + waiting else None
        # What one yt-dlp cannot read the next one may.
        return note if note.status != "unsupported" or note.tool == tool() else None

    def keep(self, wish: Wish, status: str, reason: str, path: Path | None, facts: dict[str, Any] | None) -> Note:
        """Note what became of a wish; of what is not tried again no unfinished file is left."""
        before = self.note(wish)
        attempts = 0 if status == "ok" else 1 + (before.attempts if before is not None else 0)
        name = path.name if path is not None else ""
        note = Note(wish.url, status, reason, name, wish.lines, wish.spans, attempts, time.time(), tool(), facts)
        if status not in PASSING:
            self.clear(wish, but=name)
        write_json(self._path(wish.key), asdict(note))
        return note

    def files(self, wish: Wish) -> list[Path]:
        """Finished or not, all that came for the wish."""
        return [path for path in sorted(self.folder.glob(f"{wish.key}[.-]*")) if path.suffix != ".json"]

    def whole(self, wish: Wish) -> Path | None:
        """All of the video, where it came for an earlier wish and is large enough."""
        note = self.note(wish)
        if note is None or note.status != "ok" or not self._there(note, wish):
            return None
        path = self.folder / note.file
        return path if spans_of(path) is None else None

    def make_room(self, wish: Wish) -> None:
        """A video that came and is not enough is in the way of the next one, which may have the same name."""
        note = self.note(wish)
        if note is not None and note.status == "ok":
            self.clear(wish)

    def clear(self, wish: Wish, but: str = "") -> None:
        for path in self.files(wish):
            if path.name != but:
                path.unlink()

    def forget(self, statuses: Collection[str]) -> int:
        """So that links of these statuses are tried again at once; how many there were."""
        count = 0
        for path, note in self._notes():
            if note.status in statuses:
                path.unlink()
                count += 1
        return count

    def adopt(self, wish: Wish, path: Path | None, row: dict[str, Any]) -> bool:
        """Take in what an earlier fetch has left of which this store knows nothing, as in a fresh clone."""
        if self.note(wish) is not None or row["status"] in PASSING:
            return False
        there = spans_of(path) if path is not None else wish.spans
        if there not in (None, wish.spans):
            return False
        wish, kept = replace(wish, spans=there), None
        if path is not None:
            kept = self.folder / f"{wish.stem}{path.suffix}"
            link(path, kept)
        self.keep(wish, row["status"], row["reason"], kept, row if kept else None)
        return True

    def _there(self, note: Note, wish: Wish) -> bool:
        facts = note.facts or {}
        lines = max(note.lines, min(facts.get("width") or 0, facts.get("height") or 0))
        return lines >= wish.lines and (self.folder / note.file).is_file()

    def _notes(self) -> Iterator[tuple[Path, Note]]:
        for path in sorted(self.folder.glob("*.json")):
            try:
                yield path, _parsed(path)
            except (OSError, ValueError, TypeError):
                continue

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def link(source: Path, target: Path) -> None:
    """The same bytes under another name, as a hard link where that can be."""
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:  # another file system
        shutil.copyfile(source, target)


def tool() -> str:
    return importlib.metadata.version("yt-dlp")


def _parsed(path: Path) -> Note:
    note = Note(**json.loads(path.read_text(encoding="utf-8")))
    return note if note.spans is None else replace(note, spans=tuple((start, end) for start, end in note.spans))
