"""The plan: one row for every stretch of video that a source names, by `source.kind`."""

import hashlib
from collections.abc import Mapping
from typing import Any

import polars as pl

from facemotion import schemas
from facemotion.config import Params
from facemotion.errors import FacemotionError
from facemotion.sources import folder, synthetic


def make(params: Params) -> pl.DataFrame:
    """The plan table of the source that params name; never empty."""
    rows = synthetic.rows(params.synthetic) if params.source.kind == "synthetic" else folder.rows(params.source)
    if not rows:
        raise FacemotionError(
            f"the source ({params.source.kind}, {params.source.path or 'rendered'}) holds no video: nothing to plan"
        )
    return schemas.PLAN.frame([{"plan_id": plan_id(row), **row} for row in rows])


def plan_id(row: Mapping[str, Any]) -> str:
    """A stable hash of what a row denotes: the same stretch of the same video, whatever list names it."""
    start, end = (f"{value:.3f}" if value is not None else "" for value in (row["start_s"], row["end_s"]))
    named = "\0".join((row["source"], row["video_id"], start, end, _rounded(row["box"])))
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def _rounded(box: Any) -> str:
    return "" if box is None else ",".join(f"{side:.1f}" for side in box)
