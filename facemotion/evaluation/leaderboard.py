"""Variants side by side: means over clips with their intervals, which variant is best, and by how much."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from facemotion.evaluation import glossary, intervals
from facemotion.evaluation.intervals import Floats, Interval

Tables = Mapping[str, pl.DataFrame]  # of scores, by variant

# Of all that is scored, what one compares at a glance, with the error that the landmarker makes itself; each with one
# person driven by another, too.
SAME: Final = (
    "l1", "psnr", "ssim", "lpips_alex", "akd_truth", "akd_truth_bias", "akd_dlib", "akd_eyes", "akd_lips", "mkr",
    "csim_dlib", "pose_error", "epe", "epe_lips", "epe_eyes", "unseen_l1", "flicker",
)  # fmt: skip
CROSS_PREFIX: Final = "cross_"
CROSS: Final = tuple(CROSS_PREFIX + name for name in SAME)
# And of these, what the metric file holds: `dvc metrics show` prints a column each.
HEADLINE: Final = (
    "l1", "akd_truth", "akd_dlib", "akd_eyes", "akd_lips", "epe", "csim_dlib", "flicker", "cross_l1", "cross_akd_truth",
    "cross_csim_dlib",
)  # fmt: skip
BY: Final = "l1"  # what variants are ranked by,
TIES: Final = ("akd_truth", "akd_dlib")  # and what decides among those that it cannot tell apart: the first there is
RULE: Final = (
    "The best variant is the one of lowest mean l1. Where a variant's l1 cannot be told from it (the 95 % interval of "
    "the paired difference over clips reaches 0) the lower akd_truth decides between them, akd_dlib without a truth."
)
LEAST_CLIPS: Final = 2  # with fewer an interval says nothing


class Entry(NamedTuple):
    """A mean over clips; its interval is None where one clip alone has this metric."""

    variant: str
    metric: str
    value: float
    interval: Interval | None
    clips: int


class Paired(NamedTuple):
    """`variant` minus `other` on the clips that both have, and on how many of these it is better or worse."""

    variant: str
    other: str
    metric: str
    difference: float
    interval: Interval | None
    wins: int
    losses: int
    clips: int


def standings(tables: Tables, metrics: Iterable[str] = HEADLINE) -> list[Entry]:
    """Metric by metric, variants in the order given; absent where a variant has no such metric."""
    return [
        _entry(variant, metric, values)
        for metric in metrics
        for variant, table in tables.items()
        if len(values := _of_clips(table, metric))
    ]


def figures(entries: Iterable[Entry]) -> dict[str, float]:
    """`VARIANT.METRIC`, with `_low` and `_high` where there is an interval."""
    flat = {}
    for entry in entries:
        name = f"{entry.variant}.{entry.metric}"
        flat[name] = entry.value
        if entry.interval is not None:
            flat |= {f"{name}_low": entry.interval.low, f"{name}_high": entry.interval.high}
    return flat


def best(tables: Tables) -> str | None:
    """By RULE; None where nothing was scored."""
    entries = standings(tables, [BY])
    if not entries:
        return None
    first = min(entries, key=lambda entry: entry.value).variant
    tied = [first] + [
        entry.variant
        for entry in entries
        if entry.variant != first and _untold(paired(tables, entry.variant, first, BY))
    ]
    for metric in TIES:
        values = {entry.variant: entry.value for entry in standings(tables, [metric])}
        if all(variant in values for variant in tied):
            return min(tied, key=lambda variant: values[variant])
    return first


def against(tables: Tables, other: str, metrics: Iterable[str] = HEADLINE) -> list[Paired]:
    """Every other variant compared with one, metric by metric, where both have clips in common."""
    found = (paired(tables, variant, other, metric) for metric in metrics for variant in tables if variant != other)
    return [row for row in found if row is not None]


def paired(tables: Tables, variant: str, other: str, metric: str) -> Paired | None:
    ours, theirs = intervals.paired(tables[variant], tables[other], metric)
    if not len(ours):
        return None
    found = intervals.difference(ours, theirs)
    ways = {"lower": (found.less, found.more), "higher": (found.more, found.less), "neither": (0, 0)}
    wins, losses = ways[glossary.about(metric).better]
    interval = found.difference if len(ours) >= LEAST_CLIPS else None
    return Paired(variant, other, metric, found.difference.value, interval, wins, losses, len(ours))


def ratio(tables: Tables, variant: str, other: str, metric: str) -> Interval | None:
    """Of the means on common clips; None with too few clips, or where there is nothing to divide by."""
    ours, theirs = intervals.paired(tables[variant], tables[other], metric)
    return intervals.ratio(ours, theirs) if len(ours) >= LEAST_CLIPS and bool((theirs > 0).all()) else None


def told_apart(row: Paired) -> bool:
    """Whether the interval leaves out 0."""
    return row.interval is not None and not row.interval.low <= 0 <= row.interval.high


def csv(entries: Iterable[Entry]) -> str:
    """Of `figures` with a row a value, for plots."""
    return _csv(
        ("variant", "metric", "value", "low", "high"),
        ((entry.variant, entry.metric, entry.value, *_ends(entry.interval)) for entry in entries),
    )


def paired_csv(rows: Iterable[Paired]) -> str:
    return _csv(
        ("variant", "other", "metric", "difference", "low", "high", "wins", "losses", "clips"),
        (
            (row.variant, row.other, row.metric, row.difference, *_ends(row.interval), row.wins, row.losses, row.clips)
            for row in rows
        ),
    )


def _untold(row: Paired | None) -> bool:
    return row is not None and row.interval is not None and not told_apart(row)


def _entry(variant: str, metric: str, values: Floats) -> Entry:
    interval = intervals.mean(values) if len(values) >= LEAST_CLIPS else None
    return Entry(variant, metric, float(values.mean()), interval, len(values))


def _of_clips(table: pl.DataFrame, metric: str) -> Floats:
    rows = table.filter(pl.col("metric") == metric).sort("clip_id")
    return np.asarray(rows["value"].to_numpy(), np.float64)


def _ends(interval: Interval | None) -> tuple[float | str, float | str]:
    return (interval.low, interval.high) if interval is not None else ("", "")


def _csv(head: tuple[str, ...], rows: Iterable[tuple[str | float, ...]]) -> str:
    """Names hold neither commas nor quotes."""
    lines = [",".join(f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in row) for row in rows]
    return "\n".join([",".join(head), *lines]) + "\n"
