"""What the plan wants of each video: where it is, and of how many lines it should be."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from facemotion.config import Fetch


def planned(plan: pl.DataFrame, settings: Fetch) -> dict[str, tuple[str, int]]:
    """Location and lines by video id, in the plan's order."""
    found = {}
    for (name,), rows in plan.group_by(["video_id"], maintain_order=True):
        boxes = rows.select("box", "ref_width", "ref_height").iter_rows(named=True)
        lines = wanted_lines(boxes, box_px=settings.box_px, default=settings.lines, most=settings.max_lines)
        found[str(name)] = str(rows["location"][0]), lines
    return found


def wanted_lines(rows: Iterable[Mapping[str, Any]], *, box_px: float, default: int, most: int) -> int:
    """Lines (the frame's shorter side) at which every planned box of a video gets `box_px` pixels; `default` where the
    plan names none, and never more than `most`."""
    lines = 0.0
    for row in rows:
        if row["box"] is None or not row["ref_width"] or not row["ref_height"]:
            lines = max(lines, default)
        else:
            left, top, right, bottom = row["box"]
            side = max(min(right - left, bottom - top), 1.0)
            lines = max(lines, min(row["ref_width"], row["ref_height"]) * box_px / side)
    return min(math.ceil(lines), most)


def remote(location: str) -> bool:
    """Whether it is a link of any kind, rather than a file's path."""
    return "://" in location
