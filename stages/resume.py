"""Per-item work that survives a kill: each finished item leaves a note, and a re-run does only what has none."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from facemotion import console
from facemotion.config import Params
from facemotion.engine import Outcome, map_items
from facemotion.files import fresh_folder, write_json

Item = TypeVar("Item")


def workers(params: Params) -> int:
    """At least two where params leave it open, so that what crashes is never the stage itself."""
    return params.engine.workers or max(2, os.cpu_count() or 1)


def map_resumed(
    what: str,
    function: Callable[[Item], Any],
    items: Sequence[Item],
    names: Sequence[str],
    *,
    notes_folder: Path,
    params: Params,
) -> list[tuple[Any, str | None]]:
    """(value, error) for each item in order; values must be plain JSON. Items with a note are not done again,
    those that failed are."""
    found = {name: notes_folder / f"{name}.json" for name in names}
    todo = [(item, name) for item, name in zip(items, names, strict=True) if not found[name].is_file()]
    errors: dict[str, str] = {}
    with console.progress(what, len(items)) as ticker:
        ticker.advance(len(items) - len(todo))
        by_id = {id(item): name for item, name in todo}

        def done(outcome: Outcome[Item, Any]) -> None:
            name = by_id[id(outcome.item)]
            if outcome.error is None:
                write_json(found[name], outcome.value)
            else:
                errors[name] = outcome.error
            ticker.advance()

        map_items(function, [item for item, _ in todo], workers=workers(params), done=done)
    return [(None if name in errors else json.loads(found[name].read_text()), errors.get(name)) for name in names]


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
