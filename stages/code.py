"""code: what code each stage is made of, as a digest of every module it imports: what the others have for a dep.

DVC would take all these modules as deps, too, but whenever a stage ends it writes all deps of all stages anew, which
took longer than many a stage does; and it would train models again for a comment."""

import ast
import hashlib
import io
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from facemotion import layout
from facemotion.config import Params
from facemotion.files import fresh_folder, write_json
from stages import imports
from stages.harness import Notes, run


def main(params: Params, notes: Notes) -> str:
    fresh_folder(layout.CODE)
    modules = imports.stages()
    for module in modules:
        write_json(layout.code(module.stem), digests(module))
    return f"of {len(modules)} stages"


def digests(module: Path) -> dict[str, str]:
    """Of all that a stage's module imports, itself among it."""
    return {path: digest(Path(path)) for path in imports.needed_by(module)}


@cache
def digest(module: Path) -> str:
    return hashlib.md5(bearing(module.read_text(encoding="utf-8")).encode()).hexdigest()


def bearing(source: str) -> str:
    """The lines of a module that can change what it does: without comments, docstrings, blank lines."""
    lines = source.split("\n")
    within = set()  # strings of several lines, of which all counts
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        (first, column), (last, _) = token.start, token.end
        if token.type == tokenize.COMMENT:
            lines[first - 1] = token.line[:column].rstrip()
        elif last > first:
            within |= set(range(first, last + 1))
    told = {row for first, last in _docstrings(source) for row in range(first, last + 1)}
    return "\n".join(line for row, line in enumerate(lines, 1) if row not in told and (row in within or line.strip()))


def _docstrings(source: str) -> Iterator[tuple[int, int]]:
    """First and last lines of each."""
    tree = ast.parse(source)
    for node in (tree, *imports.statements(tree)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str())) as told, *_]:
                    yield told.lineno, told.end_lineno or told.lineno


if __name__ == "__main__":
    run("code", main)
