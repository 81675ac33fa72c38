"""How much of the light from each direction reaches each place of the mean head past nose, brow and chin.

Kept as nine spherical-harmonic coefficients a vertex, so that any lamp gets soft shadows for a dot product."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.deform import vertex_normals
from facemotion.synth.raster import rasterize
from facemotion.synth.topology import topology

Array = NDArray[np.float64]
F32 = NDArray[np.float32]

COEFFICIENTS: Final = 9
_DIRECTIONS: Final = 128
_SIZE: Final = 224  # pixels of the depth picture taken from each direction
_CM: Final = 34.0  # that it spans


def harmonics(direction: Array) -> Array:
    """Real spherical harmonics up to the second order, unnormalised, of unit vectors [..., 3] -> [..., 9]."""
    x, y, z = np.moveaxis(np.asarray(direction, np.float64), -1, 0)
    return np.stack([x * 0 + 1, x, y, z, x * y, y * z, z * x, x * x - y * y, 3 * z * z - 1], -1)


def _sphere(count: int) -> Array:
    i = np.arange(count) + 0.5
    z = 1 - 2 * i / count
    turn = np.pi * (1 + 5**0.5) * i
    r = np.sqrt(1 - z * z)
    return np.stack([r * np.cos(turn), r * np.sin(turn), z], -1)


def _reached(direction: Array, points: Array, normals: Array, triangles: NDArray[np.int32]) -> Array:
    """1 where nothing lies between a vertex and the lamp in a direction, soft at the terminator."""
    away = -direction
    side = np.cross(away, [0.0, 1.0, 0.0] if abs(away[1]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    down = np.cross(away, side)
    centre = np.array([0.0, 2.0, 0.0])

    def seen(p: Array) -> tuple[Array, Array]:
        q = p - centre
        flat = np.stack([q @ side, q @ down], -1) * (_SIZE / _CM) + 0.5 * (_SIZE - 1)
        return flat, q @ away + 60.0

    flat, depth = seen(points)
    nearest = np.zeros((_SIZE, _SIZE), np.float32)
    shown = np.full((_SIZE, _SIZE), -1, np.int32)
    count = len(triangles)
    rasterize(
        flat.astype(np.float32),
        (1 / depth).astype(np.float32),
        triangles,
        np.zeros(count, bool),
        np.zeros((len(points), 2), np.float32),
        np.zeros(count, np.int32),
        np.zeros((1, 3), np.int64),
        np.zeros(4, np.uint8),
        1,
        nearest,
        shown,
    )
    at, far = seen(points + normals * 0.25)
    x, y = (np.clip(np.round(at[:, k]).astype(int), 0, _SIZE - 1) for k in range(2))
    blocked = 1.0 / np.maximum(nearest[y, x], 1e-6) < far - 0.22
    facing = normals @ direction
    return np.where(facing < -0.05, 1.0, 1.0 - blocked)


@lru_cache(maxsize=1)
def light_visibility() -> tuple[F32, F32]:
    """(coefficients [V, 9] in the head frame, share of the surroundings each vertex sees [V])."""
    top = topology()
    points = top.position
    normals = vertex_normals(points.astype(np.float32), top.triangles, top.seam).astype(np.float64)
    directions = _sphere(_DIRECTIONS)
    seen = np.stack([_reached(d, points, normals, top.triangles) for d in directions], -1)
    basis = harmonics(directions)
    damped = basis.T @ basis + np.diag([0.0, *[2.0] * 3, *[6.0] * 5])
    coefficients = np.linalg.solve(damped, basis.T @ seen.T).T
    facing = np.maximum(normals @ directions.T, 0.0)
    ambient = (seen * facing).sum(1) / np.maximum(facing.sum(1), 1e-6)
    return coefficients.astype(np.float32), ambient.astype(np.float32)
