"""Per-item work with progress, which survives a kill where it is dear: what is finished leaves a note."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from facemotion import console
from facemotion.config import Params
from facemotion.engine import Outcome, map_items
from facemotion.errors import FacemotionError
from facemotion.files import fresh_folder, write_json

Item = TypeVar("Item")
Value = TypeVar("Value")


def workers(params: Params) -> int:
    """At least two where params leave it open, so that what crashes is never the stage itself."""
    return params.engine.workers or max(2, os.cpu_count() or 1)


def map_all(what: str, function: Callable[[Item], Value], items: Sequence[Item], params: Params) -> list[Value]:
    """Values in order; the first item that fails ends the stage with its name."""
    with console.progress(what, len(items)) as ticker:
        outcomes = map_items(function, items, workers=workers(params), done=lambda _: ticker.advance())
    for outcome in outcomes:
        if outcome.error is not None:
            raise FacemotionError(f"{name_of(outcome.item)}: {outcome.error}")
    return [cast(Value, outcome.value) for outcome in outcomes]


def name_of(item: Any) -> str:
    return str(getattr(item, "clip_id", None) or getattr(item, "video_id", item))


def map_resumed(
    what: str, function: Callable[[Item], Any], items: Sequence[Item], folder: Path, params: Params
) -> list[tuple[Any, str | None]]:
    """(value, error) for each item in order; values must be plain JSON. Items with a note in `folder` are not done
    again, those that failed are."""
    noted = [folder / f"{name_of(item)}.json" for item in items]
    todo = [index for index, note in enumerate(noted) if not note.is_file()]
    errors: dict[int, str] = {}
    index_of = {id(items[index]): index for index in todo}
    with console.progress(what, len(items)) as ticker:
        ticker.advance(len(items) - len(todo))

        def done(outcome: Outcome[Item, Any]) -> None:
            index = index_of[id(outcome.item)]
            if outcome.error is None:
                write_json(noted[index], outcome.value)
            else:
                errors[index] = outcome.error
            ticker.advance()

        map_items(function, [items[index] for index in todo], workers=workers(params), done=done)
    return [
        (None, errors[index]) if index in errors else (json.loads(note.read_text()), None)
        for index, note in enumerate(noted)
    ]


def publish(work: Path, out: Path) -> None:
    """Make `out` hold what `work` holds. Links, not moves: until the stage has ended the work must stay whole."""
    fresh_folder(out)
    for path in sorted(work.rglob("*")):
        target = out / path.relative_to(work)
        if path.is_dir():
            target.mkdir()
            continue
        try:
            target.hardlink_to(path)
        except OSError:  # another file system
            shutil.copyfile(path, target)
