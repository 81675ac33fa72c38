"""A list of links: one a line, or CSV with a column `url` and what else is known."""

from pathlib import Path
from typing import Final

import polars as pl

from facemotion.sources.listed import lines, listed, number, problem
from facemotion.sources.separated import read_table, split
from facemotion.sources.youtube import video_of, watch_page

_MAY_HAVE: Final = ("person_id", "start_s", "end_s", "license")


def read(path: Path) -> pl.DataFrame:
    if is_table(path):
        table = read_table(path, ("url",), _MAY_HAVE)
    else:
        # Lines that begin with # are notes.
        told = [(at, text) for at, text in lines(path) if not text.startswith("#")]
        table = pl.DataFrame(
            {"url": [text for _, text in told], "place": [f"line {at}" for at, _ in told]},
            schema={"url": pl.String, "place": pl.String},
        ).with_columns(*(pl.lit(None, pl.String).alias(name) for name in _MAY_HAVE), broken=pl.lit(False))
    url = pl.col("url")
    known = {link: video for link in table["url"].unique().drop_nulls() if (video := video_of(link))}
    odd_times = [pl.col(name).is_not_null() & number(name).is_null() for name in ("start_s", "end_s")]
    return listed(
        table.select(
            "place",
            "license",
            video=url.replace(known),
            location=url.replace({link: watch_page(video) for link, video in known.items()}),
            person="person_id",
            start_s=number("start_s"),
            end_s=number("end_s"),
            problem=pl.coalesce(
                problem(pl.col("broken"), "the row has too few or too many fields"),
                problem(url.is_null(), "the row has no link"),
                problem(odd_times[0] | odd_times[1], "start_s or end_s is no number"),
            ),
        )
    )


def is_table(path: Path) -> bool:
    """Whether the first line is a header with a column `url`."""
    first = next(iter(lines(path)), (0, ""))[1]
    return "url" in [name.lower() for name in split(first)]
