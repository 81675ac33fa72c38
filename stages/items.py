"""Per-item work with progress, which survives a kill where it is dear: what is finished leaves a note."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from facemotion import console
from facemotion.config import Params
from facemotion.engine import DIED, Outcome, map_items
from facemotion.errors import FacemotionError
from facemotion.files import fresh_folder, write_json

Item = TypeVar("Item")
Value = TypeVar("Value")


def workers(params: Params) -> int:
    """At least two where params leave it open, so that what crashes is never the stage itself."""
    return params.engine.workers or max(2, os.cpu_count() or 1)


def _map(
    function: Callable[[Item], Value],
    items: Sequence[Item],
    params: Params,
    done: Callable[[Outcome[Item, Value]], None],
) -> list[Outcome[Item, Value]]:
    """Where params say: in processes of this machine, or on a cluster."""
    if params.engine.kind == "ray":
        from facemotion import engine_ray

        return engine_ray.map_items(function, items, address=params.engine.address, workers=workers(params), done=done)
    return map_items(function, items, workers=workers(params), done=done)


def map_all(what: str, function: Callable[[Item], Value], items: Sequence[Item], params: Params) -> list[Value]:
    """Values in order; the first item that fails ends the stage with its name."""
    with console.progress(what, len(items)) as ticker:
        outcomes = _map(function, items, params, lambda _: ticker.advance())
    for outcome in outcomes:
        if outcome.error is not None:
            raise FacemotionError(f"{name_of(outcome.item)}: {outcome.error}")
    return [cast(Value, outcome.value) for outcome in outcomes]


def name_of(item: Any) -> str:
    return str(getattr(item, "clip_id", None) or getattr(item, "video_id", item))


def map_resumed(
    what: str,
    function: Callable[[Item], Any],
    items: Sequence[Item],
    folder: Path,
    params: Params,
    *,
    excuse: Callable[[Item], Any] | None = None,
) -> list[Any]:
    """Like map_all for values of plain JSON, which are noted in `folder`: what has a note is not done again.

    `excuse` gives the value of an item whose process died; without it that fails the stage like any other error."""
    notes = [folder / f"{name_of(item)}.json" for item in items]
    todo = [index for index, note in enumerate(notes) if not note.is_file()]
    index_of = {id(items[index]): index for index in todo}
    problems: list[str] = []
    with console.progress(what, len(items)) as ticker:
        ticker.advance(len(items) - len(todo))

        def done(outcome: Outcome[Item, Any]) -> None:
            if outcome.error is None:
                write_json(notes[index_of[id(outcome.item)]], outcome.value)
            elif outcome.error == DIED and excuse is not None:
                write_json(notes[index_of[id(outcome.item)]], excuse(outcome.item))
            else:
                problems.append(f"{name_of(outcome.item)}: {outcome.error}")
            ticker.advance()

        _map(function, [items[index] for index in todo], params, done)
    if problems:
        raise FacemotionError(f"{problems[0]} ({len(problems)} failed; the others are kept, `dvc repro` goes on)")
    return [json.loads(note.read_text()) for note in notes]


def publish(work: Path, out: Path) -> None:
    """Make `out` hold the files of `work`. Links, not moves: until the stage has ended the work must stay whole."""
    fresh_folder(out)
    for path in sorted(work.iterdir()):
        if path.name.startswith("."):  # what a killed process left half-written
            continue
        target = out / path.name
        try:
            target.hardlink_to(path)
        except OSError:  # another file system
            shutil.copyfile(path, target)
