"""`facemotion configure`, `check` and `doctor`: the project's settings and its machine."""

import json
from pathlib import Path
from typing import Annotated

import typer

from facemotion import config, layout, profiles


def add_to(app: typer.Typer) -> None:
    for command in (configure, check, doctor):
        app.command()(command)


def configure(
    profile: Annotated[str | None, typer.Argument(help="Without one, the profiles there are.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, change nothing.")] = False,
) -> None:
    """Lay a profile over params.yaml, comments kept.

    Examples: `facemotion configure smoke`, then `git diff params.yaml` or `dvc params diff`; `git restore params.yaml`
    takes it back.
    """
    if profile is None:
        for name, text in profiles.available().items():
            typer.echo(f"{name:12s} {text}")
        return
    diff = profiles.apply(profile, write=not dry_run)
    typer.echo(diff or f"{layout.PARAMS} is as {profile} wants it already")


def check(path: Annotated[Path, typer.Argument(help="The file to check.")] = layout.PARAMS) -> None:
    """Check params.yaml (or another file of its kind) and say everything that is wrong with it.

    Example: `facemotion check`
    """
    config.load(path)
    typer.echo(f"{path} is right")


def doctor(
    brief: Annotated[bool, typer.Option("--brief", help="Only what is missing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say what this machine has, and what is missing for which feature. Ends with 1 if the basics do not work.

    Example: `facemotion doctor`
    """
    from facemotion import doctor as ward

    findings = ward.examine()
    if as_json:
        typer.echo(json.dumps([finding.__dict__ for finding in findings], indent=2))
    else:
        ward.tell(findings, brief=brief)
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)
