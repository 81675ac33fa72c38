"""What shows when the mouth opens: the pocket behind the lips, two rows of teeth and a tongue."""

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.headform import step
from facemotion.synth.part import Kind, Part, faced, grid_triangles

Array = NDArray[np.float64]


def _part(position: Array, triangles: NDArray[np.int32], uv: Array, colour: Array, jaw: Array) -> Part:
    """colour: RGB display values 0..1, [H, W, 3]."""
    texture = np.full((*colour.shape[:2], 4), 255, np.uint8)
    texture[..., :3] = np.clip(colour * 255 + 0.5, 0, 255)
    return Part(
        Kind.MOUTH,
        position.astype(np.float32),
        triangles,
        uv.astype(np.float32),
        texture,
        head_share=np.ones(len(position), np.float32),
        jaw_share=jaw.astype(np.float32),
    )


def pocket() -> Part:
    """A bowl behind the lips, dark red, darker inwards; its lower half goes with the jaw."""
    depth, turn = np.meshgrid(np.linspace(0, 1, 9), np.linspace(0, 2 * np.pi, 25), indexing="ij")
    wide = np.cos(depth * np.pi / 2) ** 0.6
    position = np.stack(
        [
            3.25 * wide * np.cos(turn),
            7.2 + 1.7 * wide * np.sin(turn),
            -8.7 + 0.055 * (3.25 * np.cos(turn)) ** 2 + 3.4 * np.sin(depth * np.pi / 2),
        ],
        -1,
    ).reshape(-1, 3)
    triangles = faced(position, grid_triangles(9, 25), np.array([0.0, 7.2, -8.0]))[:, ::-1]
    fade = np.linspace(1, 0.25, 16)[:, None, None]
    colour = np.array([0.36, 0.11, 0.11]) * fade * np.ones((16, 4, 1))
    jaw = step(np.sin(turn).ravel(), -0.5, 0.6) * 0.95
    return _part(
        position, np.ascontiguousarray(triangles), np.stack([turn / 6.3, depth], -1).reshape(-1, 2), colour, jaw
    )


def teeth(upper: bool, tone: Array) -> Part:
    """A curved strip in the shape of the dental arch, teeth and gums painted on it; head frame."""
    rows, columns = 7, 25
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    reach = 2.25 if upper else 2.05
    x = reach * np.sin(u * 1.35) / np.sin(1.35)
    back = 1.9 * (1 - np.cos(u * 1.35)) / (1 - np.cos(1.35))
    bulge = 0.10 * np.sin(np.pi * v)
    if upper:
        y, z = 6.05 + 1.38 * v, -9.50 + back - bulge - 0.1 * v
    else:
        y, z = 7.30 + 1.2 * v, -9.22 + back - bulge
    position = np.stack([x, y, z], -1).reshape(-1, 3)
    triangles = faced(position, grid_triangles(rows, columns), np.array([0.0, 7.2, -6.5]))
    uv = np.stack([u * 0.5 + 0.5, v], -1).reshape(-1, 2)
    share = 0.0 if upper else 1.0
    return _part(position, triangles, uv, _paint_teeth(upper, tone), np.full(len(position), share))


def _paint_teeth(upper: bool, tone: Array) -> Array:
    height, width = 64, 256
    y, x = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width * 2 - 1, indexing="ij")
    if not upper:
        y = 1.0 - y
    borders = (
        np.array([0.0, 0.185, 0.345, 0.5, 0.64, 0.79, 1.0]) if upper else np.array([0, 0.13, 0.27, 0.42, 0.57, 0.76, 1])
    )
    distance = np.abs(np.abs(x)[..., None] - borders).min(-1)
    index = np.searchsorted(borders, np.abs(x)) - 1
    length = np.array([1.0, 0.96, 0.985, 0.95, 0.93, 0.92, 0.9])[np.clip(index, 0, 6)]
    middle = 0.5 * (borders[np.clip(index, 0, 5)] + borders[np.clip(index + 1, 1, 6)])
    round_off = 0.05 * np.clip(np.abs(np.abs(x) - middle) / 0.09, 0, 1) ** 3
    enamel = tone * (0.90 + 0.10 * step(distance, 0.0, 0.035))[..., None]
    enamel = enamel * (1 - 0.35 * (1 - step(distance, 0.0, 0.012)))[..., None]
    enamel = enamel * (1.0 - 0.45 * np.abs(x) ** 1.5)[..., None]
    gum = np.array([0.72, 0.36, 0.36]) * (1 - 0.4 * np.abs(x))[..., None]
    line = 0.36 + 0.06 * np.cos((np.abs(x) - middle) / 0.09 * 1.5)
    on_gum = (1 - step(y, line - 0.03, line + 0.03))[..., None]
    below = step(y, length - round_off - 0.02, length - round_off + 0.02)[..., None]
    colour = enamel * (1 - on_gum) + gum * on_gum
    return np.asarray(colour * (1 - below) + np.array([0.22, 0.08, 0.08]) * below)


def tongue() -> Part:
    polar, turn = np.meshgrid(np.linspace(0, np.pi, 9), np.linspace(0, 2 * np.pi, 17), indexing="ij")
    position = np.stack(
        [
            1.55 * np.sin(polar) * np.cos(turn),
            8.35 - 0.55 * np.cos(polar) + 0.12 * np.exp(-((np.sin(polar) * np.cos(turn) / 0.25) ** 2)),
            -7.6 + 1.55 * np.sin(polar) * np.sin(turn),
        ],
        -1,
    ).reshape(-1, 3)
    triangles = faced(position, grid_triangles(9, 17), np.array([0.0, 8.35, -7.6]))
    colour = np.array([0.70, 0.33, 0.34]) * np.ones((4, 4, 1))
    uv = np.stack([turn / 6.3, polar / np.pi], -1).reshape(-1, 2)
    return _part(position, triangles, uv, colour, np.full(len(position), 0.92))
