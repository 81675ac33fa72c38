"""How errors grow with what is asked of a model: how far the head turns, how far mouth and lids open."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from facemotion.evaluation import intervals
from facemotion.evaluation.intervals import Floats

BINS: Final = 6  # of as many frames each
LEAST: Final = 3  # frames a bin
# What drives: its axis label.
DRIVERS: Final = {
    "pose_gap": "turn of the head, degrees from the photo",
    "lip_opening": "opening of the lips, eye distances",
    "lid_opening": "opening of the lids, eye distances",
}


class Curve(NamedTuple):
    """One value a bin: the mean of what drives, that of the metric with its interval, and how many frames."""

    x: list[float]
    y: list[float]
    low: list[float]
    high: list[float]
    counts: list[int]


def curves(tables: Mapping[str, pl.DataFrame], driver: str, metric: str) -> dict[str, Curve]:
    """By variant; the bins are those of all frames together, so that curves are of the same frames."""
    joined = {name: _joined(table, driver, metric) for name, table in tables.items()}
    joined = {name: table for name, table in joined.items() if len(table)}
    if not joined:
        return {}
    every = np.concatenate([table["x"].to_numpy() for table in joined.values()])
    edges = np.unique(np.quantile(every, np.linspace(0, 1, BINS + 1)))
    if len(edges) < 3:
        return {}
    return {name: curve for name, table in joined.items() if len((curve := _curve(table, edges)).x) > 1}


def _joined(table: pl.DataFrame, driver: str, metric: str) -> pl.DataFrame:
    key = ["clip_id", "frame"]
    x, y = (table.filter(pl.col("metric") == name).select(*key, "value") for name in (driver, metric))
    return x.rename({"value": "x"}).join(y.rename({"value": "y"}), on=key).sort(key)


def _curve(table: pl.DataFrame, edges: Floats) -> Curve:
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    place = np.clip(np.searchsorted(edges, x, "right") - 1, 0, len(edges) - 2)
    clip = np.unique(table["clip_id"].to_numpy(), return_inverse=True)[1]
    shape = clip.max() + 1, len(edges) - 1
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (clip, place), y)
    np.add.at(counts, (clip, place), 1)
    curve = Curve([], [], [], [], [])
    for k in np.flatnonzero(counts.sum(axis=0) >= LEAST).tolist():
        # Frames of a clip are alike: clips are drawn anew, not frames.
        low, high = intervals.quotient(sums[:, k], counts[:, k])
        curve.x.append(float(x[place == k].mean()))
        curve.y.append(float(y[place == k].mean()))
        curve.low.append(low)
        curve.high.append(high)
        curve.counts.append(int(counts[:, k].sum()))
    return curve
