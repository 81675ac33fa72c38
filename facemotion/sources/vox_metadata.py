"""`vox-metadata.csv`: clips of YouTube videos with person and partition, in frames; also without persons."""

from pathlib import Path
from typing import Final

import polars as pl

from facemotion.sources.listed import listed, no_youtube_id, number, problem, rate, watch_page
from facemotion.sources.separated import read_table

COLUMNS: Final = ("video_id", "start", "end", "bbox", "fps", "width", "height", "partition")
_SIDE: Final = r"\s*(-?\d+(?:\.\d+)?)\s*"
_FASTEST: Final = 1000  # frames a second


def read(path: Path) -> pl.DataFrame:
    table = read_table(path, COLUMNS, ("person_id",))
    # VIDEO#PERSON: a number tells people of one video apart, a name is the same person in every video.
    parts = pl.col("video_id").str.splitn("#", 2).struct
    video, tail = parts.field("field_0"), parts.field("field_1")
    person = pl.when(tail.str.contains(r"^\d{1,4}$")).then(pl.col("video_id")).otherwise(tail)
    sides = pl.col("bbox").str.extract_groups(f"^{_SIDE}-{_SIDE}-{_SIDE}-{_SIDE}$").struct
    fps = number("fps")
    return listed(
        table.select(
            "place",
            "partition",
            video=video,
            location=watch_page(video),
            person=pl.coalesce("person_id", person),
            start_s=number("start") / rate(fps),
            end_s=number("end") / rate(fps),
            **{
                side: sides.field(str(k)).cast(pl.Float64)
                for k, side in enumerate(("left", "top", "right", "bottom"), 1)
            },
            ref_width=number("width"),
            ref_height=number("height"),
            problem=pl.coalesce(
                problem(pl.col("broken"), "the row has too few or too many fields"),
                no_youtube_id(video),
                problem(number("start").is_null() | number("end").is_null(), "start or end is no number"),
                problem(~fps.is_between(1, _FASTEST).fill_null(False), "fps is no frame rate"),
                problem(sides.field("1").is_null(), "bbox is not left-top-right-bottom"),
                problem(number("width").is_null() | number("height").is_null(), "width or height is no number"),
            ),
        )
    )
