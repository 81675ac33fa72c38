"""The average bare head as a closed surface: (azimuth, level) to centimetres.

Head frame: x to the image's right, y down, z away from the viewer; origin midway between the outer eye corners
in height, between the ears in depth. Azimuth 0 is the face's midline, +-pi the back; level is y on the face."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

Array = NDArray[np.float64]
Values = NDArray[np.floating[Any]]

CROWN: Final = -11.6
NECK_END: Final = 20.0
EYE_CENTRE: Final = (3.24, -0.07, -6.42)
EYE_RADIUS: Final = 1.5
MOUTH_Y: Final = 7.12
JAW_HINGE: Final = (0.8, -0.6)  # y, z of the axis the jaw turns about

# level: half width in front and behind, z at front, at side, at back, rise of the row from front to side, y at front.
_ROWS: Final = np.array(
    [
        (-11.6, 0.0, 0.0, 0.6, 0.6, 0.6, 0.0, -11.6),
        (-11.45, 1.7, 1.7, -0.9, 0.5, 2.4, 0.0, -11.42),
        (-11.1, 3.1, 3.1, -2.5, 0.4, 4.0, 0.0, -11.1),
        (-10.3, 4.6, 4.6, -4.6, 0.3, 5.9, 0.0, -10.35),
        (-9.0, 5.95, 5.95, -6.7, 0.2, 7.6, 0.0, -9.05),
        (-7.3, 7.0, 7.05, -8.3, 0.1, 8.7, 0.0, -7.3),
        (-5.0, 7.6, 7.7, -9.3, 0.0, 9.3, 0.0, -5.0),
        (-2.6, 7.85, 7.9, -9.55, 0.0, 9.3, 0.0, -2.6),
        (-1.0, 7.75, 7.75, -9.05, -0.1, 9.0, 0.0, -1.0),
        (0.0, 7.7, 7.6, -8.85, -0.2, 8.7, 0.0, 0.0),
        (3.0, 7.55, 7.0, -9.35, -0.5, 7.6, 0.0, 3.0),
        (5.0, 7.35, 6.55, -9.75, -0.6, 6.8, 0.5, 5.0),
        (7.0, 7.1, 6.3, -9.95, -0.8, 6.45, 1.6, 7.0),
        (9.0, 6.75, 6.12, -9.7, -1.0, 6.3, 3.0, 9.0),
        (10.4, 6.35, 6.0, -9.75, -1.1, 6.2, 4.2, 10.4),
        (11.2, 6.0, 5.92, -9.2, -1.1, 6.12, 4.8, 11.25),
        (11.8, 5.6, 5.8, -7.9, -0.8, 6.0, 4.5, 11.65),
        (12.6, 5.3, 5.62, -6.0, -0.2, 5.85, 3.5, 12.1),
        (13.6, 5.2, 5.5, -4.7, 0.2, 5.72, 2.6, 13.1),
        (15.0, 5.2, 5.4, -4.2, 0.4, 5.6, 1.5, 14.8),
        (17.0, 5.4, 5.5, -3.9, 0.5, 5.7, 0.6, 17.0),
        (20.0, 6.4, 6.4, -3.7, 0.6, 6.2, 0.0, 20.0),
    ]
)
_CURVES: Final = PchipInterpolator(_ROWS[:, 0], _ROWS[:, 1:], axis=0)
_FLATNESS: Final = PchipInterpolator(
    [-12, -9, -5, -2, 1, 3, 6, 8, 11, 12.5, 14, 21],
    [1.0, 1.0, 0.84, 0.78, 0.78, 0.82, 1.0, 1.12, 1.08, 1.05, 1.0, 1.0],
)


def half_width(level: Array) -> Array:
    return np.asarray(_CURVES(level)[..., 0])


def base_point(azimuth: Array, level: Array) -> Array:
    """Featureless surface in the head frame, [..., 3]."""
    curves = _CURVES(level)
    width, nape, front, side, back, rise, y = np.moveaxis(curves, -1, 0)
    c = np.cos(azimuth)
    ahead = np.maximum(c, 0.0) ** _FLATNESS(level)
    behind = np.maximum(-c, 0.0) ** 0.9
    z = side + (front - side) * ahead + (back - side) * behind
    width = width + (nape - width) * step(-c, -0.25, 0.35)
    lift = rise * np.minimum(1.0 - c, 1.0) ** 0.85
    return np.stack([width * np.sin(azimuth), y - lift, z], axis=-1)


def domain_of(x: Array, y: Array) -> tuple[Array, Array]:
    """(azimuth, level) of the front surface seen at (x, y) of the head frame."""
    level = np.asarray(y, np.float64).copy()
    azimuth = np.zeros_like(level)
    for _ in range(30):
        azimuth = np.arcsin(np.clip(np.asarray(x) / half_width(level), -0.999, 0.999))
        level = np.clip(level + 0.7 * (y - base_point(azimuth, level)[..., 1]), CROWN, NECK_END)
    return azimuth, level


def bump(x: Values, y: Values, cx: Values | float, cy: float, sx: float, sy: float) -> Array:
    """A smooth hill of height 1 at (+-cx, cy) of the frontal plane, gone at about twice (sx, sy)."""
    return np.asarray(np.exp(-(((np.abs(x) - cx) / sx) ** 2) - ((y - cy) / sy) ** 2))


def step(value: Values, low: float, high: float) -> Array:
    """0 below low, 1 above high, smooth between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


