"""Hair as shells over the scalp that may hang on past it, with ragged, see-through edges of strands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.headform import base_point, step
from facemotion.synth.part import Kind, Part, grid_triangles

Array = NDArray[np.float64]
Mover = Callable[[Array], Array]

COLUMNS: Final = 97
SCALP_ROWS: Final = 20
HANG_ROWS: Final = 14
ROWS: Final = SCALP_ROWS + HANG_ROWS
_TEXTURE: Final = (384, 768)


@dataclass(frozen=True)
class Cut:
    """A haircut by azimuth: where on the scalp it ends (level), how far it hangs on (cm), how thick it is (cm)."""

    end: Callable[[Array], Array]
    hang: Callable[[Array], Array]
    thickness: Callable[[Array, Array], Array]  # of (azimuth, 0 at the crown .. 1 at the end)
    flow: Callable[[Array, Array], Array]  # a coordinate constant along strands
    ragged: float = 0.5  # cm
    soft: float = 0.25  # cm
    wave: float = 0.0
    frizz: float = 0.0
    inward: float = 0.0  # how far the hanging ends curl in, cm


def _azimuths() -> Array:
    return np.linspace(-np.pi, np.pi, COLUMNS)


def shell(cut: Cut, share: float, mover: Mover, rng: np.random.Generator) -> Array:
    """Vertices [ROWS, COLUMNS, 3] of the shell at a share of the cut's thickness, head frame."""
    a = _azimuths()[None]
    s = np.linspace(0, 1, SCALP_ROWS)[:, None] ** 0.9
    end = cut.end(a)
    # Rows run evenly over the dome: by angle above, by level below the widest place.
    level = -11.6 + (end + 11.6) * (0.35 * s + 0.65 * s**1.9)
    scalp = base_point(np.broadcast_to(a, level.shape), level)
    scalp = mover(scalp.reshape(-1, 3)).reshape(scalp.shape)
    core = np.stack([0 * scalp[..., 0], np.clip(scalp[..., 1], -3.5, 30), 0 * scalp[..., 2] + 0.3], -1)
    outward = scalp - core
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True) + 1e-9
    lumps = cut.frizz * _lumps(rng, level.shape)
    thick = cut.thickness(a, s) * share + lumps * share
    upper = scalp + outward * thick[..., None]
    t = np.linspace(0, 1, HANG_ROWS + 1)[1:, None]
    drop = cut.hang(a) * t
    start = upper[-1:]
    radial = np.stack([np.sin(a), 0 * a, -np.cos(a)], -1)
    swell = 0.9 * np.sin(np.pi * np.clip(drop / 9.0, 0, 1)) - cut.inward * step(t, 0.55, 1.0)
    swell = swell + cut.wave * np.sin(drop * 1.15 + 2.0 * np.sin(a * 3)) * step(drop, 2.0, 8.0)
    lower = start + radial * (swell * (0.6 + 0.4 * share))[..., None]
    lower[..., 1] += drop
    chest = step(lower[..., 1], 13.0, 19.0) * step(np.cos(a), -0.35, 0.1)
    lower[..., 2] -= 3.4 * chest
    lower[..., 0] *= 1.0 - 0.10 * step(lower[..., 1], 9.0, 14.0)
    return np.concatenate([upper, lower])


