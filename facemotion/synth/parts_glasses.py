"""Glasses: rims, a bridge and temples as thin tubes, and lenses of which only a faint glint shows."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.part import Kind, Part, faced, grid_triangles

Array = NDArray[np.float64]
Mover = Callable[[Array], Array]

_SIDES: Final = 6
# Half width and height of a lens (cm), how square it is, thickness of the rim, colours to choose from.
_SHAPES: Final = {
    "thin_round": (2.15, 2.0, 2.2, 0.055, ("#b08d4f", "#3a3a3c", "#8a8c90")),
    "thin_square": (2.45, 1.6, 3.4, 0.06, ("#2a2a2e", "#6c6f75", "#4b2f22")),
    "bold": (2.5, 1.75, 3.0, 0.15, ("#17161a", "#3b2418", "#5a1f24", "#22344a")),
}


def glasses_parts(style: str, mover: Mover, rng: np.random.Generator) -> list[Part]:
    if style == "none":
        return []
    width, height, square, thick, colours = _SHAPES[style]
    colour = colours[int(rng.integers(len(colours)))]
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    texture = np.full((4, 4, 4), 255, np.uint8)
    texture[..., :3] = rgb
    nose = mover(np.array([[0.0, 0.3, -9.6]]))[0]
    eyes = mover(np.array([[-3.3, 0.15, -8.2], [3.3, 0.15, -8.2]]))
    spacing, level = 0.5 * (eyes[1, 0] - eyes[0, 0]), eyes[:, 1].mean()
    depth = min(nose[2] - 0.15, eyes[:, 2].mean() - 1.25)
    turn = np.linspace(0, 2 * np.pi, 41)
    parts = []
    for sign in (-1.0, 1.0):
        c, s = np.cos(turn), np.sin(turn)
        x = spacing * sign + width * np.sign(c) * np.abs(c) ** (2 / square)
        y = level + 0.1 + height * np.sign(s) * np.abs(s) ** (2 / square)
        y = y + 0.12 * (s > 0) * (1 - np.abs(c))
        rim = np.stack([x, y, depth + 0.035 * x**2 * 0.5], -1)
        parts.append(_tube(rim, thick, texture))
        hinge = np.array([sign * (spacing + width), level - 0.45, depth + 0.0175 * (spacing + width) ** 2])
        ear = mover(np.array([[sign * 7.75, -1.0, -0.4]]))[0]
        t = np.linspace(0, 1, 14)[:, None]
        arm = hinge * (1 - t) + ear * t
        arm[:, 0] += sign * 0.75 * np.sin(np.pi * np.minimum(t[:, 0] * 1.4, 1.0)) * (1 - t[:, 0])
        parts.append(_tube(arm, thick * 1.1, texture))
        parts.append(_lens(rim, sign))
    t = np.linspace(-1, 1, 13)
    gap = spacing - width
    bridge = np.stack(
        [gap * t, level - 0.35 - 0.22 * (1 - t**2), depth - 0.25 * (1 - t**2) + 0.0175 * (gap * t) ** 2], -1
    )
    parts.append(_tube(bridge, thick * 1.15, texture))
    return parts


def _part(position: Array, triangles: NDArray[np.int32], uv: Array, texture: NDArray[np.uint8], cutout: bool) -> Part:
    n = len(position)
    return Part(
        Kind.GLASS,
        position.astype(np.float32),
        triangles,
        uv.astype(np.float32),
        texture,
        head_share=np.ones(n, np.float32),
        jaw_share=np.zeros(n, np.float32),
        cutout=cutout,
    )


def _tube(curve: Array, radius: float, texture: NDArray[np.uint8]) -> Part:
    along = np.gradient(curve, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    first = np.cross(along, [0.0, 0.3, 1.0])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(along, first)
    turn = np.linspace(0, 2 * np.pi, _SIDES + 1)
    ring = np.cos(turn)[None, :, None] * first[:, None] + np.sin(turn)[None, :, None] * second[:, None]
    position = (curve[:, None] + radius * ring).reshape(-1, 3)
    triangles = grid_triangles(len(curve), _SIDES + 1)
    middle = np.repeat(curve, _SIDES + 1, axis=0)
    a, b, c = (position[triangles[:, k]] for k in range(3))
    inward = (np.cross(b - a, c - a) * ((a + b + c) / 3 - middle[triangles].mean(1))).sum(-1) < 0
    triangles[inward] = triangles[inward][:, ::-1]
    return _part(position, triangles, np.full((len(position), 2), 0.5), texture, cutout=False)


def _lens(rim: Array, sign: float) -> Part:
    """A fan over the rim; a slanted, barely opaque streak of white is all one sees of it."""
    centre = rim[:-1].mean(0)
    position = np.concatenate([centre[None], rim[:-1]])
    n = len(rim) - 1
    fan = np.stack([np.zeros(n, int), 1 + np.arange(n), 1 + (np.arange(n) + 1) % n], -1).astype(np.int32)
    triangles = faced(position, fan, np.array([0.0, centre[1], 0.0]))
    low, high = rim.min(0), rim.max(0)
    uv = (position - low)[:, :2] / (high - low)[:2]
    v, u = np.meshgrid(np.linspace(0, 1, 32), np.linspace(0, 1, 32), indexing="ij")
    slant = u + 0.45 * v - (0.42 if sign < 0 else 0.5)
    texture = np.full((32, 32, 4), 175, np.uint8)
    texture[..., 3] = 60 * np.exp(-((slant / 0.06) ** 2)) * (v < 0.8)
    return _part(position, triangles, uv, texture, cutout=True)
