"""Brushes for backgrounds: colours, clouds of noise, light from a side, and lenses out of focus."""

import colorsys
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Canvas = NDArray[np.float32]  # [H, W, 3], RGB in 0..255
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Palette:
    """Colours of one place: the wall, something that stands out from it, something dark, something light."""

    wall: Colour
    accent: Colour
    dark: Colour
    light: Colour

    @classmethod
    def sample(cls, rng: np.random.Generator, lightness: tuple[float, float]) -> "Palette":
        hue = float(rng.random())
        wall_saturation = float(rng.beta(1.4, 3.2) * 0.5)
        value = float(rng.uniform(*lightness))
        accent_hue = hue + float(rng.uniform(0.25, 0.75))
        return cls(
            wall=_rgb(hue, wall_saturation, value),
            accent=_rgb(accent_hue, float(rng.uniform(0.12, 0.5)), float(rng.uniform(0.3, 0.8))),
            dark=_rgb(hue + float(rng.normal(0, 0.08)), 0.35, 0.38 * value),
            light=_rgb(hue + float(rng.normal(0, 0.08)), 0.4 * wall_saturation, min(0.97, value + 0.3)),
        )


def _rgb(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return 255.0 * red, 255.0 * green, 255.0 * blue


def wood(rng: np.random.Generator) -> Colour:
    """Furniture: from pale pine to dark walnut, or painted grey."""
    if rng.random() < 0.2:
        return _rgb(0.6, 0.05, float(rng.uniform(0.3, 0.9)))
    return _rgb(float(rng.uniform(0.055, 0.095)), float(rng.uniform(0.3, 0.55)), float(rng.uniform(0.25, 0.75)))


def vary(rng: np.random.Generator, colour: Colour, amount: float) -> Colour:
    """The colour, lighter or darker by up to `amount` (0..1) and a little off in hue."""
    gain = 1.0 + rng.uniform(-amount, amount)
    red, green, blue = np.clip(np.multiply(colour, gain) + rng.normal(0, 20 * amount, 3), 0, 255)
    return float(red), float(green), float(blue)


def tint(colour: Colour) -> NDArray[np.float32]:
    return np.asarray(colour, np.float32)


def plain(height: int, width: int, colour: Colour) -> Canvas:
    return np.full((height, width, 3), colour, np.float32)


def cloud(rng: np.random.Generator, height: int, width: int, cell: float, octaves: int = 3) -> NDArray[np.float32]:
    """Smooth noise [H, W] of about unit size whose largest spots are `cell` pixels wide."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        size = max(1.5, cell / 2**octave)
        grid = rng.standard_normal((max(2, int(height / size) + 2), max(2, int(width / size) + 2))).astype(np.float32)
        total += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) * np.float32(0.6**octave)
    return total


def side_light(rng: np.random.Generator, canvas: Canvas, strength: float = 0.35) -> Canvas:
    """Light that falls off across the picture in some direction."""
    height, width = canvas.shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    x = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(np.cos(angle))
    y = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(0.6 * np.sin(angle))
    light = 1.0 + np.float32(strength * rng.uniform(0.4, 1.0)) * (y[:, None] + x[None, :])
    return np.asarray(canvas * light[:, :, None], np.float32)


def glow(canvas: Canvas, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
    """Add a round glow in place. Pixels."""
    height, width = canvas.shape[:2]
    gx = np.exp(-0.5 * ((np.arange(width) - x) / radius) ** 2)
    gy = np.exp(-0.5 * ((np.arange(height) - y) / radius) ** 2)
    weight = (gy[:, None] * gx[None, :] * strength).astype(np.float32)[:, :, None]
    canvas += weight * (tint(colour) - canvas)


def box(canvas: Canvas, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
    """Fill a rectangle in place. Pixels."""
    cv2.rectangle(canvas, (round(left), round(top)), (round(right) - 1, round(bottom) - 1), colour, -1)


def defocus(canvas: Canvas, sigma: float) -> Canvas:
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), sigma), np.float32)


def finish(canvas: Canvas) -> NDArray[np.uint8]:
    return np.asarray(np.clip(canvas + 0.5, 0, 255), np.uint8)
