"""Painters of places, one a kind of scene. Each gets the canvas size and the colours, and paints from a seed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.background_paint import (
    Canvas,
    Palette,
    box,
    cloud,
    defocus,
    finish,
    glow,
    plain,
    side_light,
    tint,
    vary,
    wood,
)

Image = NDArray[np.uint8]
Rng = np.random.Generator


@dataclass(frozen=True)
class Scene:
    draw: Callable[[Rng, int, int, Palette], Canvas]
    weight: float
    lightness: tuple[float, float]  # of the wall, 0..1

    def paint(self, rng: Rng, height: int, width: int, palette: Palette) -> Image:
        return finish(self.draw(rng, height, width, palette))


def _studio(rng: Rng, h: int, w: int, p: Palette) -> Canvas:
    """A paper backdrop lit from behind the sitter."""
    canvas = plain(h, w, p.wall)
    glow(canvas, w * rng.uniform(0.3, 0.7), h * rng.uniform(0.3, 0.7), w * rng.uniform(0.2, 0.35), p.light, 0.7)
    canvas *= 1.0 + 0.02 * cloud(rng, h, w, w / 5)[:, :, None]
    return side_light(rng, canvas, 0.3)


def _plaster(rng: Rng, h: int, w: int, p: Palette) -> Canvas:
    """A rough wall, perhaps with a skirting of another colour, perhaps of bricks."""
    canvas = plain(h, w, p.wall)
    if rng.random() < 0.4:
        rows = int(rng.integers(14, 24))
        size = h / rows
        for row in range(rows):
            for column in range(-1, int(w / (2.2 * size)) + 1):
                x = (column + 0.5 * (row % 2)) * 2.2 * size
                box(canvas, x + 2, row * size + 2, x + 2.2 * size - 1, (row + 1) * size - 1, vary(rng, p.accent, 0.15))
    elif rng.random() < 0.6:
        box(canvas, 0, h * rng.uniform(0.55, 0.75), w, h, vary(rng, p.dark, 0.2))
    canvas *= 1.0 + 0.05 * cloud(rng, h, w, 60, octaves=5)[:, :, None]
    return side_light(rng, defocus(canvas, rng.uniform(1.2, 3.0)), 0.4)


def _shelves(rng: Rng, h: int, w: int, p: Palette) -> Canvas:
    """Boards full of books and a few things."""
    canvas = plain(h, w, p.dark)
    board = wood(rng)
    spacing = h * rng.uniform(0.17, 0.26)
    y = spacing * rng.uniform(0.2, 0.9)
    while y < h + spacing:
        x = 0.0
        while x < w:
            if rng.random() < 0.12:
                x += spacing * rng.uniform(0.2, 0.7)
                continue
            thick, tall = spacing * rng.uniform(0.07, 0.22), spacing * rng.uniform(0.5, 0.85)
            box(
                canvas,
                x,
                y - tall,
                x + thick,
                y,
                vary(rng, (p.wall, p.accent, p.dark, (176, 168, 150))[int(rng.integers(4))], 0.3),
            )
            x += thick + 1
        box(canvas, 0, y, w, y + spacing * 0.07, board)
        y += spacing
    return side_light(rng, defocus(canvas, rng.uniform(3.0, 8.0)), 0.4)


def _window(rng: Rng, h: int, w: int, p: Palette) -> Canvas:
    """A bright window with panes, and curtains beside it."""
    canvas = plain(h, w, p.wall)
    width, top, bottom = w * rng.uniform(0.28, 0.5), h * rng.uniform(0.05, 0.2), h * rng.uniform(0.7, 0.9)
    left = w * rng.uniform(0.05, 0.9) - width / 2
    box(canvas, left - 10, top - 10, left + width + 10, bottom + 10, p.light)
    sky = np.linspace(250, rng.uniform(170, 225), round(bottom - top), dtype=np.float32)
    columns = slice(max(0, round(left)), min(w, round(left + width)))
    canvas[round(top) : round(top) + len(sky), columns] = sky[:, None, None] * np.array((0.93, 0.97, 1.0), np.float32)
    box(
        canvas,
        left,
        bottom - (bottom - top) * rng.uniform(0.2, 0.4),
        left + width,
        bottom,
        vary(rng, (110, 135, 95), 0.3),
    )
    for bar in range(1, int(rng.integers(2, 4))):
        x = left + width * bar / 3
        box(canvas, x - 5, top, x + 5, bottom, p.light)
    middle = (top + bottom) / 2
    box(canvas, left, middle - 4, left + width, middle + 4, p.light)
    if rng.random() < 0.7:
        for side in (left - 0.3 * width, left + 0.93 * width):
            box(canvas, side, 0, side + 0.36 * width, h, vary(rng, p.accent, 0.15))
    return side_light(rng, defocus(canvas, rng.uniform(4.0, 9.0)), 0.2)


def _frames(rng: Rng, h: int, w: int, p: Palette) -> Canvas:
    """Pictures on a wall, a plant, a lamp."""
    canvas = plain(h, w, p.wall)
    for _ in range(int(rng.integers(3, 7))):
        fw, fh = w * rng.uniform(0.08, 0.2), h * rng.uniform(0.14, 0.34)
        x, y = rng.uniform(0, w - fw), rng.uniform(0.05 * h, 0.6 * h)
        box(canvas, x - 6, y - 6, x + fw + 6, y + fh + 6, (p.dark, p.light)[int(rng.integers(2))])
        box(canvas, x, y, x + fw, y + fh, vary(rng, p.accent, 0.5))
        box(canvas, x, y + fh * rng.uniform(0.4, 0.7), x + fw, y + fh, vary(rng, p.dark, 0.4))
    if rng.random() < 0.7:
        _plant(rng, canvas, w * rng.uniform(0.05, 0.95), h * 0.95, h * rng.uniform(0.35, 0.6))
    if rng.random() < 0.5:
        glow(canvas, w * rng.uniform(0.1, 0.9), h * rng.uniform(0.2, 0.5), w * 0.07, (255, 226, 170), 0.8)
    return side_light(rng, defocus(canvas, rng.uniform(2.5, 7.0)), 0.35)


def _plant(rng: Rng, canvas: Canvas, x: float, y: float, size: float) -> None:
    """Leaves around a stem that stands at (x, y)."""
    for _ in range(int(rng.integers(18, 40))):
        angle = rng.uniform(-2.9, -0.25)
        reach = size * rng.uniform(0.35, 1.0)
        middle = (round(x + 0.7 * reach * np.cos(angle)), round(y + reach * np.sin(angle)))
        axes = (round(size * rng.uniform(0.12, 0.25)), round(size * rng.uniform(0.03, 0.07)))
        cv2.ellipse(canvas, middle, axes, float(np.degrees(angle)), 0, 360, vary(rng, (62, 112, 54), 0.4), -1)


def _curtain(rng: Rng, h: int, w: int, p: Palette) -> Canvas:
    """Folds of cloth."""
    canvas = plain(h, w, p.wall)
    x = np.arange(w, dtype=np.float32)
    fold = np.zeros(w, np.float32)
    for period in rng.uniform(26, 120, 4):
        fold += np.sin(2 * np.pi * (x / period + rng.random())).astype(np.float32) * np.float32(rng.uniform(0.4, 1.0))
    lean = np.linspace(-1, 1, h, dtype=np.float32)[:, None] * rng.uniform(-15, 15)
    columns = np.clip(x[None, :] + lean, 0, w - 1).astype(np.int64)
    canvas *= (1.0 + 0.13 * fold[columns])[:, :, None]
    return side_light(rng, defocus(canvas, rng.uniform(2.0, 5.0)), 0.4)


def _lights(rng: Rng, h: int, w: int, p: Palette) -> Canvas:
    """A dark street or hall with lights far out of focus."""
    canvas = plain(h, w, p.wall)
    canvas *= 1.0 + 0.3 * cloud(rng, h, w, w / 4)[:, :, None]
    canvas = defocus(np.clip(canvas, 8, 255), 10)
    for _ in range(int(rng.integers(25, 60))):
        colour = vary(rng, ((255, 205, 130), (255, 240, 220), p.accent)[int(rng.integers(3))], 0.25)
        place = (round(rng.uniform(0, w)), round(np.clip(rng.normal(0.45, 0.22), 0, 1) * h))
        disc = np.zeros((h, w), np.float32)
        cv2.circle(disc, place, round(w * rng.uniform(0.008, 0.03)), float(rng.uniform(0.25, 0.8)), -1, cv2.LINE_AA)
        canvas += disc[:, :, None] * (tint(colour) - canvas)
    return defocus(canvas, rng.uniform(1.0, 2.5))


def _city(rng: Rng, h: int, w: int, p: Palette) -> Canvas:
    """Houses in rows under a sky."""
    sky = np.linspace(0, 1, h, dtype=np.float32)[:, None, None]
    high = vary(rng, ((150, 178, 212), (178, 186, 198))[int(rng.integers(2))], 0.2)
    low = vary(rng, (226, 219, 212), 0.12)
    canvas = np.asarray((1 - sky) * tint(high) + sky * tint(low), np.float32).repeat(w, axis=1)
    night = rng.random() < 0.35
    if night:
        canvas *= 0.4
    for depth in range(3):
        haze = 0.6 - 0.22 * depth
        x = -30.0
        while x < w:
            width, top = w * rng.uniform(0.05, 0.14), h * (rng.uniform(0.15, 0.5) + 0.13 * depth)
            stone = np.multiply(vary(rng, (120, 112, 108), 0.35), 0.35 if night else 1.0)
            colour = haze * tint(p.light) * (0.4 if night else 1.0) + (1 - haze) * stone
            box(canvas, x, top, x + width, h, (float(colour[0]), float(colour[1]), float(colour[2])))
            pane = (255.0, 215.0, 140.0) if night else vary(rng, (70, 80, 95), 0.2)
            for column in np.arange(x + 5, x + width - 8, 13):
                for row in np.arange(top + 8, h, 17):
                    if rng.random() < (0.3 if night else 0.8):
                        box(canvas, column, row, column + 6, row + 9, pane)
            x += width * rng.uniform(0.9, 1.3)
    return defocus(canvas, rng.uniform(3.5, 8.0))


def _foliage(rng: Rng, h: int, w: int, p: Palette) -> Canvas:
    """Leaves and sunlight through them."""
    base = tint(vary(rng, (88, 118, 62), 0.35))
    canvas = np.asarray(plain(h, w, (0, 0, 0)) + base, np.float32)
    canvas *= np.clip(1.1 + 0.3 * cloud(rng, h, w, 90, octaves=5), 0.45, 1.9)[:, :, None]
    canvas[:, :, 0] *= 1.0 + 0.12 * cloud(rng, h, w, 120)
    sun = np.clip(cloud(rng, h, w, 45, octaves=3) - 1.3, 0.0, 0.8)[:, :, None]
    canvas += sun * (tint((244, 246, 214)) - canvas)
    horizon = np.clip(np.linspace(-1.2, 1.0, h, dtype=np.float32), 0, 1)[:, None, None] * rng.uniform(0.0, 0.7)
    canvas += horizon * (tint(p.wall) * 0.7 - canvas)
    return side_light(rng, defocus(canvas, rng.uniform(4.0, 9.0)), 0.3)


def _office(rng: Rng, h: int, w: int, p: Palette) -> Canvas:
    """Desks with screens under rows of ceiling lights."""
    canvas = plain(h, w, p.wall)
    floor = h * rng.uniform(0.6, 0.75)
    box(canvas, 0, floor, w, h, vary(rng, p.dark, 0.3))
    for row in range(3):
        y, length = h * (0.04 + 0.08 * row), w * (0.2 - 0.045 * row)
        for x in np.arange(w * rng.uniform(-0.1, 0.1), w, length * 1.7):
            box(canvas, x, y, x + length, y + 12 - 3 * row, (250, 250, 244))
    desk = wood(rng)
    for _ in range(int(rng.integers(2, 5))):
        x = rng.uniform(-0.05, 0.9) * w
        box(canvas, x, floor - 14, x + w * rng.uniform(0.2, 0.35), floor + rng.uniform(10, 70), desk)
        sx, sw, sh = x + rng.uniform(10, 60), w * rng.uniform(0.08, 0.13), h * rng.uniform(0.1, 0.16)
        box(canvas, sx, floor - 22 - sh, sx + sw, floor - 22, (28, 30, 34))
        box(canvas, sx + 5, floor - 17 - sh, sx + sw - 5, floor - 27, vary(rng, (150, 180, 215), 0.3))
    return side_light(rng, defocus(canvas, rng.uniform(4.0, 9.0)), 0.3)


SCENES: Final[dict[str, Scene]] = {
    "studio": Scene(_studio, 0.14, (0.25, 0.85)),
    "plaster": Scene(_plaster, 0.11, (0.40, 0.85)),
    "shelves": Scene(_shelves, 0.12, (0.40, 0.80)),
    "window": Scene(_window, 0.11, (0.30, 0.70)),
    "frames": Scene(_frames, 0.13, (0.40, 0.85)),
    "curtain": Scene(_curtain, 0.09, (0.25, 0.75)),
    "lights": Scene(_lights, 0.08, (0.10, 0.25)),
    "city": Scene(_city, 0.08, (0.45, 0.90)),
    "foliage": Scene(_foliage, 0.07, (0.40, 0.80)),
    "office": Scene(_office, 0.07, (0.55, 0.90)),
}
