"""A stable hash of what a row of the plan denotes: the same stretch of the same video, whatever list names it."""

import hashlib

import polars as pl


def with_ids(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    sides = rows.select("left", "top", "right", "bottom").iter_rows()
    named = zip(rows["video_id"], rows["start_s"], rows["end_s"], sides, strict=True)
    ids = [_plan_id(source, video, start, end, box) for video, start, end, box in named]
    return rows.with_columns(pl.Series("plan_id", ids, dtype=pl.String), pl.lit(source).alias("source"))


def _plan_id(source: str, video: str, start: float | None, end: float | None, box: tuple[float | None, ...]) -> str:
    times = ("" if time is None else f"{time:.3f}" for time in (start, end))
    sides = "" if box[0] is None else ",".join(f"{side:.1f}" for side in box)
    return hashlib.sha256("\0".join((source, video, *times, sides)).encode()).hexdigest()[:16]
