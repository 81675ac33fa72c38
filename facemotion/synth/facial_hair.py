"""Brows and beards as strokes on the skin, and the scalp's colour under the hair."""

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.canvas import SIZE, chart, noise, region, strokes, texel_of
from facemotion.synth.headform import MOUTH_Y, bump, step
from facemotion.synth.skin import paint, tint
from facemotion.synth.traits import Traits, rgb

Array = NDArray[np.float64]
F32 = NDArray[np.float32]

# The spine of a brow in the frontal plane of the mean head, cm, inner end first.
BROW: Array = np.array([(1.28, -1.78), (2.5, -2.28), (3.82, -2.48), (5.05, -2.28), (5.95, -1.62)])


def paint_brows(colour: F32, traits: Traits, rng: np.random.Generator) -> None:
    where = region(-6.8, 6.8, -3.6, -0.9)
    origin = np.array([where[1].start, where[0].start])
    mask = np.zeros(colour[where].shape[:2], np.uint8)
    thick = 0.30 * (1 + 0.28 * float(traits["brow_thickness"]))
    density = float(traits["brow_density"])
    count = int(330 * density)
    for sign in (-1.0, 1.0):
        t = rng.uniform(0, 1, count)
        spine = np.stack([np.interp(t, np.linspace(0, 1, 5), BROW[:, k]) for k in range(2)], -1)
        spine = _smooth_spine(t)
        spine[:, 1] -= 0.16 * float(traits["brow_arch"]) * (np.sin(np.pi * t) - 0.5)
        across = rng.normal(0, 0.42, count).clip(-1, 1)
        taper = thick * (0.55 + 0.55 * step(t, 0.0, 0.18)) * (1 - 0.75 * step(t, 0.55, 1.0))
        root = spine + np.stack([0 * t, across * taper], -1)
        lean = np.radians(-75 + 95 * np.clip(t * 1.5, 0, 1) + rng.normal(0, 9, count)) + across * 0.25
        length = rng.uniform(0.28, 0.5, count) * (1 - 0.3 * t)
        tip = root + np.stack([np.cos(lean), np.sin(lean)], -1) * length[:, None]
        a, b = (texel_of(sign * q[:, 0], q[:, 1]) - origin for q in (root, tip))
        strokes(mask, a, b, rng.uniform(120, 235, count), np.full(count, 2))
    strength = cv2.GaussianBlur(mask, (0, 0), 0.7).astype(np.float32) / 255.0
    soft = cv2.GaussianBlur(mask, (0, 0), 5.0).astype(np.float32) / 255.0
    paint(colour, where, np.clip(0.78 * strength + 0.42 * soft, 0, 0.96), rgb(str(traits["brow_colour"])))


def _smooth_spine(t: Array) -> Array:
    knots = np.linspace(0, 1, 5)
    return np.stack([np.polynomial.Polynomial.fit(knots, BROW[:, k], 4)(t) for k in range(2)], -1)


def beard_density(style: str) -> F32:
    """0..1 over the texture: where hair of the face grows in a style."""
    c = chart()
    x, y, level = c.x, c.y, c.level
    w = np.abs(x)
    lip = np.exp(-((w / 2.9) ** 6)) * step(y, 5.15, 5.7) * (1 - step(y, 6.35 + 0.12 * w, 6.75 + 0.12 * w))
    lip = lip * (1 - 0.45 * np.exp(-((x / 0.22) ** 2)))
    chin = np.exp(-((w / 2.5) ** 6)) * step(y, 8.3, 9.0) * (1 - step(level, 11.9, 12.9))
    chin = np.maximum(chin, 0.8 * bump(x, y, 0.0, 8.6, 0.5, 0.35))
    side = np.exp(-(((w - 2.95) / 0.4) ** 2)) * step(y, 6.0, 7.0) * (1 - step(y, 9.0, 10.0))
    edge = 2.6 + 3.9 * step(5.9 - w, -1.0, 3.4)  # the cheek's border falls towards the mouth
    cheek = step(level - edge, 0.2, 1.9) * step(w, 2.2, 3.4) * (1 - step(level, 12.0, 13.4)) * (1 - step(np.abs(c.azimuth), 1.42, 1.55))
    jaw = step(level, 8.6, 9.6) * (1 - step(level, 12.0, 13.2)) * (1 - step(np.abs(c.azimuth), 1.42, 1.55))
    mouth = bump(x, y, 0.0, MOUTH_Y + 0.1, 2.6, 1.0)
    if style == "moustache":
        out = lip
    elif style == "goatee":
        out = np.maximum(np.maximum(lip, chin), side)
    else:
        out = np.maximum(np.maximum(np.maximum(lip, chin), np.maximum(cheek, jaw)), side)
    lips = np.clip(1.35 * mouth - 0.6, 0, 1)
    return np.asarray((out * (1 - lips * (w < 2.6))).astype(np.float32))


def paint_beard(colour: F32, traits: Traits, rng: np.random.Generator) -> None:
    style = str(traits["beard"])
    shadow = float(traits["beard_shadow"])
    if style == "none" and shadow == 0.0:
        return
    hair = rgb(str(traits["brow_colour"]))
    everywhere = (slice(None), slice(None))
    area = beard_density("full")
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
    """Hair's colour on the skin above a soft, irregular hairline."""
    style = str(traits["hair_style"])
    if style == "bald":
        strength, receding = 0.16 * float(traits["beard_shadow"]), 1.1
    else:
        strength, receding = 0.93, 0.95 if style == "receding" else 0.0
    c = chart()
    line = np.interp(c.azimuth[0], c.azimuth[0], hairline(c.azimuth[0], receding)).astype(np.float32)[None]
    ragged = 0.35 * noise(rng, 45) + 0.28 * noise(rng, 170)
    width = 0.5 if style != "buzz" else 0.35
    inside = step((line - c.level + ragged * 0.55) / width, -0.7, 1.0)
    grain = 0.86 + 0.16 * noise(rng, 300)
    hair = rgb(str(traits["hair_colour"]))
    if style == "buzz":
        strength = 0.82
    paint(colour, (slice(None), slice(None)), np.clip(inside * strength * grain, 0, 1), hair * 0.7)
    if style not in ("bald", "buzz", "receding"):
        near = np.exp(-(((c.level - line) / 0.9) ** 2)) * (1 - inside)
        tint(colour, (slice(None), slice(None)), 0.30 * near, (0.62, 0.52, 0.48))
