"""The DAG as DVC sees it: what each stage needs and makes, and what dvc.lock remembers of it.

`dvc.repo.Repo().index` resolves foreach, matrix and vars, but is no documented API: only this file uses it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from facemotion import layout
from facemotion.errors import FacemotionError
from facemotion.files import file_digest, write_json

KEPT: Final = layout.WORK / "stages.json"
IGNORED: Final = "__pycache__"  # as .dvcignore has it


@dataclass(frozen=True)
class Stage:
    name: str
    deps: tuple[str, ...]  # paths relative to the project's root
    params: tuple[str, ...]  # keys of params.yaml
    outs: tuple[str, ...]


def read() -> dict[str, Stage]:
    """Every stage of dvc.yaml by name. DVC takes a second to tell them, and every stage asks: what it has told of these
    very files is kept."""
    asked = hashlib.sha256()
    for part in (Path("dvc.yaml"), layout.PARAMS, Path(__file__)):  # params.yaml has what dvc.yaml loops over
        asked.update(part.read_bytes() if part.is_file() else b"")
    told = _kept().get(asked.hexdigest())
    if told is None:
        told = [vars(stage) for stage in _told()]
        write_json(KEPT, {asked.hexdigest(): told})
    return {stage["name"]: Stage(**{key: _tuple(value) for key, value in stage.items()}) for stage in told}


def _kept() -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(KEPT.read_text())
    except (OSError, ValueError):
        return {}
    return kept


def _told() -> Iterator[Stage]:
    from dvc.repo import Repo

    with Repo(".") as repo:
        yield from (_plain(stage) for stage in repo.index.stages if hasattr(stage, "name"))


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _plain(stage: Any) -> Stage:
    from dvc.dependency.param import ParamsDependency

    params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
    files = [dep for dep in stage.deps if not isinstance(dep, ParamsDependency)]
    return Stage(
        stage.name,
        tuple(Path(dep.def_path).as_posix() for dep in files),
        tuple(sorted(key for dep in params for key in dep.params)),
        tuple(Path(out.def_path).as_posix() for out in stage.outs),
    )


@dataclass(frozen=True)
class Node:
    """A stage among the others: whom it waits for, what dvc.yaml's `meta` says of it, whether DVC finds it changed."""

    needs: frozenset[str]
    meta: Mapping[str, Any]
    changed: bool


def graph(root: Path) -> dict[str, Node]:
    """Every stage of a folder's dvc.yaml by name, those that are needed before those that need them."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root)) as repo:
            edges = repo.index.graph
            changed = {name.rsplit(":", 1)[-1] for name in repo.status()}
    except DvcException as error:
        raise FacemotionError(f"DVC cannot read the stages of {root.resolve()}: {error}") from error
    nodes = {
        stage.name: Node(
            frozenset(needed.name for needed in edges.successors(stage)), stage.meta or {}, stage.name in changed
        )
        for stage in edges.nodes
        if hasattr(stage, "name")
    }
    order = TopologicalSorter({name: sorted(node.needs) for name, node in nodes.items()}).static_order()
    return {name: nodes[name] for name in order if name in nodes}


def locked() -> dict[str, Any]:
    """dvc.lock's entries by stage name."""
    path = Path("dvc.lock")
    # Thousands of lines, of DVC's own writing: read in C, eight times as fast.
    content = YAML(typ="safe").load(path) if path.is_file() else None
    return dict((content or {}).get("stages") or {})


def digest(path: Path) -> str:
    """The md5 of a file or folder as DVC reckons it; empty where there is none."""
    if path.is_dir():
        files = (file for file in path.rglob("*") if file.is_file() and IGNORED not in file.parts)
        entries = sorted((file.relative_to(path).as_posix(), file_digest(file, "md5")) for file in files)
        listing = json.dumps([{"md5": md5, "relpath": name} for name, md5 in entries])
        return hashlib.md5(listing.encode()).hexdigest() + ".dir"
    return file_digest(path, "md5") if path.is_file() else ""


def digests(paths: tuple[str, ...]) -> dict[str, str]:
    return {path: digest(Path(path)) for path in paths}


def digests_of_deps(stage: Stage) -> dict[str, str]:
    """With each module of the stage's code in the place of their list."""
    found = digests(stage.deps)
    for path in [Path(dep) for dep in found if Path(dep).parent == layout.CODE]:
        if path.is_file():
            del found[path.as_posix()]
            found |= json.loads(path.read_text())
    return found


def up_to_date(
    stages: Mapping[str, Stage], params: Mapping[str, Any], just_made: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Stages whose dvc.lock entry agrees with what there is now, with the digests of their outs.

    Data is compared by the digests of dvc.lock and of `just_made`, without reading it again; code is read."""
    lock = locked()
    outs = {name: {out["path"]: out.get("md5", "") for out in entry.get("outs", [])} for name, entry in lock.items()}
    made = {path: md5 for entry in outs.values() for path, md5 in entry.items()} | dict(just_made)
    state = {}
    for name, stage in stages.items():
        if name not in lock or any(out in just_made for out in stage.outs):
            continue
        recorded = {dep["path"]: dep.get("md5", "") for dep in lock[name].get("deps", [])}
        remembered = {key: value for file in lock[name].get("params", {}).values() for key, value in file.items()}
        now = {path: made.get(path) or digest(Path(path)) for path in stage.deps}
        if recorded == now and remembered == {key: value_at(params, key) for key in stage.params}:
            state[name] = outs[name]
    return state


def value_at(params: Mapping[str, Any], key: str) -> Any:
    """The value of a dotted key."""
    value: Any = params
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
