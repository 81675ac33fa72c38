"""The head's texture as a canvas: where each texel lies on the mean head, and brushes that work in centimetres."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.headform import base_point, domain_of

Array = NDArray[np.float64]
F32 = NDArray[np.float32]

SIZE: Final = 1024
_U: Final = 1.8  # how much the texture favours the front
_V_MIDDLE: Final = 4.0
_V_SCALE: Final = 6.0
_V_LOW: Final = float(np.arcsinh((-11.6 - _V_MIDDLE) / _V_SCALE))
_V_HIGH: Final = float(np.arcsinh((20.0 - _V_MIDDLE) / _V_SCALE))


def texture_place(azimuth: Array, level: Array) -> Array:
    """uv in 0..1 of points of the domain, [..., 2]."""
    u = 0.5 + 0.5 * np.arcsinh(_U * azimuth) / np.arcsinh(_U * np.pi)
    v = (np.arcsinh((level - _V_MIDDLE) / _V_SCALE) - _V_LOW) / (_V_HIGH - _V_LOW)
    return np.stack([u, v], -1)


@dataclass(frozen=True)
class Chart:
    """Of every texel: azimuth and level, and x, y of the bare mean head (cm)."""

    azimuth: F32
    level: F32
    x: F32
    y: F32


@lru_cache(maxsize=1)
def chart() -> Chart:
    t = (np.arange(SIZE) + 0.5) / SIZE
    azimuth = np.sinh((t * 2 - 1) * np.arcsinh(_U * np.pi)) / _U
    level = _V_MIDDLE + _V_SCALE * np.sinh(_V_LOW + t * (_V_HIGH - _V_LOW))
    azimuths, levels = np.meshgrid(azimuth, level)
    p = base_point(azimuths, levels).astype(np.float32)
    return Chart(azimuths.astype(np.float32), levels.astype(np.float32), p[..., 0].copy(), p[..., 1].copy())


def texel_of(x: Array, y: Array) -> Array:
    """Texel coordinates (column, row; (0, 0) the first texel's centre) of front points (x, y) in cm, [..., 2]."""
    return texture_place(*domain_of(np.asarray(x, float), np.asarray(y, float))) * SIZE - 0.5


def region(x0: float, x1: float, y0: float, y1: float) -> tuple[slice, slice]:
    """Rows and columns of the texture that hold a box of the face (cm)."""
    corners = texel_of(np.array([x0, x1, x0, x1]), np.array([y0, y0, y1, y1]))
    left, top = np.floor(corners.min(0)).astype(int)
    right, bottom = np.ceil(corners.max(0)).astype(int)
    return slice(max(top, 0), bottom + 1), slice(max(left, 0), right + 1)


def noise(rng: np.random.Generator, cells: int, shape: tuple[int, int] = (SIZE, SIZE)) -> F32:
    """Smooth noise of about unit amplitude with the given number of cells across the texture."""
    grid = rng.standard_normal((cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC))


def polygon_mask(points: Array, soften: float) -> F32:
    """0..1 mask of a polygon given in texels, its edge blurred by `soften` texels."""
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=4)
    out = mask.astype(np.float32) / 255.0
    return np.asarray(cv2.GaussianBlur(out, (0, 0), soften)) if soften > 0 else out


def strokes(mask: NDArray[np.uint8], starts: Array, ends: Array, strength: Array, width: Array) -> None:
    """Draw antialiased hairs (texel coordinates) into an 8-bit mask; the strongest wins."""
    for a, b, s, w in zip(
        np.round(starts * 16).astype(int), np.round(ends * 16).astype(int), strength, width, strict=True
    ):
        cv2.line(mask, a.tolist(), b.tolist(), int(s), int(w), cv2.LINE_AA, 4)
