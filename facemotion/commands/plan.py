"""`facemotion plan ...`: what a list of clips holds, before anything is fetched."""

import json
from pathlib import Path
from typing import Annotated

import typer

from facemotion import config
from facemotion.errors import FacemotionError

app = typer.Typer(help="What a list of clips holds, before anything is fetched.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group, however few its commands."""


@app.command()
def audit(
    path: Annotated[Path, typer.Argument(metavar="LIST", help="A list, the folder of one, or a folder of videos.")],
    kind: Annotated[
        str | None, typer.Option(help="One of source.kind in params.yaml; told by the files where it is left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say what a list holds and what the plan would make of it: rows refused and why, duplicates, people in two
    partitions, boxes outside the frame. Limits are those of params.yaml; nothing is changed or fetched.

    Example: `facemotion plan audit vox-metadata.csv --json`
    """
    from facemotion.sources import audit_told, formats, plan, scan

    kinds = ("folder", *config.LIST_KINDS)
    if kind is not None and kind not in kinds:
        raise FacemotionError(f"there is no kind {kind!r} of list; there are: {', '.join(kinds)}")
    source = config.Source.model_validate({"kind": kind or formats.guess(path), "path": str(path)})
    made = plan.audited(source, scan.scan(source), config.load())
    if as_json:
        typer.echo(json.dumps({"list": str(path), **made.figures}, indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join((f"{path}, {source.kind}:", *audit_told.told(made.figures, made.findings))))
