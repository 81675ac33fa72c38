"""Where the 68 + 2 points and the jaw's search curves sit on the canonical mesh."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.facial_hair import BROW
from facemotion.synth.headform import domain_of
from facemotion.synth.rings import EYE_COLUMNS, LIP_COLUMNS
from facemotion.synth.topology import topology

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

# Of half a jaw, ear to chin: (azimuth in degrees, level) where the contour is searched from, and where the face ends.
_JAW_FROM: Final = ((35, -0.5), (35, 1.5), (35, 3.65), (35, 6.0), (32, 8.0), (28, 9.2), (20, 9.7), (9, 9.9), (0, 10.0))
_JAW_TO: Final = (
    (84, -0.5),
    (84, 1.5),
    (83, 3.65),
    (80, 6.6),
    (69, 9.9),
    (52, 10.85),
    (34, 11.2),
    (18, 11.4),
    (0, 11.5),
)
# Direction in the picture of an upright face in which the contour lies farthest out, degrees below the horizontal.
_JAW_ANGLE: Final = (0, 3, 8, 14, 26, 42, 60, 77, 90)
CURVE_POINTS: Final = 25

_NOSE: Final = (
    (0.0, -0.25), (0.0, 1.05), (0.0, 2.33), (0.0, 3.62),
    (-1.25, 4.62), (-0.64, 4.84), (0.0, 5.0), (0.64, 4.84), (1.25, 4.62),
)  # fmt: skip


@dataclass(frozen=True)
class Anchors:
    """Points fixed on the skin: corners [N, 3] of their triangles and weights; `index` is their place among the 68.

    Jaw: corners and weights [17, CURVE_POINTS, 3] of search curves, outward directions [17, 2] of an upright face."""

    index: Ints
    corners: Ints
    weights: Array
    jaw_corners: Ints
    jaw_weights: Array
    jaw_outward: Array


def locate(azimuth: Array, level: Array) -> tuple[Ints, Array]:
    """(corners, weights) [N, 3] on the mesh of points of the domain."""
    top = topology()
    place = top.domain * [7.3, 1.0]
    a, b, c = (place[top.triangles[:, k]] for k in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    corners, weights = [], []
    for q in np.stack([azimuth * 7.3, level], -1):
        p = q - a
        wb = (p[:, 0] * (c - a)[:, 1] - p[:, 1] * (c - a)[:, 0]) / area
        wc = ((b - a)[:, 0] * p[:, 1] - (b - a)[:, 1] * p[:, 0]) / area
        w = np.stack([1 - wb - wc, wb, wc], -1)
        best = int(np.argmax(w.min(1)))
        clipped = np.clip(w[best], 0, 1)
        corners.append(top.triangles[best].astype(np.int64))
        weights.append(clipped / clipped.sum())
    return np.array(corners), np.array(weights)


def _on_vertices(vertices: list[int]) -> tuple[Ints, Array]:
    return np.repeat(np.array(vertices)[:, None], 3, 1), np.tile([1.0, 0.0, 0.0], (len(vertices), 1))


@lru_cache(maxsize=1)
def anchors() -> Anchors:
    top = topology()
    upper_edge = BROW - [0.0, 0.14]
    brow = np.concatenate([upper_edge[::-1] * [-1, 1], upper_edge])
    loose = np.concatenate([brow, np.array(_NOSE)])
    loose_corners, loose_weights = locate(*domain_of(loose[:, 0], loose[:, 1]))
    half = EYE_COLUMNS // 2
    inner, outer = 6, 10  # columns of the upper lid's two points, counted from the inner corner
    left = [half, outer, inner, 0, EYE_COLUMNS - inner, EYE_COLUMNS - outer]
    right = [0, inner, outer, half, EYE_COLUMNS - outer, EYE_COLUMNS - inner]
    eyes = [int(top.eyes[0, 1, k]) for k in left] + [int(top.eyes[1, 1, k]) for k in right]
    middle = LIP_COLUMNS - 1
    edge, contact = 3, 1
    across = [0, middle - 10, middle - 4, middle, middle + 4, middle + 10, 2 * middle]
    lips = [int(top.lips[0, edge, k]) for k in across] + [int(top.lips[1, edge, k]) for k in across[5:0:-1]]
    across = [middle - 14, middle - 4, middle, middle + 4, middle + 14]
    lips += [int(top.lips[0, contact, k]) for k in across] + [int(top.lips[1, contact, k]) for k in across[3:0:-1]]
    corners, weights = _on_vertices(eyes + lips)
    jaw_corners, jaw_weights, outward = _jaw()
    return Anchors(
        index=np.arange(17, 68),
        corners=np.concatenate([loose_corners, corners]),
        weights=np.concatenate([loose_weights, weights]),
        jaw_corners=jaw_corners,
        jaw_weights=jaw_weights,
        jaw_outward=outward,
    )


def _jaw() -> tuple[Ints, Array, Array]:
    t = np.linspace(0, 1, CURVE_POINTS)[:, None]
    curves, outward = [], []
    for k in range(17):
        side, j = (-1.0, k) if k <= 8 else (1.0, 16 - k)
        line = np.array(_JAW_FROM[j]) * (1 - t) + np.array(_JAW_TO[j]) * t
        curves.append(np.stack([np.radians(line[:, 0]) * side, line[:, 1]], -1))
        angle = np.radians(_JAW_ANGLE[j])
        outward.append((side * np.cos(angle), np.sin(angle)))
    flat = np.concatenate(curves)
    corners, weights = locate(flat[:, 0], flat[:, 1])
    return corners.reshape(17, -1, 3), weights.reshape(17, -1, 3), np.array(outward)