def _lumps(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    coarse = cv2.resize(rng.standard_normal((9, 24)), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(rng.standard_normal((18, 48)), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    out = np.asarray(0.6 * coarse + 0.5 * fine)
    seam = np.linspace(-1, 1, shape[1])[None] ** 8
    return out * (1 - seam)


def strand_noise(rng: np.random.Generator, place: Array, cells: int) -> Array:
    """Smooth 1-D noise along `place` (0..1 wraps), unit amplitude."""
    table = rng.standard_normal(cells)
    at = (place % 1.0) * cells
    i = np.floor(at).astype(int)
    f = at - i
    f = f * f * (3 - 2 * f)
    return np.asarray(table[i % cells] * (1 - f) + table[(i + 1) % cells] * f)


def paint_hair(cut: Cut, colour: Array, rng: np.random.Generator, shade: float, thin: float) -> NDArray[np.uint8]:
    """RGBA over (azimuth, row); shade darkens inner shells, thin (0..1) leaves gaps between strands."""
    height, width = _TEXTURE
    v, u = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    a = (u * 2 - 1) * np.pi
    row = v * (ROWS - 1)
    s = np.clip(row / (SCALP_ROWS - 1), 0, 1) ** 0.9
    t = np.clip((row - SCALP_ROWS + 1) / HANG_ROWS, 0, 1)
    flow = cut.flow(a, s)
    hang = cut.hang(a)
    streak = 0.45 * strand_noise(rng, flow, 90) + 0.5 * strand_noise(rng, flow + 0.02 * v, 260)
    streak += 0.35 * strand_noise(rng, flow + 0.01 * v, 620)
    drift = cv2.resize(rng.standard_normal((10, 14)), (width, height), interpolation=cv2.INTER_CUBIC)
    light = 1 + 0.17 * streak + 0.08 * drift
    light *= 0.80 + 0.20 * step(s, 0.02, 0.35)
    tips = 1 + 0.16 * step(t, 0.2, 1.0)
    if cut.frizz > 0.25:
        curls = cv2.resize(rng.standard_normal((110, 230)), (width, height), interpolation=cv2.INTER_CUBIC)
        light = 1 + 0.24 * curls + 0.1 * drift
    rgb = colour * (light * tips * shade)[..., None]
    # Distance in cm to where the hair ends, along the strand.
    scalp_left = (1 - s) * 14.0
    length = cut.hang(a) * (1 - t)
    lengths = 0.6 * strand_noise(rng, flow, 140) + 0.5 * strand_noise(rng, flow, 400)
    hanging = step(hang, 0.5, 2.0)
    left = np.where(row <= SCALP_ROWS - 1, scalp_left + hang, length) + cut.ragged * (lengths - 0.9)
    border = (np.abs(hang) < 0.5) * (row > SCALP_ROWS - 1)
    opacity = np.clip(0.5 + left / (2 * cut.soft) , 0, 1) * (1 - border)
    gaps = strand_noise(rng, flow, 330) + 0.6 * strand_noise(rng, flow, 700)
    edge_thin = np.clip(thin + 0.5 * (1 - step(left, 0.0, 2.2)), 0, 1)
    opacity *= np.clip(1.0 + 1.2 * gaps - 1.9 * (edge_thin - 0.25), 0, 1)
    if cut.frizz > 0.25:
        fuzz = cv2.resize(rng.standard_normal((90, 190)), (width, height), interpolation=cv2.INTER_CUBIC)
        opacity *= np.clip(1.15 + 1.3 * fuzz - 1.6 * thin, 0, 1)
    out = np.empty((height, width, 4), np.uint8)
    out[..., :3] = np.clip(rgb * 255, 0, 255)
    out[..., 3] = np.clip(opacity * 255, 0, 255)
    assert hanging.shape == left.shape
    return out


def hair_part(position: Array, texture: NDArray[np.uint8], inside: bool = False) -> Part:
    """A shell as a part; inside: also seen from within where it hangs."""
    rows, columns = position.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    triangles = grid_triangles(rows, columns)
    if inside:
        hanging = grid_triangles(rows, columns, flip=True)
        triangles = np.concatenate([triangles, hanging[(hanging >= columns * (SCALP_ROWS - 4)).all(1)]])
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    uv = np.stack([u, v], -1).reshape(-1, 2)
    flat = position.reshape(-1, 3)
    corners = flat[triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    triangles = triangles[(area > 1e-7) & _any_hair(uv, triangles, texture)]
    strand = np.concatenate([index[1:], index[-1:]]).ravel()
    return Part(
        Kind.HAIR,
        flat.astype(np.float32),
        triangles,
        uv.astype(np.float32),
        texture,
        head_share=(1 - 0.6 * step(flat[:, 1], 7.0, 19.0)).astype(np.float32),
        jaw_share=np.zeros(len(flat), np.float32),
        cutout=True,
        strand=strand.astype(np.int32),
        seam=np.stack([index[:, 0], index[:, -1]], -1).astype(np.int32),
    )


def _any_hair(uv: Array, triangles: NDArray[np.int32], texture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which triangles show any hair at all: the greatest opacity near their middle."""
    height, width = texture.shape[:2]
    grown = cv2.dilate(texture[..., 3], np.ones((2 * height // ROWS + 1, 2 * width // COLUMNS + 1), np.uint8))
    middle = uv[triangles].mean(1)
    x = np.clip((middle[:, 0] * width).astype(int), 0, width - 1)
    y = np.clip((middle[:, 1] * height).astype(int), 0, height - 1)
    return np.asarray(grown[y, x] > 20)
