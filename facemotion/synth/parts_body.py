"""Shoulders and chest in clothes; the neck itself is part of the head's skin."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from facemotion.synth.headform import step
from facemotion.synth.part import Kind, Part, faced, grid_triangles

Array = NDArray[np.float64]

# y at front, side, back; half width; z at front, side, back. From inside the neck down to the waist.
_ROWS = np.array(
    [
        (15.8, 14.2, 12.2, 4.7, -3.2, 0.6, 5.2),
        (17.3, 15.3, 13.4, 5.9, -4.1, 0.8, 6.4),
        (18.4, 16.4, 14.8, 7.6, -5.1, 1.0, 7.3),
        (19.8, 17.7, 16.8, 11.0, -6.3, 1.2, 8.0),
        (21.6, 19.4, 19.2, 15.2, -7.6, 1.3, 8.6),
        (24.0, 22.0, 22.0, 18.4, -8.9, 1.2, 9.0),
        (27.5, 26.2, 26.0, 20.3, -10.1, 1.0, 9.4),
        (33.0, 32.5, 32.5, 21.2, -11.0, 0.8, 9.5),
        (45.0, 45.0, 45.0, 21.6, -11.0, 0.6, 9.5),
        (75.0, 75.0, 75.0, 22.0, -10.5, 0.5, 9.5),
    ]
)
ROWS = 40
COLUMNS = 65


def body_surface(breadth: float, neck: float) -> Array:
    """[ROWS, COLUMNS, 3] in the head frame; columns run around from the back over the image's left."""
    place = np.linspace(0, 1, len(_ROWS))
    curves = PchipInterpolator(place, _ROWS, axis=0)(np.linspace(0, 1, ROWS))
    yf, ys, yb, width, zf, zs, zb = (c[:, None] for c in curves.T)
    yf, ys, yb = yf - 0.9, ys - 0.9, yb - 0.9
    turn = np.linspace(-np.pi, np.pi, COLUMNS)[None]
    c, s = np.cos(turn), np.sin(turn)
    far = step(place[0] + np.linspace(0, 1, ROWS), 0.1, 0.5)[:, None]
    width = width * (neck * (1 - far) + breadth * far)
    squarish = 1.0 - 0.35 * far
    ahead, behind = np.maximum(c, 0) ** squarish, np.maximum(-c, 0) ** squarish
    x = width * np.sign(s) * np.abs(s) ** (1.0 - 0.18 * far)
    y = ys + (yf - ys) * np.maximum(c, 0) ** 1.4 + (yb - ys) * np.maximum(-c, 0) ** 1.4
    z = zs + (zf - zs) * ahead + (zb - zs) * behind
    return np.stack([x, y, z], -1)


def body_part(kind: Kind, breadth: float, neck: float, texture: NDArray[np.uint8], puff: float) -> Part:
    """The skin of neck and chest or the cloth over it; puff: how far it stands off the skin, cm."""
    surface = body_surface(breadth, neck)
    rows = np.linspace(0, 1, ROWS)[:, None]
    off = puff + 0 * rows
    turn = np.linspace(-np.pi, np.pi, COLUMNS)[None]
    surface = surface + np.stack([np.sin(turn) * off, -0.4 * off + 0 * turn, -np.cos(turn) * off], -1)
    position = surface.reshape(-1, 3)
    triangles = faced(position, grid_triangles(ROWS, COLUMNS), np.array([0.0, 40.0, 0.5]))
    u, v = np.meshgrid(np.linspace(0, 1, COLUMNS), np.linspace(0, 1, ROWS))
    n = len(position)
    ends = np.arange(ROWS) * COLUMNS
    return Part(
        kind,
        position.astype(np.float32),
        triangles,
        np.stack([u, v], -1).reshape(-1, 2).astype(np.float32),
        texture,
        head_share=np.zeros(n, np.float32),
        jaw_share=np.zeros(n, np.float32),
        cutout=kind is Kind.CLOTH,
        seam=np.stack([ends, ends + COLUMNS - 1], -1).astype(np.int32),
    )
