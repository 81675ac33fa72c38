"""A face's motion split in two: where the whole of it is (a similarity a frame) and what it does within itself.

Points are complex numbers x + iy here: multiplying by one turns and scales."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.landmarks.layout import OUTER_EYES, RIGID

Complex = NDArray[np.complex128]
ROUNDS: Final = 3


def split_motion(points: Complex, weights: NDArray[np.float64]) -> tuple[Complex, Complex, Complex]:
    """Points [T, P] -> (turn [T], place [T], local [T, P]) with points = turn * local + place.

    The similarity is fitted to the stiff points, by weights [T, P]; `local` has its stiff points' mean at 0 and, on
    average, its outer corners of the eyes level and 1 apart. Frames without points must not be given."""
    stiff, trust = points[:, RIGID], weights[:, RIGID]
    trust = trust / np.maximum(trust.sum(axis=1, keepdims=True), 1e-12)
    shape = (stiff - stiff.mean(axis=1, keepdims=True)).mean(axis=0)
    for _ in range(ROUNDS):
        # The similarity that best lays the shape on each frame, then the shape that best fits all frames laid back.
        turn, place = _fit(stiff, trust, shape)
        shape = ((stiff - place[:, None]) / turn[:, None]).mean(axis=0)
        shape -= shape.mean()
    turn, place = _fit(stiff, trust, shape)
    local = (points - place[:, None]) / turn[:, None]
    eyes = (local[:, OUTER_EYES[1]] - local[:, OUTER_EYES[0]]).mean()
    upright = complex(eyes) if abs(eyes) > 1e-9 else 1.0
    return turn * upright, place, local / upright


def _fit(points: Complex, trust: NDArray[np.float64], shape: Complex) -> tuple[Complex, Complex]:
    """(turn, place) [T] with turn * shape + place nearest to points [T, P]; `trust` [T, P] sums to 1 in each frame."""
    # Both are centred by the frame's own weights: otherwise a few doubtful points shrink the whole face.
    middle, shape_middle = (trust * points).sum(axis=1), (trust * shape).sum(axis=1)
    about = shape - shape_middle[:, None]
    spread = np.maximum((trust * np.abs(about) ** 2).sum(axis=1), 1e-12)
    turn = (trust * (points - middle[:, None]) * about.conj()).sum(axis=1) / spread
    turn = np.where(np.abs(turn) > 1e-9, turn, 1.0)
    return turn, middle - turn * shape_middle
