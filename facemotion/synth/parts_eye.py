"""Eyeballs: turning spheres with an iris painted in their own polar coordinates."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.headform import EYE_CENTRE, step
from facemotion.synth.part import Kind, Part, faced, grid_triangles

Array = NDArray[np.float64]

_RINGS: Final = 15
_SPOKES: Final = 33
_REACH: Final = 1.75  # radians from the optical axis that the mesh covers
IRIS_RADIUS: Final = 0.385  # radians
_SIZE: Final = 192


def eye_part(ball: Array, paint: NDArray[np.uint8]) -> Part:
    """ball: x, y, z, radius in the head frame. The first vertex is the centre of the pupil."""
    centre = ball[:3]
    angle = np.linspace(0.0, 1.0, _RINGS) ** 1.25 * _REACH
    turn = np.linspace(0, 2 * np.pi, _SPOKES)
    t, u = np.meshgrid(angle, turn, indexing="ij")
    radius = ball[3] - 0.035 + 0.10 * (1.0 - step(t, 0.30, 0.52))
    local = np.stack([np.sin(t) * np.cos(u), np.sin(t) * np.sin(u), -np.cos(t)], -1) * radius[..., None]
    position = (local + centre).reshape(-1, 3)
    uv = 0.5 + 0.5 * (t / _REACH)[..., None] * np.stack([np.cos(u), np.sin(u)], -1)
    n = len(position)
    triangles = faced(position, grid_triangles(_RINGS, _SPOKES), centre)
    ends = np.arange(_RINGS) * _SPOKES
    return Part(
        Kind.EYE,
        position.astype(np.float32),
        triangles,
        uv.reshape(-1, 2).astype(np.float32),
        paint,
        head_share=np.ones(n, np.float32),
        jaw_share=np.zeros(n, np.float32),
        seam=np.stack([ends, ends + _SPOKES - 1], -1).astype(np.int32),
    )


def paint_eye(rng: np.random.Generator, iris: Array, pupil: float) -> NDArray[np.uint8]:
    """RGBA texture of one eye; iris: colour in 0..1 display values; pupil: its share of the iris radius."""
    half = (np.arange(_SIZE) + 0.5) / _SIZE * 2 - 1
    x, y = np.meshgrid(half, half)
    r = np.hypot(x, y) * _REACH / IRIS_RADIUS  # 1 at the edge of the iris
    turn = np.arctan2(y, x)
    waves = sum(np.cos(turn * k + rng.uniform(0, 6.3)) * rng.uniform(0.3, 1) for k in (9, 14, 23, 31, 47)) / 3.0
    sclera = np.stack([0.81 + 0 * r, 0.79 + 0 * r, 0.78 + 0 * r], -1)
    sclera *= (1.0 - 0.16 * step(r, 1.6, 3.6))[..., None]
    sclera[..., 1:] *= (1.0 - 0.08 * step(r, 1.8, 3.4))[..., None]
    ring = np.clip((r - pupil) / (1 - pupil), 0, 1)
    shade = 0.86 + 0.16 * waves * step(ring, 0.0, 0.3) + 0.20 * step(ring, 0.1, 0.55) * (1 - step(ring, 0.6, 0.95))
    shade *= 0.80 + 0.32 * (y > -9) * (0.5 + 0.5 * np.clip(y * 4, -1, 1))  # light pools at the bottom of the iris
    warm = np.array([1.12, 0.98, 0.72])
    near = (1 - step(ring, 0.05, 0.42))[..., None]
    disc = iris * shade[..., None] * (1 - near * 0.5 + near * 0.5 * warm)
    disc *= (1.0 - 0.62 * step(r, 0.80, 1.0))[..., None]
    disc *= (1 - 0.97 * (1 - step(r, pupil - 0.04, pupil + 0.05)))[..., None]
    edge = step(r, 0.95, 1.09)[..., None]
    colour = disc * (1 - edge) + sclera * edge
    out = np.full((_SIZE, _SIZE, 4), 255, np.uint8)
    out[..., :3] = np.clip(colour * 255 + 0.5, 0, 255).astype(np.uint8)
    return out


def eye_centre(side: int) -> Array:
    return np.array(EYE_CENTRE) * ([-1, 1, 1] if side == 0 else [1, 1, 1])
