"""How far a head is turned, whatever its face does: a stiff generic face laid on the stiff points alone.

The mouth's corners, which the pipeline's rough pose counts on, would turn the head by degrees with every word."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.landmarks.layout import RIGID
from facemotion.landmarks.pose import MODEL

Floats = NDArray[np.float64]

STIFF: Final = [point for point in RIGID if point in MODEL]
_SHAPE: Final = np.array([MODEL[point] for point in STIFF])
_SOLVE: Final = np.linalg.pinv(_SHAPE - _SHAPE.mean(axis=0))


def pose_gap(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Degrees of the one turn that takes the head of these points [68 or 70, 2] into that of the others."""
    return float(angle(rotation(one), rotation(other)))


def yaw_gap(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Degrees of it that are to the side: these, not nods and tilts, are what hides half of a face."""
    first, second = (_aside(rotation(points)) for points in (one, other))
    return abs((first - second + 180) % 360 - 180)


def _aside(turn: Floats) -> float:
    return float(np.degrees(np.arctan2(turn[2, 0], turn[2, 2])))


def angle(one: Floats, other: Floats) -> Floats:
    """Degrees between rotations [..., 3, 3]."""
    cosine = ((one * other).sum(axis=(-2, -1)) - 1) / 2
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))), np.float64)


def rotation(points: NDArray[np.floating]) -> Floats:
    """[3, 3]: its rows are the image's right, down and the way to the camera, in the head's own frame; by weak
    perspective, of points in pixels."""
    seen = np.asarray(points, np.float64)[STIFF]
    rows = (_SOLVE @ (seen - seen.mean(axis=0))).T
    # The nearest pair of orthogonal rows: scale goes, and with it what a narrow or long face does to it.
    left, _, right = np.linalg.svd(rows, full_matrices=False)
    level = left @ right
    return np.vstack([level, np.cross(level[0], level[1])])
