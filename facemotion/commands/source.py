"""`facemotion source ...`: the clip source that params.yaml names."""

from pathlib import Path
from typing import Annotated

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


@app.command()
def quality(
    page: Annotated[Path, typer.Option("--page", help="Where to write it.")] = layout.QUALITY,
) -> None:
    """Draw how good the footage is: a page of histograms over all face tubes and clips, with the limits that reject.

    It reads what `dvc repro crop` has made, and the landmarks where they are there; no network is needed to open it.

    Example: `facemotion source quality`, then open reports/quality.html
    """
    from facemotion import schemas
    from facemotion.files import write_text
    from facemotion.landmarks import store
    from facemotion.report import quality as drawing

    settings = config.load().tubes
    tubes, clips = schemas.TUBES.read(layout.TUBES), schemas.CLIPS.read(layout.CLIP_TABLE)
    there = (layout.LANDMARKS_SMOOTH / store.FILE).is_file()
    tracks = list(store.read_tracks(layout.LANDMARKS_SMOOTH)) if there else []
    write_text(page, drawing.page(tubes, clips, tracks, settings))
    typer.echo(f"{page}: {len(tubes)} face tubes and {len(tracks)} clips with landmarks")
