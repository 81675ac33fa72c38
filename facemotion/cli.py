"""`facemotion ...`: the command line. Each command says what it is for; errors are one message and a non-zero exit."""

import sys
from typing import Annotated

import typer

from facemotion import __version__, console
from facemotion.commands import (
    animate,
    authorship,
    champion,
    experiments,
    export,
    fetch,
    model,
    motion,
    pipeline,
    plan,
    project,
    source,
    tune,
    weights,
)
from facemotion.errors import FacemotionError

app = typer.Typer(
    help="Face animation models made from a list of videos, reproducibly, and used. Run it in the project's root.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
project.add_to(app)
weights.add_to(app)
fetch.add_to(app)
pipeline.add_to(app)
tune.add_to(app)
animate.add_to(app)
authorship.add_to(app)
export.add_to(app)
app.add_typer(source.app, name="source")
app.add_typer(plan.app, name="plan")
app.add_typer(model.app, name="model")
app.add_typer(champion.app, name="champion")
app.add_typer(experiments.app, name="experiments")
app.add_typer(experiments.mlflow_app, name="mlflow")
app.add_typer(motion.app, name="motion")


@app.callback(invoke_without_command=True)
def _top(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
    log: Annotated[str, typer.Option(help="debug, info, warning or error.", metavar="LEVEL")] = "info",
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit
    console.setup_logging(log)


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
