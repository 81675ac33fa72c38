"""Filters in common use on landmarks [T, P, 2] in pixels, to compare a smoother with. The settings are those of a
table of known figures, at 25 frames a second in crops of 256 pixels."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import savgol_filter

from facemotion.landmarks.noise_model import FPS

Floats = NDArray[np.float64]
Filter = Callable[[Floats], Floats]

SPEED_CUTOFF_HZ: Final = 1.0  # of the low pass on One-Euro's speeds, as its authors have it
CROP_PX: Final = 256.0  # the unit of normalised speeds and of the random walk's variances


def one_euro(raw: Floats, least_hz: float, beta: float, unit: float = 1.0) -> Floats:
    """Causal low pass whose cut-off grows with speed, in `unit` pixels a second."""
    step = 1 / float(FPS)
    smooth, speed = np.empty_like(raw), np.zeros_like(raw[0])
    smooth[0] = raw[0]
    for frame in range(1, len(raw)):
        now = (raw[frame] - raw[frame - 1]) / (step * unit)
        speed = speed + _share(SPEED_CUTOFF_HZ, step) * (now - speed)
        smooth[frame] = smooth[frame - 1] + _share(least_hz + beta * np.abs(speed), step) * (
            raw[frame] - smooth[frame - 1]
        )
    return smooth


def _share(cutoff: Floats | float, step: float) -> Floats | float:
    return 1 / (1 + 1 / (2 * np.pi * cutoff * step))


def random_walk(raw: Floats, walk: float, noise: float) -> Floats:
    """Rauch-Tung-Striebel smoother of a walk with steps of variance `walk` under `noise`, in squared crop sides."""
    ahead = np.empty_like(raw)
    before, after = np.empty(len(raw)), np.empty(len(raw))
    ahead[0], after[0] = raw[0], noise
    for frame in range(1, len(raw)):
        before[frame] = after[frame - 1] + walk
        gain = before[frame] / (before[frame] + noise)
        ahead[frame] = ahead[frame - 1] + gain * (raw[frame] - ahead[frame - 1])
        after[frame] = (1 - gain) * before[frame]
    smooth = ahead.copy()
    for frame in range(len(raw) - 2, -1, -1):
        smooth[frame] += after[frame] / before[frame + 1] * (smooth[frame + 1] - ahead[frame])
    return smooth


KNOWN: Final[dict[str, Filter]] = {
    "One-Euro 1.0/0": lambda raw: one_euro(raw, 1.0, 0.0),
    "One-Euro 1.0/0.1": lambda raw: one_euro(raw, 1.0, 0.1),
    "One-Euro 0.05/80, normalised": lambda raw: one_euro(raw, 0.05, 80.0, CROP_PX),
    "Savitzky-Golay 7/2": lambda raw: savgol_filter(raw, 7, 2, axis=0),
    "Savitzky-Golay 5/2": lambda raw: savgol_filter(raw, 5, 2, axis=0),
    "Savitzky-Golay 31/2": lambda raw: savgol_filter(raw, 31, 2, axis=0),
    "Gaussian, 3 frames": lambda raw: gaussian_filter1d(raw, 3.0, axis=0),
    "Gaussian, 1 frame": lambda raw: gaussian_filter1d(raw, 1.0, axis=0),
    "random walk 1e-5/3e-6": lambda raw: random_walk(raw / CROP_PX, 1e-5, 3e-6) * CROP_PX,
    "random walk 1e-5/3e-5": lambda raw: random_walk(raw / CROP_PX, 1e-5, 3e-5) * CROP_PX,
    "median of 5": lambda raw: median_filter(raw, (5, 1, 1)),
}
