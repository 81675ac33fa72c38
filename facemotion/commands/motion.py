"""`facemotion motion ...`: what a face does in a video, kept without any picture of it."""

from pathlib import Path
from typing import Annotated

import typer

from facemotion.errors import FacemotionError

app = typer.Typer(help="What a face does in a video, in a file without pictures of it.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """A group, however few its commands."""


@app.command()
def extract(
    video: Annotated[Path, typer.Argument(help="The driving video.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write: .motion, or .parquet for a table.")],
    face: Annotated[
        str, typer.Option(help="Which: largest, leftmost, or its number from the left, 1 first.")
    ] = "largest",
    start: Annotated[float | None, typer.Option(help="Second to begin at.")] = None,
    end: Annotated[float | None, typer.Option(help="Second to end at.")] = None,
) -> None:
    """Follow a face through a video and keep its landmarks, to drive with them as often as one likes.

    Example: `facemotion motion extract talk.mp4 -o talk.motion`, then `facemotion animate --driving talk.motion ...`
    """
    from facemotion.animate import perform
    from facemotion.animation.performance import SUFFIX, save_performance
    from facemotion.animation.settings import Settings
    from facemotion.video import Reader

    if out.suffix not in (SUFFIX, ".parquet"):
        raise FacemotionError(f"{out}: the name of a motion file ends in {SUFFIX}, that of a table in .parquet")
    performance = perform(Reader(video), Settings.load(), face, start, end)
    save_performance(out, performance)
    seen = int(performance.seen.sum())
    typer.echo(f"{out}: {performance.frames} frames at {float(performance.fps):g} a second, a face in {seen} of them")


@app.command()
def show(path: Annotated[Path, typer.Argument(help="A motion file or table.")]) -> None:
    """Say what a motion file holds.

    Example: `facemotion motion show talk.motion`
    """
    from facemotion.animation.performance import load_performance

    found = load_performance(path)
    typer.echo(f"frames   {found.frames}, from number {found.start} on, at {found.fps} a second")
    typer.echo(f"of       {found.width}x{found.height} pixels, video {found.source[:16] or 'unknown'}")
    gaps = ", ".join(f"{a + found.start} to {b - 1 + found.start}" for a, b in found.gaps()[:10])
    typer.echo(f"no face  {gaps or 'nowhere'}")
