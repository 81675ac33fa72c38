"""`facemotion ...`: the command line. Each command says what it is for; errors are one message and a non-zero exit."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from facemotion import __version__, config, console, layout, profiles
from facemotion.errors import FacemotionError

app = typer.Typer(
    help="Face animation models made from a list of videos, reproducibly, and used. Run it in the project's root.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
source_app = typer.Typer(help="The clip source that params.yaml names.", no_args_is_help=True)
app.add_typer(source_app, name="source")
model_app = typer.Typer(help="The models: their sizes and what they cost.", no_args_is_help=True)
app.add_typer(model_app, name="model")


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
    log: Annotated[str, typer.Option(help="debug, info, warning or error.", metavar="LEVEL")] = "info",
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit
    console.setup_logging(log)


@app.command()
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


@app.command()
def check(path: Annotated[Path, typer.Argument(help="The file to check.")] = layout.PARAMS) -> None:
    """Check params.yaml (or another file of its kind) and say everything that is wrong with it.

    Example: `facemotion check`
    """
    config.load(path)
    typer.echo(f"{path} is right")


@app.command()
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


@app.command()
def ui(port: Annotated[int, typer.Option(help="Where MLflow listens on 127.0.0.1.")] = 5000) -> None:
    """Open the record of all runs (MLflow) on this machine's loopback address, until Ctrl-C.

    Example: `facemotion ui --port 5001`
    """
    from facemotion import ui as servers

    servers.serve(port)


@source_app.command()
def scan() -> None:
    """List what the source holds now in data/source.json, which the plan is made from.

    Run it whenever the folder of `source.path` has changed; then `dvc repro` takes in what is new.

    Example: `facemotion configure folder && facemotion source scan && dvc repro`
    """
    from facemotion.sources import scan as scanning

    source = config.load().source
    now = scanning.scan(source)
    try:
        before = scanning.load(source)
    except FacemotionError:
        before = scanning.Listing(now.kind, now.path, {})
    came, went = scanning.changes(before, now)
    scanning.save(now)
    typer.echo(f"{layout.SOURCE}: {len(now.files)} videos, {len(came)} new or changed, {len(went)} gone")


@model_app.command()
def summary(
    preset: Annotated[str, typer.Option(help="tiny, small, base or published.")] = "tiny",
    motion: Annotated[
        Literal["keypoints", "landmarks", "mixed"], typer.Option(help="What tells the model how a face moves.")
    ] = "keypoints",
) -> None:
    """Parameters and FLOPs of a model, module by module.

    Example: `facemotion model summary --preset base --motion landmarks`
    """
    from facemotion.models import presets
    from facemotion.models import summary as sizes

    typer.echo(sizes.table(presets.preset(preset).model_copy(update={"motion": motion})))


def main() -> None:
    try:
        app()
    except FacemotionError as error:
        typer.secho(f"facemotion: {error}", err=True, fg=typer.colors.RED)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
