"""What several references bring, told apart by how far the head is turned aside from the first of them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from facemotion.evaluation import intervals
from facemotion.evaluation.fused import SIMPLE
from facemotion.evaluation.intervals import Comparison, Interval
from facemotion.evaluation.references import COUNTS
from facemotion.evaluation.several import suffix
from facemotion.evaluation.several_pictures import TURN

BINS: Final = 3  # of as many frames each
OWN: Final = ""  # the variant's own strategy


class Curve(NamedTuple):
    """For each of COUNTS the share that is left of the error from one reference, with its interval."""

    y: list[float]
    low: list[float]
    high: list[float]


class Panel(NamedTuple):
    """Frames turned by so many degrees."""

    least: float
    most: float
    frames: int
    curves: dict[str, Curve]  # by strategy


class Against(NamedTuple):
    """One way of making frames against another on the same clips: by the quotient and the difference of means."""

    ratio: Interval
    difference: Comparison


def named(metric: str, strategy: str, count: int) -> str:
    """A single reference is not fused: it is the same for all strategies."""
    return metric + suffix(strategy if count > 1 else OWN, count)


def strategies(table: pl.DataFrame) -> list[str]:
    """That a table of scores, or of those of frames, holds; the variant's own first."""
    known = set(table["metric"].unique().to_list())
    return [strategy for strategy in (OWN, *SIMPLE) if named("l1", strategy, COUNTS[-1]) in known]


def panels(frames: pl.DataFrame, metric: str, ways: Sequence[str]) -> list[Panel]:
    """Empty where no frame has the metric."""
    columns = list(dict.fromkeys([TURN, *(named(metric, way, count) for way in ways for count in COUNTS)]))
    rows = frames.filter(pl.col("metric").is_in(columns)).pivot("metric", index=["clip_id", "frame"], values="value")
    if any(column not in rows.columns for column in columns):
        return []
    rows = rows.drop_nulls(columns).sort("clip_id", "frame")
    if len(rows) < BINS:
        return []
    gaps = rows[TURN].to_numpy()
    edges = np.quantile(gaps, np.linspace(0, 1, BINS + 1))
    place = np.clip(np.searchsorted(edges, gaps, "right") - 1, 0, BINS - 1)
    found = []
    for k in range(BINS):
        inside = rows.filter(pl.Series(place == k))
        if len(inside):
            curves = {way: _curve(inside, [named(metric, way, count) for count in COUNTS]) for way in ways}
            found.append(Panel(float(edges[k]), float(edges[k + 1]), len(inside), curves))
    return found


def against(table: pl.DataFrame, one: str, other: str) -> Against | None:
    """Two metrics of one table of scores; None with fewer than two clips that have both."""
    ours, theirs = (
        table.filter(pl.col("metric") == name).select("clip_id", pl.col("value").alias(side))
        for name, side in ((one, "ours"), (other, "theirs"))
    )
    both = ours.join(theirs, on="clip_id").sort("clip_id")
    if len(both) < 2:
        return None
    mine, its = both["ours"].to_numpy(), both["theirs"].to_numpy()
    return Against(intervals.ratio(mine, its), intervals.difference(mine, its))


def _curve(rows: pl.DataFrame, columns: Sequence[str]) -> Curve:
    """`columns`: from one reference, which all is held against on the same frames, and from more. Frames of a clip are
    alike: clips are drawn anew, not frames."""
    clip = np.unique(rows["clip_id"].to_numpy(), return_inverse=True)[1]
    sums = [np.asarray(np.bincount(clip, rows[column].to_numpy()), np.float64) for column in columns]
    ratios = [intervals.ratio(own, sums[0]) for own in sums]
    return Curve(*(list(part) for part in zip(*ratios, strict=True)))
