"""Which of our own modules a module imports, found in the source without running it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

PACKAGES: Final = ("facemotion", "stages")

# Imported by every stage, but unable to change an out's bytes: paths stand in dvc.yaml, values in params.yaml, both
# tracked by DVC itself; the rest only shows, records, hands out work or says why it ends.
WITHOUT_BEARING: Final = frozenset(
    {
        "facemotion/config.py",
        "facemotion/console.py",
        "facemotion/engine.py",
        "facemotion/engine_ray.py",
        "facemotion/errors.py",
        "facemotion/layout.py",
        "facemotion/tracking.py",
        "facemotion/tracking_lineage.py",
        "facemotion/tracking_live.py",
        "facemotion/tracking_records.py",
        "facemotion/training/config.py",
        "facemotion/training/failures.py",
        "facemotion/training/memory.py",
        "facemotion/training/report.py",
        "facemotion/training/stop.py",
        "facemotion/tuning/record.py",
        "stages/dag.py",
        "stages/harness.py",
        "stages/provenance.py",
    }
)


# Of which only some items of a stage are made; those name them in dvc.yaml.
OF_ITEMS: Final = {
    "stages/evaluate.py": {"facemotion/evaluation/repeated.py", "facemotion/evaluation/untrained.py"},
}


def stages() -> list[Path]:
    """The modules that dvc.yaml runs."""
    return [path for path in sorted(Path("stages").glob("*.py")) if '\nif __name__ == "__main__":' in path.read_text()]


def needed_by(module: Path) -> list[str]:
    """Files that `module` imports, directly or not, itself among them; those without bearing on outs are left out."""
    left_out = WITHOUT_BEARING | OF_ITEMS.get(module.as_posix(), set())
    seen: set[Path] = set()
    waiting = [module]
    while waiting:
        path = waiting.pop()
        if path not in seen and path.as_posix() not in left_out:
            seen.add(path)
            waiting += imported_by(path)
    return sorted(path.as_posix() for path in seen if not _is_empty(path))


@cache
def imported_by(path: Path) -> tuple[Path, ...]:
    """Our files that a file imports at any depth of its code, with the packages they lie in."""
    names: list[str] = []
    for node in statements(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                names += [alias.name for alias in node.names]
            case ast.ImportFrom() if node.level == 0 and node.module:
                names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            case ast.ImportFrom() if node.level:
                raise ValueError(f"{path}: write absolute imports; this reader follows no relative ones")
    found: list[Path] = []
    for name in names:
        parts = name.split(".")
        if parts[0] in PACKAGES:
            for depth in range(1, len(parts) + 1):
                found += _file_of(parts[:depth])
    return tuple(dict.fromkeys(found))


def statements(tree: ast.AST) -> Iterator[ast.AST]:
    """All of them, at any depth."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            yield node
            yield from statements(node)


def _file_of(parts: list[str]) -> list[Path]:
    base = Path(*parts)
    return [file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()]


@cache
def _is_empty(path: Path) -> bool:
    """A package's file that holds but a docstring changes nothing."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return path.name == "__init__.py" and all(isinstance(node, ast.Expr) for node in body)
