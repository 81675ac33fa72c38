"""Brows and beards as strokes on the skin, and the scalp's colour under the hair."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.canvas import SIZE, chart, noise, region, strokes, texel_of, texture_place
from facemotion.synth.headform import bump, step
from facemotion.synth.palette import rgb
from facemotion.synth.skin import paint, tint
from facemotion.synth.traits import Traits

Array = NDArray[np.float64]
F32 = NDArray[np.float32]

# The spine of a brow in the frontal plane of the mean head, cm, inner end first.
BROW: Array = np.array([(1.34, -1.86), (2.55, -2.38), (3.82, -2.58), (5.0, -2.36), (5.9, -1.68)])


def paint_brows(colour: F32, traits: Traits, rng: np.random.Generator) -> None:
    where = region(-6.8, 6.8, -3.6, -0.9)
    origin = np.array([where[1].start, where[0].start])
    mask = np.zeros(colour[where].shape[:2], np.uint8)
    thick = 0.30 * (1 + 0.28 * float(traits["brow_thickness"]))
    density = float(traits["brow_density"])
    count = int(620 * density)
    for sign in (-1.0, 1.0):
        t = rng.uniform(0, 1, count)
        spine = _smooth_spine(t)
        spine[:, 1] -= 0.16 * float(traits["brow_arch"]) * (np.sin(np.pi * t) - 0.5)
        across = rng.normal(0, 0.42, count).clip(-1, 1)
        taper = thick * (0.55 + 0.55 * step(t, 0.0, 0.18)) * (1 - 0.75 * step(t, 0.55, 1.0))
        root = spine + np.stack([0 * t, across * taper], -1)
        lean = np.radians(-75 + 95 * np.clip(t * 1.5, 0, 1) + rng.normal(0, 9, count)) + across * 0.25
        length = rng.uniform(0.26, 0.46, count) * (1 - 0.3 * t)
        tip = root + np.stack([np.cos(lean), np.sin(lean)], -1) * length[:, None]
        a, b = (texel_of(sign * q[:, 0], q[:, 1]) - origin for q in (root, tip))
        strokes(mask, a, b, rng.uniform(110, 235, count), np.full(count, 1))
    strength = cv2.GaussianBlur(mask, (0, 0), 0.7).astype(np.float32) / 255.0
    soft = cv2.GaussianBlur(mask, (0, 0), 5.0).astype(np.float32) / 255.0
    paint(colour, where, np.clip(0.78 * strength + 0.42 * soft, 0, 0.96), rgb(str(traits["brow_colour"])))


def _smooth_spine(t: Array) -> Array:
    knots = np.linspace(0, 1, 5)
    return np.stack([np.polynomial.Polynomial.fit(knots, BROW[:, k], 4)(t) for k in range(2)], -1)


_LIP_EDGE_X: Final = (0.0, 0.35, 0.7, 1.1, 1.6, 2.1, 2.5, 3.0)
_LIP_EDGE_Y: Final = (6.36, 6.26, 6.2, 6.32, 6.55, 6.84, 7.12, 7.6)
_CHEEK_X: Final = (2.0, 3.2, 4.0, 5.0, 6.0, 6.8, 7.5)
_CHEEK_Y: Final = (8.2, 7.0, 6.5, 5.7, 4.4, 2.6, 1.0)


def beard_density(style: str) -> F32:
    """0..1 over the texture: where hair of the face grows in a style."""
    c = chart()
    y, w, level = c.y, np.abs(c.x), c.level
    front = 1 - step(np.abs(c.azimuth), 1.40, 1.52)
    fade = 0.9 if style == "stubble" else 0.0
    low = np.interp(w, _LIP_EDGE_X, _LIP_EDGE_Y)
    moustache = (
        step(y - (5.42 + 0.17 * w**2), -0.15, 0.35) * (1 - step(y - low, -0.12, 0.06)) * (1 - step(w, 2.45, 3.05))
    )
    moustache = moustache * (1 - 0.4 * np.exp(-((w / 0.2) ** 2)))
    clear = step(np.hypot(w / 2.8, (y - 7.5) / 1.28), 0.94, 1.14)
    patch = 0.9 * bump(c.x, y, 0.0, 8.62, 0.42, 0.3)
    neck = 1 - step(level, 11.8, 13.0)
    chin = step(y, 8.0, 9.1) * (1 - step(w, 1.9, 2.9)) * clear * neck
    around = step(y, 6.7, 7.2) * (1 - step(y, 8.9, 9.6)) * np.exp(-(((w - 2.95) / 0.42) ** 4)) * clear
    if style == "moustache":
        out = moustache
    elif style == "goatee":
        out = np.maximum.reduce([moustache, chin, around, patch])
    else:
        cheek = (
            step(level - np.interp(w, _CHEEK_X, _CHEEK_Y), -0.25 - fade, 0.75 + fade) * step(w, 1.6, 2.4) * clear * neck
        )
        out = np.maximum.reduce([moustache, chin, around, patch, cheek])
    return np.asarray((out * front).astype(np.float32))


def paint_beard(colour: F32, traits: Traits, rng: np.random.Generator) -> None:
    style = str(traits["beard"])
    shadow = float(traits["beard_shadow"])
    if style == "none" and shadow == 0.0:
        return
    hair = rgb(str(traits["brow_colour"]))
    everywhere = (slice(None), slice(None))
    area = beard_density("stubble")
    if shadow > 0:
        tint(colour, everywhere, 0.30 * shadow * area, (0.78, 0.82, 0.88))
    if style == "none":
        return
    density = beard_density(style)
    strength = {"stubble": 0.55, "short": 0.95, "full": 1.0, "moustache": 1.0, "goatee": 1.0}[style]
    mask = np.zeros((SIZE, SIZE), np.uint8)
    rows, columns = np.nonzero(density > 0.1)
    pick = rng.integers(0, len(rows), {"stubble": 4500}.get(style, 7000))
    keep = rng.uniform(0, 1, len(pick)) < density[rows[pick], columns[pick]]
    start = np.stack([columns[pick], rows[pick]], -1)[keep].astype(np.float64)
    length = {"stubble": 4.0, "short": 9.0}.get(style, 15.0)
    away = np.sign(start[:, 0] - SIZE / 2) * np.clip(np.abs(start[:, 0] - SIZE / 2) / 120, 0, 1)
    angle = np.pi / 2 - 0.7 * away + rng.normal(0, 0.25, len(start))
    end = start + np.stack([np.cos(angle), np.sin(angle)], -1) * length * rng.uniform(0.6, 1.2, len(start))[:, None]
    strokes(mask, start, end, rng.uniform(90, 230, len(start)), np.full(len(start), 1 if style == "stubble" else 2))
    fine = cv2.GaussianBlur(mask, (0, 0), 0.6).astype(np.float32) / 255.0
    under = density * (0.30 if style == "stubble" else 0.72)
    mix = np.clip(under + (0.5 if style == "stubble" else 0.7) * fine * (0.4 + 0.6 * density), 0, 0.97) * strength
    shade = 1 + 0.25 * noise(rng, 200)
    paint(colour, everywhere, mix, hair * 0.85)
    colour *= (1 + (mix * 0.6) * (shade - 1))[..., None]


def hairline(azimuth: Array, receding: float) -> Array:
    """Level of the border of the hair around the head: forehead, temples, sideburns, over the ears, nape."""
    a = np.abs(azimuth)
    knots = np.array([0.0, 0.35, 0.62, 0.85, 1.0, 1.14, 1.26, 1.42, 1.50, 1.75, 2.1, 2.5, np.pi])
    level = np.array([-6.5, -6.5, -6.1, -4.9, -3.1, -1.2, 0.4, 2.0, 2.2, -0.8, 4.0, 8.5, 10.0])
    back = receding * np.array([2.0, 3.2, 4.0, 3.6, 2.2, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    return np.asarray(np.interp(a, knots, level - back))


def paint_scalp(colour: F32, traits: Traits, rng: np.random.Generator) -> None:
    """Hair's colour on the skin above a hairline of single hairs."""
    style = str(traits["hair_style"])
    if style == "bald":
        strength, receding = 0.18 * float(traits["beard_shadow"]), 1.1
    else:
        strength, receding = 0.93, 0.95 if style == "receding" else 0.0
    if style == "buzz":
        strength = 0.80
    c = chart()
    everywhere = (slice(None), slice(None))
    line = hairline(c.azimuth[0], receding).astype(np.float32)[None]
    ragged = 0.22 * noise(rng, 45) + 0.12 * noise(rng, 170)
    fill = step((line - c.level + ragged) / 0.9, 0.0, 1.0)
    hair = rgb(str(traits["hair_colour"]))
    if style not in ("bald", "buzz", "receding"):
        near = np.exp(-(((c.level - line - 0.2) / 0.7) ** 2)) * (1 - fill)
        tint(colour, everywhere, 0.22 * near, (0.66, 0.56, 0.52))
    grain = 1 + (0.10 if style == "buzz" else 0.05) * noise(rng, 300)
    paint(colour, everywhere, np.clip(fill * strength * grain, 0, 1), hair * (0.62 if style == "buzz" else 0.72))
    if style == "bald":
        return
    count = 5200
    azimuth = rng.uniform(-1.62, 1.62, count)
    level = hairline(azimuth, receding) + rng.normal(-0.25, 0.30, count)
    root = texture_place(azimuth, level) * SIZE - 0.5
    length = rng.uniform(0.5, 1.1, count) * (0.55 if style == "buzz" else 1.0)
    lean = rng.normal(0, 0.02, count) + 0.03 * np.sign(azimuth) * rng.uniform(0, 1, count)
    tip = texture_place(azimuth + lean, level - length) * SIZE - 0.5
    mask = np.zeros((SIZE, SIZE), np.uint8)
    strokes(mask, root, tip, rng.uniform(60, 220, count), np.full(count, 1))
    fine = cv2.GaussianBlur(mask, (0, 0), 0.6).astype(np.float32) / 255.0
    paint(colour, everywhere, 0.75 * strength * fine, hair * 0.75)
