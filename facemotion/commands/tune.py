"""`facemotion tune`: a search for better values, as long as one likes, with as many workers as there is room for."""

from typing import Annotated

import typer

from facemotion import config
from facemotion.errors import FacemotionError


def add_to(app: typer.Typer) -> None:
    app.command()(tune)


def tune(
    trials: Annotated[
        int | None, typer.Option(min=1, help="In all, those of earlier calls among them. Default: tune.trials.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Processes that try on this machine.")] = 1,
    adopt: Annotated[bool, typer.Option("--adopt", help="Write what is better into params.yaml.")] = False,
) -> None:
    """Search the space of params.yaml's section `tune` with short trainings, and hold the best against the default.

    Stopped or killed, the same command goes on. Trials are kept in .optuna, or in the database whose address stands in
    FACEMOTION_STUDIES: called so on several machines with the same params and data, it is one study. `--adopt` alone
    takes the trials there are.

    Examples: `facemotion tune --trials 50 --workers 2`, then `facemotion tune --adopt` and `git diff params.yaml`
    """
    from facemotion.tuning import adopt as adopting
    from facemotion.tuning import figures, lead

    if adopt and trials is None:
        finding = lead.known()
    else:
        wanted = trials if trials is not None else config.load().tune.trials
        if not wanted:
            raise FacemotionError("tune.trials is 0 in params.yaml: say how many, such as --trials 20")
        finding = lead.lead(wanted, workers)
    typer.echo(figures.told(finding))
    if adopt:
        typer.echo(adopting.adopt(finding.values) if finding.values else "params.yaml stays as it is")
    elif finding.values:
        typer.echo("`facemotion tune --adopt` writes it into params.yaml")
