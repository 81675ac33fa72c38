"""`facemotion run`, `ui` and `retrain`: what works under Prefect, in pipelines/, which stands above this package and is
therefore not imported: the command becomes that process."""

import os
import sys
from typing import Annotated, NoReturn

import typer


def add_to(app: typer.Typer) -> None:
    for command in (run, retrain, ui):
        app.command()(command)


def run(
    stages: Annotated[list[str] | None, typer.Argument(help="These and what they need; none: all.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Run them although they are up to date.")] = False,
    parallel: Annotated[int | None, typer.Option(help="Stages at work at the same time.", min=1)] = None,
) -> None:
    """Bring the stages of dvc.yaml up to date, as `dvc repro` does, each a task run in Prefect; those that do not need
    each other run side by side.

    Examples: `facemotion run`, `facemotion run evaluate --parallel 1`, `facemotion run train_coarse@keypoints --force`
    """
    words = [*(stages or ()), *(["--force"] if force else ()), *(["--parallel", str(parallel)] if parallel else ())]
    _become("pipelines.dag", words)


def retrain(
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Of params.yaml, in this run alone.")
    ] = None,
) -> None:
    """Train on what the source holds now, in a working tree of its own, and let the champion be the better of the two.

    Examples: `facemotion retrain`, then `facemotion champion show`; `facemotion retrain --set train_coarse.steps=900`
    """
    _become("pipelines.retrain", [word for change in changes or () for word in ("--set", change)])


def ui() -> None:
    """Serve Prefect with its deployments, MLflow and the page of results on this machine's loopback address, until
    Ctrl-C. Ports stand in params.yaml under `ui`.

    Example: `facemotion ui`
    """
    _become("pipelines.serve", [])


def _become(module: str, words: list[str]) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *words])
