"""What later stages read of fetch's outs: the videos that came, and the truth where they were rendered."""

import math
import sys
from pathlib import Path
from typing import Final

import polars as pl

from facemotion import layout, schemas
from facemotion.errors import FacemotionError
from facemotion.video import Limits

# Fetch has let in what params allow; asking again would make every stage depend on those params.
LET_IN: Final = Limits(max_bytes=sys.maxsize, max_seconds=math.inf, max_pixels=sys.maxsize)


def fetched() -> pl.DataFrame:
    """The ledger's rows of videos that are there; never empty."""
    table = schemas.LEDGER.read(layout.LEDGER)
    there = table.filter(table["status"] == "ok")
    if there.is_empty():
        raise FacemotionError(f"{layout.LEDGER} lists no video that was fetched: nothing to work on")
    return there


def path_of(name: str) -> Path:
    return layout.VIDEOS / name


def truths() -> dict[str, Path]:
    """Truth files by video id; none for real footage."""
    return {path.stem: path for path in sorted(layout.TRUTH.glob("*.parquet"))}
