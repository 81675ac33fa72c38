"""`facemotion weights`: the networks of others, which are not shipped."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def add_to(app: typer.Typer) -> None:
    app.command(name="weights")(listing)


def listing(
    missing: Annotated[bool, typer.Option("--missing", help="Only what is not here.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List every file of weights that a feature may want: what for, whether it is here and is what was published, its
    licence, and how to get it.

    A file is looked for in `weights.dir` of params.yaml, then in torch hub's cache ($TORCH_HOME/hub/checkpoints), then
    in the packages that bring it along. Ends with 1 if a file that is here is not what was published.

    Example: `facemotion weights --missing`
    """
    from facemotion import doctor, weights

    folder = doctor.weights_folder()
    rows = [_row(wanted, folder) for wanted in weights.ALL]
    shown = [row for row in rows if not missing or row["path"] is None]
    if as_json:
        typer.echo(json.dumps(shown, indent=2))
    else:
        typer.echo("\n\n".join(_told(row) for row in shown) or "everything is there")
    if any(row["right"] is False for row in rows):
        raise typer.Exit(1)


def _row(wanted: Any, own: Path | None) -> dict[str, Any]:
    from facemotion import weights
    from facemotion.files import file_digest

    path = weights.find(wanted, own)
    return {
        "name": wanted.name,
        "network": wanted.network,
        "feature": wanted.feature,
        "licence": wanted.licence,
        "url": wanted.url or None,
        "sha256": wanted.sha256 or None,
        "path": None if path is None else str(path),
        "found_sha256": None if path is None else file_digest(path),
        "right": None if path is None else weights.right(wanted, path),
        "get": wanted.get(weights.places(wanted, own)[0]),
        "parameter": wanted.own_key or None,
    }


def _told(row: dict[str, Any]) -> str:
    if row["path"] is None:
        here = [f"not here; get it: {row['get']}"]
        if row["parameter"]:
            here.append(f"or name its path in {row['parameter']}")
    else:
        state = {True: "as published", False: "NOT WHAT WAS PUBLISHED: delete it and get it again", None: "unchecked"}
        here = [f"here: {row['path']}", f"sha256 {row['found_sha256']} ({state[row['right']]})"]
    lines = [f"for {row['feature']}; licence: {row['licence']}", *here]
    if row["path"] is None and row["sha256"]:
        lines.append(f"sha256 begins with {row['sha256'][:10]}")
    return "\n  ".join([f"{row['name']}: {row['network']}", *lines])
