"""The smoother under landmark smoothing: least squares against a heavy-tailed random walk of the velocity.

Solving the whole interval at once is what a Rauch-Tung-Striebel smoother does in two passes: no lag, any weights."""

from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDS: Final = 8  # of re-estimating how much is moving; changes are below a thousandth of the noise after six
TINY: Final = 1e-9  # weight that keeps the system solvable where nothing was measured


def smooth_together(
    values: Floats, weights: Floats, variance: Floats, rest: float, trust: float, doubt: float
) -> Floats:
    """Values [T, C] of columns that move and rest together, smoothed over time.

    `weights` [T, C] are 0 where a value is missing; `variance` [C] is that of the measurements. The second differences
    of the truth are taken to have variance `rest` plus `trust` times what is seen of them, on average over the columns,
    less where that is not well above `doubt` variances of the noise: at rest all is smoothed hard, a blink's few frames
    hardly at all."""
    if len(values) < 3:
        return values.copy()
    confidence = weights / variance
    smooth = np.empty_like(values)
    stiffness = np.full(len(values) - 2, 1 / (2 * float(variance.mean())))
    known = np.where(weights > 0, values, 0.0)
    _solve(known, confidence, stiffness, TINY, smooth)
    noise = doubt * float(variance.mean())
    for _ in range(ROUNDS):
        bends = (np.diff(smooth, 2, axis=0) ** 2).mean(axis=1)
        # Over three frames: motion lasts, a single noisy frame should not excuse itself.
        padded = np.pad(bends, 1, mode="edge")
        around = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
        stiffness = 1 / (rest + trust * around**2 / (around + noise))
        _solve(known, confidence, stiffness, TINY, smooth)
    return smooth


def noise_variance(values: Floats, present: NDArray[np.bool_]) -> Floats:
    """Variance [C] of white noise on smooth motions [T, C], robustly, from third differences."""
    if len(values) < 4:
        return np.zeros(values.shape[1])
    filled = np.where(present, values, 0.0)
    third = np.abs(filled[3:] - 3 * filled[2:-1] + 3 * filled[1:-2] - filled[:-3])
    whole = present[3:] & present[2:-1] & present[1:-2] & present[:-3]
    variance = np.zeros(values.shape[1])
    for column in np.flatnonzero(whole.sum(axis=0) >= 4):
        deviation = np.median(third[whole[:, column], column]) / 0.6745
        variance[column] = deviation**2 / 20  # third differences of white noise have 1 + 9 + 9 + 1 times its variance
    return variance


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _solve(known: Floats, confidence: Floats, stiffness: Floats, drift: float, out: Floats) -> None:
    """Minimise, a column at a time, sum confidence (known - x)^2 + sum stiffness (second differences of x)^2
    + drift sum (first differences of x)^2, by an L D L^T factorisation of the pentadiagonal system."""
    length, columns = known.shape
    main, first, second = np.zeros(length), np.zeros(length), np.zeros(length)
    for t in range(length - 2):
        main[t] += stiffness[t]
        main[t + 1] += 4 * stiffness[t]
        main[t + 2] += stiffness[t]
        first[t] -= 2 * stiffness[t]
        first[t + 1] -= 2 * stiffness[t]
        second[t] += stiffness[t]
    for t in range(length - 1):
        main[t] += drift
        main[t + 1] += drift
        first[t] -= drift
    pivot, lower1, lower2, right = np.empty(length), np.zeros(length), np.zeros(length), np.empty(length)
    for c in range(columns):
        for t in range(length):
            pivot[t] = main[t] + confidence[t, c]
            right[t] = confidence[t, c] * known[t, c]
            below = first[t]
            if t >= 1:
                pivot[t] -= lower1[t - 1] ** 2 * pivot[t - 1]
                right[t] -= lower1[t - 1] * right[t - 1]
                below -= lower1[t - 1] * pivot[t - 1] * lower2[t - 1]
            if t >= 2:
                pivot[t] -= lower2[t - 2] ** 2 * pivot[t - 2]
                right[t] -= lower2[t - 2] * right[t - 2]
            lower1[t], lower2[t] = below / pivot[t], second[t] / pivot[t]
        for t in range(length - 1, -1, -1):
            x = right[t] / pivot[t]
            if t + 1 < length:
                x -= lower1[t] * out[t + 1, c]
            if t + 2 < length:
                x -= lower2[t] * out[t + 2, c]
            out[t, c] = x
