"""How each expression control moves the vertices of the mean head: linear displacements and the jaw's share."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.controls import INDEX, N_EXPRESSIONS
from facemotion.synth.headform import MOUTH_Y, bump, step
from facemotion.synth.rings import LIP_RINGS
from facemotion.synth.topology import Topology, topology

Array = NDArray[np.float64]

JAW_DEGREES: Final = 14.0  # of jaw_open = 1


def lip_side(top: Topology) -> Array:
    """-1 for vertices above the line where the lips meet, +1 below; rings know, other skin is told by its height."""
    side = np.where(top.position[:, 1] < MOUTH_Y, -1.0, 1.0)
    side[top.lips[0].ravel()] = -1.0
    side[top.lips[1].ravel()] = 1.0
    return side


@lru_cache(maxsize=1)
def jaw_share() -> Array:
    """How much of the jaw's turn a vertex follows: 1 on chin and lower lip, 0 on the upper lip, soft on cheeks."""
    top = topology()
    x, level, azimuth = top.position[:, 0], top.domain[:, 1], np.abs(top.domain[:, 0])
    side = lip_side(top)
    beyond = np.maximum(np.abs(x) - 2.35, 0.0)
    softness = 0.10 + 1.15 * beyond
    share = step((top.position[:, 1] - MOUTH_Y - 0.25 * beyond) / softness, -1.0, 1.0)
    near = np.abs(x) < 2.7
    below = step(level, 7.0, 8.2)
    share = np.where(near & (side > 0), np.maximum(share, 1.0 - 0.12 * step(np.abs(x), 1.5, 2.5)), share)
    share = np.where(near & (side < 0), np.minimum(share, 0.22 * step(np.abs(x), 1.6, 2.6)), share)
    share = np.where(np.abs(x) > 2.7, np.maximum(share * step(level, 4.5, 9.0), 0.0), share)
    share = np.maximum(share, below * (np.abs(x) < 2.0) * (side > 0))
    for ring in range(LIP_RINGS):
        for half in range(2):
            row = top.lips[half, ring]
            share[row[[0, -1]]] = 0.48
            t = np.clip(np.abs(top.position[row, 0]) / 2.5, 0, 1) ** 6
            share[row[1:-1]] = ((1.0 - half) * 0.48 * t + half * (1 - 0.52 * t))[1:-1]
    return share * (1.0 - step(level, 11.6, 14.0)) * (1.0 - step(azimuth, 1.35, 1.75))


@lru_cache(maxsize=1)
def displacements() -> NDArray[np.float32]:
    """[control, vertex, 3] in cm at control = 1, mean head frame; zero where a control is not linear."""
    top = topology()
    x, y, _ = top.position.T
    face = step(np.cos(top.domain[:, 0]), 0.0, 0.3) * (1.0 - step(top.domain[:, 1], 12.0, 13.5))
    side = lip_side(top)
    out = np.zeros((N_EXPRESSIONS, len(x), 3))

    def add(
        control: str, field: Array, dx: Array | float = 0.0, dy: Array | float = 0.0, dz: Array | float = 0.0
    ) -> None:
        shift = np.stack(np.broadcast_arrays(field * dx, field * dy, field * dz), -1)
        out[INDEX[control]] += shift * face[:, None]

    sign = np.sign(x)
    upper, lower = side < 0, side > 0
    inner = np.clip(np.abs(x) / 2.5, 0.0, 1.0)
    corner = bump(x, y, 2.6, MOUTH_Y, 1.35, 1.35)
    around = bump(x, y, 0.0, 7.15, 3.1, 2.1)
    lips = bump(x, y, 0.0, 7.15, 2.9, 1.5)
    for name, which in (("corner_left", -x), ("corner_right", x)):
        half = step(which, 0.0, 1.6)
        add(name, corner * half, 0.85 * sign, -0.04, 0.38)
        add(name, bump(x, y, 4.3, 6.3, 1.3, 1.6) * half, 0.25 * sign, 0.0, -0.1)
    add("jaw_open", corner, -0.32 * sign, 0.0, 0.0)
    add("jaw_side", jaw_share(), 0.75)
    add("smile", corner * step(inner, 0.1, 1.0), 0.62 * sign, -0.62, 0.42)
    add("smile", bump(x, y, 3.9, 3.7, 1.5, 1.5), 0.12 * sign, -0.42, -0.36)
    add("smile", bump(x, y, 0.0, 7.0, 1.5, 1.2), 0.0, 0.04, 0.22)
    add("smile", bump(x, y, 1.5, 4.3, 0.8, 0.8), 0.10 * sign, -0.08, 0.0)
    add("frown", corner * step(inner, 0.1, 1.0), 0.10 * sign, 0.58, 0.08)
    add("frown", bump(x, y, 0.0, 9.4, 1.6, 1.0), 0.0, -0.16, -0.14)
    add("frown", bump(x, y, 0.0, 7.3, 1.4, 1.0), 0.0, -0.12, -0.05)
    add("pucker", around, -0.40 * x, 0.0, -0.55)
    add("pucker", lips * np.where(upper, -0.10, 0.12), 0.0, 1.0, 0.0)
    add("funnel", around, -0.24 * x, 0.0, -0.40)
    add("funnel", lips * step(1.0 - inner, 0.0, 0.7), 0.0, np.where(upper, -0.38, 0.48), -0.12)
    add("press", lips, 0.02 * x, -0.50 * (y - MOUTH_Y), 0.34)
    add("upper_lip", lips * upper * step(1.0 - inner, 0.0, 0.75), 0.0, -0.62, -0.04)
    add("upper_lip", bump(x, y, 1.5, 4.8, 1.2, 1.2) * upper, 0.0, -0.22, -0.05)
    add("lower_lip", lips * lower * step(1.0 - inner, 0.0, 0.75), 0.0, 0.66, 0.02)
    add("cheek_puff", bump(x, y, 4.3, 6.9, 1.9, 1.9), 0.55 * sign, 0.0, -0.55)
    add("cheek_puff", bump(x, y, 0.0, 5.9, 2.2, 0.9) + bump(x, y, 0.0, 8.5, 2.2, 0.9), 0.0, 0.0, -0.18)
    add("brow_inner_up", bump(x, y, 1.5, -2.3, 1.5, 1.5), 0.0, -0.72, 0.0)
    add("brow_outer_up", bump(x, y, 4.7, -2.2, 1.8, 1.6), 0.0, -0.66, 0.0)
    add("brow_down", bump(x, y, 2.2, -2.1, 2.3, 1.3), -0.22 * sign, 0.55, -0.12)
    add("squint", bump(x, y, 3.7, 2.4, 1.7, 1.1), 0.0, -0.26, -0.16)
    add("squint", bump(x, y, 3.6, -2.0, 2.0, 0.9), 0.0, 0.14, 0.0)
    return out.astype(np.float32)
