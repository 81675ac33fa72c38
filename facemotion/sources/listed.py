"""What every adapter of a list's format gives: one row for each thing that the list names, right or wrong."""

from pathlib import Path
from typing import Final

import polars as pl

from facemotion.errors import FacemotionError

# As the list has it: nothing is judged here but what only the format can tell, which is `problem`.
LISTED: Final = {
    "place": pl.String,  # where in the list the row stands
    "video": pl.String,  # the list's own name of the video
    "location": pl.String,  # a link, or the path of a file of the person's own
    "person": pl.String,
    "start_s": pl.Float64,
    "end_s": pl.Float64,  # exclusive
    "left": pl.Float64,
    "top": pl.Float64,
    "right": pl.Float64,  # exclusive, as bottom
    "bottom": pl.Float64,
    "ref_width": pl.Float64,  # of the frame that the box is told in; null where only its height is known
    "ref_height": pl.Float64,
    "partition": pl.String,
    "license": pl.String,
    "problem": pl.String,  # why the row cannot be read, or null
}

# Fractions of a frame become pixels of one of this side, as fine as any list tells them.
UNIT_FRAME: Final = 10_000.0

_NTSC: Final = 1000 / 1001
_YOUTUBE_ID: Final = r"^[A-Za-z0-9_-]{11}$"


def listed(rows: pl.DataFrame) -> pl.DataFrame:
    """With the columns that a format does not have, empty."""
    missing = [pl.lit(None, kind).alias(name) for name, kind in LISTED.items() if name not in rows.columns]
    return rows.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in LISTED.items())


def read_text(path: Path) -> str:
    """Whatever the bytes: what is no UTF-8 becomes a mark that no name or number holds, and a BOM goes."""
    try:
        return path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise FacemotionError(f"source.path: cannot read {path}: {error.strerror or error}") from error


def lines(path: Path) -> list[tuple[int, str]]:
    """Those that are not blank, without stray spaces, with their numbers from 1."""
    texts = read_text(path).replace("\r\n", "\n").split("\n")
    return [(number, text.strip()) for number, text in enumerate(texts, 1) if text.strip()]


def number(column: str) -> pl.Expr:
    """Null where the text is no number."""
    return pl.col(column).str.strip_chars().cast(pl.Float64, strict=False)


def rate(frames_a_second: pl.Expr) -> pl.Expr:
    """Lists round 30000/1001 to 29.97: in an hour that is several frames."""
    whole = (frames_a_second / _NTSC).round()
    return pl.when((frames_a_second - whole * _NTSC).abs() < 0.005).then(whole * _NTSC).otherwise(frames_a_second)


def watch_page(video: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit("https://www.youtube.com/watch?v="), video)


def no_youtube_id(video: pl.Expr) -> pl.Expr:
    """The problem of an id that is none of YouTube's, or null."""
    return problem(~video.str.contains(_YOUTUBE_ID).fill_null(False), "the video id is none of YouTube's")


def problem(wrong: pl.Expr, reason: str) -> pl.Expr:
    return pl.when(wrong).then(pl.lit(reason)).otherwise(pl.lit(None, pl.String))
