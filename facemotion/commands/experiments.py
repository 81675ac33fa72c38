"""`facemotion experiments ...` and `facemotion mlflow ...`: the record of runs, read and caught up on."""

from typing import Annotated

import typer

app = typer.Typer(help="The record of all runs: what differs, what a model was made from.", no_args_is_help=True)
mlflow_app = typer.Typer(help="The store of the record.", no_args_is_help=True)

Which = "A run's id, a stage (its newest run), or models:/facemotion@champion."


@app.command()
def compare(
    one: Annotated[str, typer.Argument(metavar="A", help=Which)],
    other: Annotated[str, typer.Argument(metavar="B", help=Which)],
    code: Annotated[bool, typer.Option("--code", help="Digests of code, too.")] = False,
) -> None:
    """Print the params, metrics and digests of data in which two runs differ.

    Example: `facemotion experiments compare train_coarse@keypoints train_coarse@landmarks`
    """
    from facemotion import tracking_lineage

    found = tracking_lineage.differences(one, other)
    shown = {name: values for name, values in found.items() if code or not name.startswith("code ")}
    width = max((len(name) for name in shown), default=0)
    for name, (first, second) in shown.items():
        typer.echo(f"{name:{width}s}  {first or '-'} -> {second or '-'}")
    hidden = len(found) - len(shown)
    if not shown:
        typer.echo("no param, metric or digest of data differs")
    if hidden:
        typer.echo(f"{hidden} files of code differ (--code lists them)")


@app.command()
def lineage(name: Annotated[str, typer.Argument(metavar="MODEL", help=Which)]) -> None:
    """Walk back from a model to all that it was made from: runs, params, git revisions, dvc.lock, data, page.

    Example: `facemotion experiments lineage models:/facemotion@champion`
    """
    from facemotion import tracking_lineage

    for line in tracking_lineage.told(tracking_lineage.lineage(name)):
        typer.echo(line)


@mlflow_app.callback()
def _group() -> None:
    """A group, however few its commands."""


@mlflow_app.command()
def sync() -> None:
    """Publish records that are kept in .work/tracking because the server was away, or too slow.

    Example: `MLFLOW_TRACKING_URI=http://127.0.0.1:5000 facemotion mlflow sync`
    """
    from facemotion import tracking

    told, left = tracking.sync()
    typer.echo(f"{told} records published to {tracking.shown()}" + (f", {left} are still waiting" if left else ""))
    if left:
        raise typer.Exit(1)
