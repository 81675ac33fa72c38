"""`facemotion fetch`: the planned videos, again where it may help."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from facemotion import config, layout, schemas
from facemotion.errors import FacemotionError


def add_to(app: typer.Typer) -> None:
    app.command()(fetch)


def fetch(
    retry: Annotated[
        str | None,
        typer.Option(help="Statuses whose videos are tried again now, with commas: blocked,timeout.", metavar="LIST"),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Only say how many videos have which status.")] = False,
) -> None:
    """Fetch the planned videos (the stage `fetch` and what it needs) and say what became of them, by status.

    What is there already is not downloaded again. Videos that are blocked or timed out are tried again by themselves
    once some time has passed; others, and these sooner, with `--retry`.

    Examples: `facemotion fetch`, `facemotion fetch --retry blocked,timeout`, `facemotion fetch --show`
    """
    from facemotion.sources import again, tally

    if not show:
        params = config.load()
        store = again.keep_what_is_there(params)
        if retry is None:
            _dvc("repro", "fetch")
        else:
            count = store.forget(again.statuses(retry))
            typer.echo(f"{count} videos are to be tried again", err=True)
            _dvc("repro", "plan")
            _dvc("repro", "--force", "--single-item", "fetch")
    typer.echo(tally.table(schemas.LEDGER.read(layout.LEDGER)))


def _dvc(*words: str) -> None:
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    told = subprocess.run([sys.executable, "-m", "dvc", "--wait-for-lock", *words], env=environment, check=False)
    if told.returncode:
        raise FacemotionError(f"`dvc {' '.join(words)}` did not end well; the reason stands above")
