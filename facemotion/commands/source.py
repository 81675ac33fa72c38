"""`facemotion source ...`: the clip source that params.yaml names."""

import typer

from facemotion import config, layout
from facemotion.errors import FacemotionError

app = typer.Typer(help="The clip source that params.yaml names.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group, however few its commands."""


@app.command()
def scan() -> None:
    """List what the source holds now in data/source.json, which the plan is made from.

    Run it whenever the folder or list of `source.path` has changed; then `dvc repro` takes in what is new.

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
    what = "file" if now.kind in config.LIST_KINDS else "video"
    many = f"{len(now.files)} {what}s"
    typer.echo(f"{layout.SOURCE}: {many}, {len(came)} new or changed, {len(went)} gone")
