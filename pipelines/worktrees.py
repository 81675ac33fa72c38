"""The working tree in which retrainings work: of the same commit, with DVC's cache and the environment shared, so that
the person's own files are never touched."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from facemotion import config, layout, tracking
from facemotion.errors import FacemotionError
from facemotion.files import write_text
from pipelines import keeper

HOME: Final = layout.WORK / "retrain"
BASE: Final = "base"  # the commit that the tree was made of
KEPT: Final = "refs/facemotion"  # commits of retrainings, so that git keeps them


def prepare(root: Path, changes: Mapping[str, Any]) -> Path:
    """The tree at the root's present commit. As long as that is the same, what the last retraining has made is still
    there, and an interrupted one goes on."""
    tree, home = (root / HOME / "tree").resolve(), root / HOME
    commit = _git(root, "rev-parse", "HEAD")
    base = home / BASE
    if not (tree / ".git").is_file() or not base.is_file() or base.read_text() != commit:
        _git(root, "worktree", "prune")
        if (tree / ".git").is_file():
            _git(tree, "checkout", "-q", "--force", "--detach", commit)
        else:
            shutil.rmtree(tree, ignore_errors=True)
            _git(root, "worktree", "prune")
            _git(root, "worktree", "add", "-q", "--force", "--detach", str(tree), commit)
        _share_cache(root, tree)
        if (tree / "dvc.lock").is_file():
            run(tree, "-m", "dvc", "checkout", "--force", "--quiet", "--allow-missing", root=root)
        write_text(base, commit)
    _git(tree, "checkout", "-q", commit, "--", str(layout.PARAMS))
    if changes:
        lay(tree, changes)
    _share_source(root, tree)
    return tree


def lay(tree: Path, changes: Mapping[str, Any]) -> None:
    """Values over the tree's params.yaml, by dotted key."""
    code = "import json, sys; from facemotion import profiles; profiles.overlay(json.loads(sys.argv[1]), 'the changes')"
    nested: dict[str, Any] = {}
    for key, value in changes.items():
        *sections, last = key.split(".")
        place = nested
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    run(tree, "-c", code, json.dumps(nested), root=tree)


def environment(root: Path) -> dict[str, str]:
    """What stages in the tree must know of the project: its record, and its Python."""
    return {"MLFLOW_TRACKING_URI": tracking.address(root), "FACEMOTION_PYTHON": sys.executable}


def run(tree: Path, *words: str, root: Path) -> str:
    """This Python in the tree; an error with what it said where it fails."""
    with keeper.running([sys.executable, *words], root=tree, environment=environment(root)) as process:
        assert process.stdout is not None
        said = process.stdout.read()
    if process.returncode:
        raise FacemotionError(
            f"`{' '.join(words[:4])}` in {tree} ended with {process.returncode}: {said.strip()[-1500:]}"
        )
    return said


def commit(tree: Path, message: str) -> str:
    """What the retraining has changed, as a commit on no branch; the tree's own commit where nothing has."""
    _git(tree, "add", "--update")
    if _git(tree, "status", "--porcelain", "--untracked-files=no"):
        who = ("-c", "user.name=facemotion", "-c", "user.email=facemotion@localhost")
        _git(tree, *who, "commit", "-q", "--no-verify", "-m", message)
    return _git(tree, "rev-parse", "HEAD")


def keep(tree: Path, name: str, revision: str) -> None:
    _git(tree, "update-ref", f"{KEPT}/{name}", revision)


def _share_cache(root: Path, tree: Path) -> None:
    local = root / ".dvc" / "config.local"
    if local.is_file():
        shutil.copyfile(local, tree / ".dvc" / "config.local")
    where = subprocess.run(
        [sys.executable, "-m", "dvc", "cache", "dir"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()
    cache = str((root / where).resolve())
    run(tree, "-m", "dvc", "config", "--local", "cache.dir", cache, root=root)


def _share_source(root: Path, tree: Path) -> None:
    """A source named by a path within the project is outside of git: linked."""
    named = config.load(tree / layout.PARAMS).source.path
    if named is None or Path(named).expanduser().is_absolute() or not (root / named).exists():
        return
    if not (tree / named).exists():
        (tree / named).parent.mkdir(parents=True, exist_ok=True)
        (tree / named).unlink(missing_ok=True)
        (tree / named).symlink_to((root / named).resolve())


def _git(where: Path, *words: str) -> str:
    told = subprocess.run(["git", *words], cwd=where, capture_output=True, text=True, check=False)
    if told.returncode:
        raise FacemotionError(f"`git {' '.join(words[:2])}` in {where} failed: {told.stderr.strip()[-600:]}")
    return told.stdout.strip()
