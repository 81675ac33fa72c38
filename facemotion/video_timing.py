"""From the time stamps of coded frames to a constant-rate grid: the true rate, and each frame's place on it."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

STANDARD_RATES: Final = tuple(
    Fraction(n, d)
    for n, d in ((24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1),
                 (10, 1), (12, 1), (15, 1), (20, 1), (90, 1), (100, 1), (120000, 1001), (120, 1), (240, 1))
)  # fmt: skip
MIN_RATE: Final = Fraction(1, 2)
MAX_RATE: Final = Fraction(240)


def constant_rate(pts: NDArray[np.int64], time_base: Fraction, hints: Sequence[Fraction]) -> Fraction:
    """The rate of sorted, distinct time stamps: the one that puts every frame on its grid, else the usual nearest one.

    Dropped frames leave holes in the grid and do not lower the rate. `hints` are what the container claims."""
    sensible = [rate for rate in dict.fromkeys(hints) if MIN_RATE <= rate <= MAX_RATE]
    if len(pts) < 2:
        return sensible[0] if sensible else Fraction(25)
    step = float(np.median(np.diff(pts)))
    median = Fraction(step).limit_denominator(1000) * time_base
    exact = [1 / median] if MIN_RATE <= 1 / median <= MAX_RATE else []
    # Hints are believed where they fit; else the usual rates, closest first, before odd ones.
    for rates in (*([hint] for hint in sensible), STANDARD_RATES, exact):
        misfits = [(off, rate) for rate in rates if (off := _misfit(pts, step, time_base, rate)) is not None]
        if misfits:
            return min(misfits)[1]
    return min([*sensible, *STANDARD_RATES], key=lambda rate: (abs(np.log(float(rate * median))), rate))


def _misfit(pts: NDArray[np.int64], step: float, time_base: Fraction, rate: Fraction) -> float | None:
    """How far, in frames, the time stamps lie off the grid of a rate at most; None where it is not their rate."""
    tick = float(time_base * rate)
    if round(step * tick) != 1:
        return None  # a multiple of the true rate fits as well
    at = (pts - pts[0]) * tick
    off = float(np.abs(at - np.rint(at)).max())
    # Time stamps are rounded to the time base: a tick or so off the grid is still on it.
    return off if off <= min(1.01 * tick + 1e-3, 0.25) else None


def grid_slots(pts: NDArray[np.int64], time_base: Fraction, fps: Fraction) -> NDArray[np.int64]:
    """The grid place (k of k/fps) nearest to each of the sorted time stamps, counted from the first."""
    slots: NDArray[np.int64] = np.rint((pts - pts[0]) * float(time_base * fps)).astype(np.int64)
    return slots
