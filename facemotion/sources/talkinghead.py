"""TalkingHead-1KH's tubes: frames within one-minute chunks of YouTube videos, the last one included; no persons."""

from pathlib import Path
from typing import Final

import polars as pl

from facemotion.errors import FacemotionError
from facemotion.sources.listed import lines, listed, no_youtube_id, number, problem, watch_page
from facemotion.sources.separated import split

SUFFIX: Final = "_video_tubes.txt"
_FIELDS: Final = ("name", "height", "width", "first", "last", "left", "top", "right", "bottom")
_CHUNK_S: Final = 60.0
# The list does not say how fast its videos run: at the slowest of these by which a video's frames fit its chunks. They
# end at a keyframe, and so may be a little longer.
_RATES: Final = (25.0, 30.0, 50.0, 60.0)
_LONGEST_CHUNK_S: Final = 65.0


def files(path: Path) -> list[Path]:
    found = [path] if path.is_file() else sorted(path.rglob(f"*{SUFFIX}"))
    if not found:
        raise FacemotionError(f"source.path: {path} holds no *{SUFFIX}; name TalkingHead-1KH's list or its folder")
    return found


def read(path: Path) -> pl.DataFrame:
    return pl.concat(_rows(file, several=path.is_dir()) for file in files(path))


def _rows(file: Path, *, several: bool) -> pl.DataFrame:
    numbered = lines(file)
    fields = [split(text) for _, text in numbered]
    columns = {name: [row[k] if k < len(row) else None for row in fields] for k, name in enumerate(_FIELDS)}
    where = f"{file.name}, " if several else ""
    table = pl.DataFrame(
        {**columns, "place": [f"{where}line {at}" for at, _ in numbered], "broken": [len(row) != 9 for row in fields]},
        schema={**dict.fromkeys(_FIELDS, pl.String), "place": pl.String, "broken": pl.Boolean},
    )
    parts = pl.col("name").str.extract_groups(r"^(.*)_(\d{4})$").struct
    video, chunk = parts.field("1"), parts.field("2").cast(pl.Float64)
    numbers = [number(name) for name in _FIELDS[1:]]
    fastest = ((number("last") + 1) / _LONGEST_CHUNK_S).max().over(video)
    fps = pl.lit(_RATES[-1])
    for rate in reversed(_RATES):
        fps = pl.when(fastest <= rate).then(rate).otherwise(fps)
    known = file.name.removesuffix(SUFFIX) if file.name.endswith(SUFFIX) else None
    return listed(
        table.select(
            "place",
            video=video,
            location=watch_page(video),
            start_s=chunk * _CHUNK_S + number("first") / fps,
            end_s=chunk * _CHUNK_S + (number("last") + 1) / fps,
            left=number("left"),
            top=number("top"),
            right=number("right"),
            bottom=number("bottom"),
            ref_width=number("width"),
            ref_height=number("height"),
            partition=pl.lit(known, pl.String),
            problem=pl.coalesce(
                problem(pl.col("broken"), "the row has too few or too many fields"),
                problem(chunk.is_null(), "the name does not end in the number of a chunk"),
                no_youtube_id(video),
                problem(pl.any_horizontal(one.is_null() for one in numbers), "a field is no number"),
            ),
        )
    )