_NOSE_HEIGHT: Final = PchipInterpolator(
    [-3.2, -2.0, -0.9, -0.2, 0.6, 1.6, 2.6, 3.3, 3.75, 4.15, 4.55, 4.95, 5.5],
    [0.0, 0.1, 0.22, 0.38, 0.8, 1.5, 2.28, 2.75, 2.85, 2.45, 1.55, 0.62, 0.0],
    extrapolate=True,
)
_NOSE_HALF: Final = PchipInterpolator(
    [-3.2, -1.5, 0.0, 1.5, 2.6, 3.4, 4.2, 4.9, 5.5], [1.5, 1.05, 0.85, 0.95, 1.12, 1.25, 1.3, 1.25, 1.2]
)


def _nose(x: Array, y: Array) -> Array:
    yy = np.clip(y, -3.2, 5.5)
    r = np.abs(x) / _NOSE_HALF(yy)
    ridge = _NOSE_HEIGHT(yy) * np.exp(-((r / 0.92) ** 2.4))
    wings = 0.62 * bump(x, y, 1.18, 4.05, 0.52, 0.62)
    tip = 0.22 * bump(x, y, 0.0, 3.65, 0.75, 0.55)
    crease = -0.12 * bump(x, y, 1.75, 4.0, 0.22, 0.7)
    return np.where((y > -3.2) & (y < 5.5), np.maximum(ridge, 0.0), 0.0) + wings + tip + crease


def relief(x: Array, y: Array) -> Array:
    """How far the features of the face stand out of the base surface at (x, y), in cm, without lids and lips."""
    sockets = -0.75 * bump(x, y, 2.9, -0.25, 1.55, 0.85) - 0.3 * bump(x, y, 4.4, 0.1, 1.0, 0.8)
    brow = 0.30 * bump(x, y, 2.6, -2.15, 2.0, 0.75) + 0.12 * bump(x, y, 5.2, -1.7, 0.9, 0.7)
    temple = -0.25 * bump(x, y, 7.0, -2.6, 1.0, 2.2)
    cheek = 0.42 * bump(x, y, 4.6, 2.9, 1.9, 1.5) + 0.12 * bump(x, y, 3.2, 5.2, 1.6, 1.6)
    tear = -0.12 * bump(x, y, 2.2, 1.7, 0.9, 0.6)
    muzzle = 0.55 * bump(x, y, 0.0, 6.9, 2.3, 1.75)
    philtrum = -0.09 * bump(x, y, 0.0, 5.7, 0.28, 0.6) + 0.05 * bump(x, y, 0.5, 5.8, 0.22, 0.6)
    chin = 0.62 * bump(x, y, 0.0, 10.35, 1.7, 1.05) - 0.34 * bump(x, y, 0.0, 8.95, 1.6, 0.5)
    folds = -0.08 * bump(x, y, 2.75, 6.1, 0.4, 1.2)
    return sockets + brow + temple + cheek + tear + muzzle + philtrum + chin + folds + _nose(x, y)


def head_point(azimuth: Array, level: Array) -> Array:
    """The head with its features (lids and lips are laid over it by the topology), head frame, [..., 3]."""
    p = base_point(azimuth, level)
    front = step(np.cos(azimuth), 0.05, 0.45) * step(-level, -12.6, -11.6)
    out = relief(p[..., 0], p[..., 1]) * front
    sideways = 0.45 * np.sin(azimuth) * step(np.abs(p[..., 0]), 1.5, 4.0)
    direction = np.stack([sideways, np.zeros_like(out), -np.cos(azimuth) * 0.2 - 0.8], axis=-1)
    overhang = 0.28 * bump(p[..., 0], p[..., 1], 0.0, 4.15, 0.9, 0.45) * front  # the tip hangs over the nostrils
    p = p + out[..., None] * direction
    p[..., 1] += overhang
    return p
