"""Hair as shells over the scalp that may hang on past it, with soft roots and ragged, see-through tips."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.headform import base_point, step
from facemotion.synth.part import Kind, Part, grid_triangles, opacity_range

Array = NDArray[np.float64]
F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Mover = Callable[[Array], Array]
Field = Callable[[Array, Array], Array]  # of (azimuth, 0 at the crown .. 1 at the end of the scalp's part)

COLUMNS: Final = 97
SCALP_ROWS: Final = 22
HANG_ROWS: Final = 14
ROWS: Final = SCALP_ROWS + HANG_ROWS
_HEIGHT: Final = 352
_WIDTH: Final = 896
_POWER: Final = 0.9  # rows gather a little towards the end


@dataclass(frozen=True)
class Cut:
    """A haircut: where on the scalp it ends (level, by azimuth), how far it hangs on (cm), how thick it is (cm)."""

    end: Callable[[Array], Array]
    thickness: Field
    flow: Field  # constant along a strand
    hang: Callable[[Array], Array] | None = None
    curtain: float = 0.98  # azimuth where the hanging hair begins
    ragged: float = 0.4  # cm by which tips differ
    soft: float = 0.45  # cm over which the edge fades
    wave: float = 0.0  # cm
    frizz: float = 0.05  # unevenness of the surface; above 0.1 hair curls
    inward: float = 0.0  # how far the hanging ends curl in, cm
    parting: float | None = None  # azimuth

    def fall(self, azimuth: Array) -> Array:
        return 0.0 * azimuth if self.hang is None else self.hang(azimuth)


def _noise(rng: np.random.Generator, cells: tuple[int, int], shape: tuple[int, int]) -> F32:
    """Smooth noise that closes around the head."""
    grid = rng.standard_normal(cells).astype(np.float32)
    grid = np.concatenate([grid, grid[:, :1]], axis=1)
    return np.asarray(cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))


def shell(cut: Cut, share: float, mover: Mover, rng: np.random.Generator) -> Array:
    """Vertices [ROWS, COLUMNS, 3] of the shell at a share of the cut's thickness, head frame."""
    a = np.linspace(-np.pi, np.pi, COLUMNS)[None]
    s = np.linspace(0, 1, SCALP_ROWS)[:, None] ** _POWER
    level = -11.6 + (cut.end(a) + 11.6) * (0.35 * s + 0.65 * s**1.9)
    scalp = base_point(np.broadcast_to(a, level.shape), level)
    scalp = mover(scalp.reshape(-1, 3)).reshape(scalp.shape)
    core = np.stack([0 * scalp[..., 0], np.clip(scalp[..., 1], -3.5, 30), 0 * scalp[..., 2] + 0.3], -1)
    outward = scalp - core
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True) + 1e-9
    lumps = 0.6 * _noise(rng, (9, 22), level.shape) + 0.5 * _noise(rng, (17, 44), level.shape)
    thick = cut.thickness(a, s) * share * (1.0 + cut.frizz * lumps)
    upper = scalp + outward * (0.06 + thick)[..., None]
    if cut.hang is None:
        return np.concatenate([upper, np.repeat(upper[-1:], HANG_ROWS, 0)])
    t = np.linspace(0, 1, HANG_ROWS + 1)[1:, None]
    drop = cut.hang(a) * t
    radial = np.stack([np.sin(a), 0 * a, -np.cos(a)], -1)
    swell = 1.1 * np.sin(np.pi / 2 * np.clip(drop / 6.0, 0, 1)) - cut.inward * step(t, 0.5, 1.0)
    swell = swell + cut.wave * np.sin(drop * 1.05 + 1.6 * np.sin(a * 4)) * step(drop, 2.0, 8.0)
    swell = swell * (0.6 + 0.4 * share) + 2.2 * cut.frizz * lumps[-HANG_ROWS:] * step(drop, 0.0, 4.0)
    lower = upper[-1:] + radial * swell[..., None]
    lower[..., 1] += drop
    chest = step(lower[..., 1], 13.0, 19.0) * step(np.cos(a), -0.35, 0.1)
    lower[..., 2] -= 3.6 * chest
    lower[..., 0] *= 1.0 - 0.06 * step(lower[..., 1], 8.0, 14.0)
    return np.concatenate([upper, lower])


def strand_noise(rng: np.random.Generator, place: Array, cells: int) -> F32:
    """Smooth 1-D noise along `place` (wraps at 1), unit amplitude."""
    table = rng.standard_normal(cells).astype(np.float32)
    at = ((place % 1.0) * cells).astype(np.float32)
    i = at.astype(np.int32)
    f = at - i
    i %= cells
    f = f * f * (3 - 2 * f)
    return np.asarray(table[i] * (1 - f) + table[(i + 1) % cells] * f)


