"""Lists of comma-separated values with a header, read a line at a time: no quote swallows the rows after it."""

import csv
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from facemotion.errors import FacemotionError
from facemotion.sources.listed import lines


def split(line: str) -> list[str]:
    try:
        fields = next(csv.reader([line], skipinitialspace=True), []) if '"' in line else line.split(",")
    except csv.Error:  # a field longer than any
        fields = line.split(",")
    return [field.strip() for field in fields]


def read_table(path: Path, required: Sequence[str], optional: Sequence[str] = ()) -> pl.DataFrame:
    """The named columns as text, null where empty or not there, with `place` and, for rows that are too short or too
    long, `broken`."""
    numbered = lines(path)
    header = [name.lower() for name in split(numbered[0][1])] if numbered else []
    if lost := [name for name in required if name not in header]:
        raise FacemotionError(
            f"source.path: {path} has no column {', '.join(lost)} in its first line; it must name "
            f"{', '.join(required)}" + (f", and may name {', '.join(optional)}" if optional else "")
        )
    rows = [split(text) for _, text in numbered[1:]]
    columns = {}
    for name in (*required, *optional):
        at = header.index(name) if name in header else len(header)
        columns[name] = [row[at] or None if at < len(row) else None for row in rows]
    return pl.DataFrame(
        {
            **columns,
            "place": [f"line {number}" for number, _ in numbered[1:]],
            "broken": [len(row) != len(header) for row in rows],
        },
        schema={**dict.fromkeys(columns, pl.String), "place": pl.String, "broken": pl.Boolean},
    )
