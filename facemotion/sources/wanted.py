"""What the plan wants of each video: where it is, of how many lines it should be, and which parts of it."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import polars as pl

from facemotion.config import Fetch
from facemotion.video_parts import Span

# Key frames lie about so far apart: what is between two nearer parts would have to be fetched in any case.
NEAR_S: Final = 10.0


class Planned(NamedTuple):
    location: str
    lines: int
    spans: tuple[Span, ...] | None  # None: all of it


def planned(plan: pl.DataFrame, settings: Fetch) -> dict[str, Planned]:
    """By video id, in the plan's order. What several videos want of one place, each of them gets."""
    spans = {
        str(location): wanted_spans(rows.select("start_s", "end_s").iter_rows(), settings)
        for (location,), rows in plan.group_by(["location"])
    }
    found = {}
    for (name,), rows in plan.group_by(["video_id"], maintain_order=True):
        boxes = rows.select("box", "ref_width", "ref_height").iter_rows(named=True)
        lines = wanted_lines(boxes, box_px=settings.box_px, default=settings.lines, most=settings.max_lines)
        location = str(rows["location"][0])
        found[str(name)] = Planned(location, lines, spans[location])
    return found


def wanted_spans(rows: Iterable[tuple[float | None, float | None]], settings: Fetch) -> tuple[Span, ...] | None:
    """Seconds, in order and apart, that hold the planned stretches; None where all is wanted. Sound is not cut."""
    if settings.around_s is None or settings.audio:
        return None
    spans: list[Span] = []
    for start, end in sorted((start or 0.0, math.inf if end is None else end) for start, end in rows):
        low, high = round(max(start - settings.around_s, 0.0), 3), round(end + settings.around_s, 3)
        if spans and low <= spans[-1][1] + NEAR_S:
            spans[-1] = spans[-1][0], max(spans[-1][1], high)
        else:
            spans.append((low, high))
    return None if not spans or math.isinf(spans[-1][1]) else tuple(spans)


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
