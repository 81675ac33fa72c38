"""Ears: small shells with a rim, a fold and a hollow, set on the sides of the head."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

from facemotion.synth.headform import bump
from facemotion.synth.part import Kind, Part, faced, grid_triangles

Array = NDArray[np.float64]

# Outline in the ear's own plane, cm: back and down from the ear's middle, clockwise from the upper front root.
_OUTLINE = np.array(
    [
        *((-1.0, -1.6), (-0.55, -2.75), (0.5, -3.15), (1.5, -2.7), (1.95, -1.5), (1.75, -0.2), (1.2, 1.0)),
        *((0.55, 2.2), (-0.15, 2.95), (-0.85, 2.75), (-1.05, 1.9), (-1.15, 0.7), (-1.2, -0.4), (-1.0, -1.6)),
    ]
)
_HEIGHT = PchipInterpolator(
    [0, 0.25, 0.45, 0.60, 0.72, 0.84, 0.94, 1.0], [-0.55, -0.5, -0.2, 0.22, 0.05, 0.08, 0.34, 0.16]
)


def ear_part(side: int, anchor: Array, size: float, flare: float, texture: NDArray[np.uint8]) -> Part:
    """side 0: left in the image; anchor: where its middle joins the head (head frame); flare: radians off the head."""
    count = 34
    outline = CubicSpline(np.linspace(0, 1, len(_OUTLINE)), _OUTLINE, bc_type="periodic")(np.linspace(0, 1, count))
    radii = np.array([0.0, 0.2, 0.36, 0.48, 0.58, 0.66, 0.74, 0.82, 0.89, 0.95, 1.0, 1.0, 0.9])
    r = radii[:, None]
    middle = np.array([-0.25, 0.15])
    flat = middle + (outline[None] - middle) * r[..., None]
    rise = np.repeat(_HEIGHT(np.minimum(r, 1.0)), count, axis=1)
    root = np.exp(-(((flat[..., 0] + 1.1) / 0.45) ** 2))  # the rim dives into the head at the front
    lobe = np.exp(-(((flat[..., 1] - 2.3) / 0.8) ** 2))
    rise = rise * (1 - 0.75 * root) * (1 - 0.7 * lobe) + 0.08 * lobe
    rise += 0.28 * bump(flat[..., 0] + 20, flat[..., 1], 20 - 1.0, 0.35, 0.3, 0.45)  # tragus
    rise[-2] -= 0.35
    rise[-1] -= 1.0
    backward, down = flat[..., 0] * size, flat[..., 1] * size
    lean = 0.12
    z = backward * np.cos(flare) + down * lean
    x = rise * size * np.cos(flare) + (backward + 1.15 * size) * np.sin(flare)
    sign = -1.0 if side == 0 else 1.0
    position = np.stack([sign * (anchor[0] + x), anchor[1] + down - backward * lean, anchor[2] + z], -1).reshape(-1, 3)
    rows = len(radii)
    triangles = grid_triangles(rows, count)
    triangles = faced(position, triangles, np.array([sign * (anchor[0] - 3.0), anchor[1], anchor[2]]))
    uv = np.stack([flat[..., 0] / 4.4 + 0.45, flat[..., 1] / 7 + 0.5], -1).reshape(-1, 2)
    n = len(position)
    ends = np.arange(rows) * count
    return Part(
        Kind.EAR,
        position.astype(np.float32),
        triangles,
        uv.astype(np.float32),
        texture,
        head_share=np.ones(n, np.float32),
        jaw_share=np.zeros(n, np.float32),
        seam=np.stack([ends, ends + count - 1], -1).astype(np.int32),
    )


def paint_ear(skin: Array) -> NDArray[np.uint8]:
    """RGBA texture in the ear's plane: redder rim and lobe, dark hollow; skin: display values 0..1."""
    y, x = np.meshgrid(np.linspace(-3.5, 3.5, 96), np.linspace(-2, 2.4, 64), indexing="ij")
    hollow = np.exp(-(((x + 0.35) / 0.6) ** 2) - ((y - 0.35) / 0.85) ** 2)
    fold = np.exp(-(((np.hypot((x + 0.1) / 1.0, (y + 0.5) / 1.7) - 1.05) / 0.13) ** 2)) * (x > -0.3)
    shade = 1 - 0.55 * hollow - 0.25 * fold
    colour = skin * np.array([1.04, 0.93, 0.90]) * shade[..., None]
    colour[..., 1:] *= (1 - 0.08 * hollow)[..., None]
    out = np.full((96, 64, 4), 255, np.uint8)
    out[..., :3] = np.clip(colour * 255, 0, 255)
    return out
