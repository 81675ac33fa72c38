"""How sure a mean over clips is, a ratio, a difference: 95 % intervals by drawing clips anew, the same in every run."""

from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

Floats = NDArray[np.float64]

DRAWS: Final = 1000
BOUNDS: Final = (0.025, 0.975)  # of as many clips as one likes


class Interval(NamedTuple):
    value: float
    low: float
    high: float


def mean(values: Floats) -> Interval:
    """Over clips."""
    low, high = np.quantile(values[_drawn(len(values))].mean(axis=1), _bounds(len(values)))
    return Interval(float(values.mean()), float(low), float(high))


def ratio(ours: Floats, theirs: Floats) -> Interval:
    """Of the means; the k-th values of both are of the same clip, and are drawn together."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} values of ours and {len(theirs)} of theirs are not of the same clips")
    drawn = _drawn(len(ours))
    low, high = np.quantile(ours[drawn].mean(axis=1) / theirs[drawn].mean(axis=1), _bounds(len(ours)))
    return Interval(float(ours.mean() / theirs.mean()), float(low), float(high))


def quotient(sums: Floats, counts: Floats) -> tuple[float, float]:
    """The interval of a mean over what clips hold, by each clip's sum and count; draws without any count not."""
    drawn = _drawn(len(sums))
    many = counts[drawn].sum(axis=1)
    low, high = np.quantile(sums[drawn].sum(axis=1)[many > 0] / many[many > 0], _bounds(len(sums)))
    return float(low), float(high)


class Comparison(NamedTuple):
    """`difference`: ours less theirs, the mean over clips; `less` and `more`: clips on which ours is the one or the
    other. Whether that is better depends on the metric."""

    difference: Interval
    less: int
    more: int
    equal: int

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.difference.low > 0 or self.difference.high < 0


def difference(ours: Floats, theirs: Floats) -> Comparison:
    """Of the k-th values' clips, which both share: what is hard for both cancels out."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} values of ours and {len(theirs)} of theirs are not of the same clips")
    apart = np.asarray(ours - theirs, np.float64)
    less, more = int((apart < 0).sum()), int((apart > 0).sum())
    return Comparison(mean(apart), less, more, len(apart) - less - more)


def paired(ours: pl.DataFrame, theirs: pl.DataFrame, metric: str) -> tuple[Floats, Floats]:
    """One metric of two tables of scores, on the clips that both have."""
    mine, other = (
        table.filter(pl.col("metric") == metric).select("clip_id", "value").sort("clip_id") for table in (ours, theirs)
    )
    both = mine.join(other, on="clip_id", suffix="_theirs").sort("clip_id")
    return both["value"].to_numpy(), both["value_theirs"].to_numpy()


def _bounds(clips: int) -> tuple[float, float]:
    """Quantiles of the draws that bound 95 %. Draws from few clips vary less than clips do: they are taken as far out
    as Student's distribution asks (Hesterberg's expanded percentile interval)."""
    if clips < 2:
        return BOUNDS
    low = float(ndtr(np.sqrt(clips / (clips - 1)) * stdtrit(clips - 1, BOUNDS[0])))
    return low, 1 - low


def _drawn(clips: int) -> NDArray[np.int64]:
    return np.random.default_rng([0]).integers(clips, size=(DRAWS, clips))