@dataclass(frozen=True)
class Painted:
    """What the layers of one head of hair share, over (row, azimuth): colour, cm left to the edge, strands' density."""

    colour: F32
    left: F32
    strands: F32


def paint(cut: Cut, hair: Array, skin: Array, rng: np.random.Generator) -> Painted:
    v, u = np.meshgrid((np.arange(_HEIGHT) + 0.5) / _HEIGHT, (np.arange(_WIDTH) + 0.5) / _WIDTH, indexing="ij")
    a = (u * 2 - 1) * np.pi
    row = v * (ROWS - 1)
    s = np.clip(row / (SCALP_ROWS - 1), 0, 1) ** _POWER
    t = np.clip((row - SCALP_ROWS + 1) / HANG_ROWS, 0, 1)
    flow = cut.flow(a, s)
    bend = flow + (0.012 * np.sin(9 * v + 3 * np.sin(a)) if cut.wave else 0.012 * v)
    streak = (
        0.55 * strand_noise(rng, flow, 80) + 0.55 * strand_noise(rng, bend, 240) + 0.35 * strand_noise(rng, bend, 620)
    )
    shape = (_HEIGHT, _WIDTH)
    light = 1 + 0.15 * streak + 0.07 * _noise(rng, (9, 13), shape)
    strands = strand_noise(rng, bend, 300) + 0.6 * strand_noise(rng, bend, 700)
    tips = 0.6 * strand_noise(rng, flow, 120) + 0.5 * strand_noise(rng, flow, 420)
    if cut.frizz > 0.1:
        curls = _noise(rng, (70, 170), shape)
        light = 1 + 0.22 * curls + 0.08 * _noise(rng, (9, 13), shape)
        strands = 0.9 * _noise(rng, (100, 240), shape) + 0.4 * curls
        tips = 0.7 * _noise(rng, (60, 150), shape)
    light = light * (0.78 + 0.22 * step(s, 0.02, 0.3)) * (1 + 0.14 * step(t, 0.2, 1.0))
    colour = hair * light[..., None]
    fall = cut.fall(a)
    left = np.where(row <= SCALP_ROWS - 1, (1 - s) * (cut.end(a) + 13.0) * 1.15 + fall, fall * (1 - t))
    if cut.hang is not None:
        across = (np.abs(a) - cut.curtain) * 7.0
        left = np.minimum(
            left,
            across
            + np.where(row > SCALP_ROWS - 1, 0.0, (1 - s) * 22.0)
            + 99.0 * (np.abs(a) < cut.curtain - 0.12) * (s < 1),
        )
    else:
        left = np.where(row > SCALP_ROWS - 1, -9.0, left)
    left = left + cut.ragged * (tips - 0.7)
    if cut.parting is not None:
        near = np.exp(-(((a - cut.parting) * 8.0 * np.sin(np.clip(s, 0.1, 1) * 1.5) / 0.17) ** 2)) * step(s, 0.25, 0.4)
        colour = colour * (1 - 0.4 * near[..., None]) + skin * 0.7 * 0.4 * near[..., None]
    return Painted(colour.astype(np.float32), left.astype(np.float32), strands.astype(np.float32))


def layer_texture(painted: Painted, cut: Cut, shade: float, thin: float) -> U8:
    """RGBA of one shell; shade darkens inner ones, thin (0..1) is the share of gaps between strands."""
    if thin == 0.0:  # the innermost shell is whole, and reaches a little farther
        opacity = np.clip(0.9 + painted.left / (2 * cut.soft), 0, 1)
    else:
        gaps = thin + 0.35 * np.clip(1 - painted.left / 2.0, 0, 1)
        strands = np.clip(0.5 + (painted.strands + 2.6 - 4.2 * gaps) * 0.9, 0, 1)
        opacity = np.clip(0.5 + painted.left / (2 * cut.soft), 0, 1) * strands
    out = np.empty((*opacity.shape, 4), np.uint8)
    out[..., :3] = np.clip(painted.colour * (255 * shade), 0, 255)
    out[..., 3] = opacity * 255
    return out


def hair_part(position: Array, texture: U8, inside: bool = False) -> Part:
    """A shell as a part; inside: also seen from within where it hangs."""
    rows, columns = position.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    triangles = grid_triangles(rows, columns)
    if inside:
        hanging = grid_triangles(rows, columns, flip=True)
        triangles = np.concatenate([triangles, hanging[(hanging >= columns * (SCALP_ROWS // 2)).all(1)]])
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    uv = np.stack([u, v], -1).reshape(-1, 2)
    flat = position.reshape(-1, 3)
    corners = flat[triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    triangles = triangles[(area > 1e-7) & (opacity_range(texture, uv.astype(np.float32), triangles)[1] > 20)]
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
