"""The skin's texture: complexion, shadows of folds, lips, lids, brows, beard, scalp."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.canvas import SIZE, chart, noise, polygon_mask, region, texel_of, texture_place
from facemotion.synth.headform import bump, step
from facemotion.synth.palette import rgb
from facemotion.synth.topology import topology
from facemotion.synth.traits import Traits

Array = NDArray[np.float64]
F32 = NDArray[np.float32]

LIP_TINTS: Final = {"rose": (0.74, 0.33, 0.38), "red": (0.66, 0.12, 0.15), "plum": (0.45, 0.16, 0.25)}


def bake_skin(traits: Traits, rng: np.random.Generator) -> NDArray[np.uint8]:
    """RGBA: display colour, and gloss (128 = ordinary)."""
    colour = _complexion(traits, rng)
    gloss = np.full((SIZE, SIZE), 105.0, np.float32)
    _shadows(colour, float(traits["age"]))
    _wrinkles(colour, float(traits["age"]), rng)
    _lips(colour, gloss, traits, rng)
    _lids(colour, traits)
    out = np.empty((SIZE, SIZE, 4), np.uint8)
    out[..., :3] = np.clip(colour * 255 + 0.5, 0, 255)
    out[..., 3] = np.clip(gloss, 0, 255)
    return out


def tint(
    colour: F32, where: tuple[slice, slice], mask: F32 | Array, factor: Array | tuple[float, float, float]
) -> None:
    """Multiply a region by `factor` where mask is 1."""
    f = np.asarray(factor, np.float32)
    colour[where] *= 1.0 + mask[..., None].astype(np.float32) * (f - 1.0)


def paint(colour: F32, where: tuple[slice, slice], mask: F32 | Array, paint_colour: Array) -> None:
    """Mix a region with a colour where mask is 1."""
    part = colour[where]
    part += mask[..., None].astype(np.float32) * (np.asarray(paint_colour, np.float32) - part)


def _complexion(traits: Traits, rng: np.random.Generator) -> F32:
    c = chart()
    base = rgb(str(traits["skin"])).astype(np.float32)
    dark = 1.0 - float(base.mean())
    colour = np.empty((SIZE, SIZE, 3), np.float32)
    mottle = (0.5 * noise(rng, 12) + 0.35 * noise(rng, 40) + 0.3 * noise(rng, 130)) * (0.022 * float(traits["mottle"]))
    red = noise(rng, 9) * 0.010 + noise(rng, 60) * 0.008
    colour[..., 0] = base[0] * (1 + mottle)
    colour[..., 1] = base[1] * (1 + mottle - red)
    colour[..., 2] = base[2] * (1 + mottle - red)
    where = region(-6.5, 6.5, -4.0, 11.0)
    x, y = c.x[where], c.y[where]
    blush = float(traits["blush"]) * (1.2 - dark)
    ruddy = (
        0.9 * bump(x, y, 4.0, 3.6, 1.7, 1.5)
        + 0.8 * bump(x, y, 0.0, 3.6, 1.3, 1.1)
        + 0.35 * bump(x, y, 0.0, 10.3, 1.5, 0.9)
    )
    tint(colour, where, ruddy * blush * 0.55, (1.02, 0.86, 0.86))
    tint(
        colour, where, 0.55 * bump(x, y, 3.2, 0.9, 1.7, 0.8) + 0.4 * bump(x, y, 2.2, -0.2, 0.6, 0.9), (0.90, 0.86, 0.88)
    )
    if float(traits["freckles"]) > 0:
        _freckles(colour, float(traits["freckles"]), rng)
    for _ in range(int(float(traits["moles"]))):
        px, py = rng.uniform(-6, 6), rng.uniform(-5, 11)
        spot = np.exp(-(((c.x[where] - px) / 0.09) ** 2) - ((c.y[where] - py) / 0.09) ** 2)
        tint(colour, where, spot, (0.55, 0.45, 0.42))
    return colour


def _freckles(colour: F32, amount: float, rng: np.random.Generator) -> None:
    where = region(-6.0, 6.0, -2.0, 7.0)
    mask = np.zeros(colour[where].shape[:2], np.float32)
    count = int(260 * amount)
    x, y = rng.normal(0, 3.0, count), rng.normal(2.6, 1.6, count)
    at = texel_of(np.clip(x, -5.8, 5.8), y) - [where[1].start, where[0].start]
    for (u, v), size in zip(at, rng.uniform(0.7, 2.0, count), strict=True):
        cv2.circle(mask, (int(u * 16), int(v * 16)), int(size * 16), float(rng.uniform(0.2, 0.7)), -1, cv2.LINE_AA, 4)
    tint(colour, where, cv2.GaussianBlur(mask, (0, 0), 0.8), (0.78, 0.66, 0.58))


def _shadows(colour: F32, age: float) -> None:
    c = chart()
    warm = np.array([0.62, 0.46, 0.42])
    where = region(-6.5, 6.5, -4.0, 11.6)
    x, y = c.x[where], c.y[where]
    soft = 0.28 * bump(x, y, 2.15, -0.55, 0.75, 0.8) + 0.12 * bump(x, y, 3.2, -1.25, 1.5, 0.5)
    soft += 0.16 * bump(x, y, 3.1, 1.0, 1.5, 0.4)
    soft += 0.40 * bump(x, y, 0.0, 4.95, 1.3, 0.32) + 0.30 * bump(x, y, 1.80 - 0.25 * np.abs(y - 4.1), 4.1, 0.2, 0.42)
    soft += 0.10 * bump(x, y, 0.0, 5.7, 0.25, 0.5) + 0.26 * bump(x, y, 0.0, 8.75, 1.3, 0.36)
    soft += 0.14 * bump(x, y, 2.75, 7.35, 0.3, 0.5)
    fold = np.exp(-(((np.abs(x) - 2.1 - 0.27 * (y - 4.4)) / 0.30) ** 2)) * step(y, 4.0, 5.2) * (1 - step(y, 6.0, 7.4))
    tint(colour, where, np.clip(soft + (0.03 + 0.16 * np.clip((age - 25) / 40, 0, 1)) * fold, 0, 0.8), warm)
    nostril = np.exp(-((((np.abs(x) - 0.72) / 0.36) ** 2 + ((y - 4.62 - 0.12 * (np.abs(x) - 0.7)) / 0.17) ** 2) ** 1.6))
    tint(colour, where, 0.92 * nostril, (0.22, 0.13, 0.12))
    below = step(c.level, 11.0, 12.6) * 0.26 * (1 - step(np.abs(c.azimuth), 1.2, 2.0))
    ear = np.exp(-(((np.abs(c.azimuth) - 1.62) / 0.3) ** 2) - ((c.level - 1.5) / 3.6) ** 2) * 0.25
    below *= 1 - 0.62 * step(c.level, 13.0, 17.0)
    tint(colour, (slice(None), slice(None)), below + ear, warm)


def _wrinkles(colour: F32, age: float, rng: np.random.Generator) -> None:
    """Lines of the forehead, beside and below the eyes, for people past forty."""
    old = float(np.clip((age - 38) / 30, 0, 1))
    if old == 0.0:
        return
    where = region(-6.5, 6.5, -6.2, 3.0)
    origin = np.array([where[1].start, where[0].start])
    mask = np.zeros(colour[where].shape[:2], np.uint8)

    def draw(x: Array, y: Array, strength: float) -> None:
        line = np.round((texel_of(x, y) - origin) * 16).astype(np.int32)
        cv2.polylines(mask, [line], False, int(255 * old * strength), 2, cv2.LINE_AA, 4)

    x = np.linspace(-3.9, 3.9, 40)
    for level in (-5.3, -4.6, -3.9):
        reach = rng.uniform(0.75, 1.0)
        draw(
            x * reach,
            level + rng.normal(0, 0.06) - 0.14 * np.cos(x * 1.1) + 0.05 * np.sin(x * 2.3 + rng.uniform(0, 6)),
            0.55,
        )
    for sign in (-1.0, 1.0):
        for slope in (-0.28, 0.02, 0.32):
            t = np.linspace(0, 1, 12)
            draw(sign * (4.95 + 0.85 * t), 0.02 + slope * (0.35 + t) + 0.08 * t**2, 0.6)
        for level in (0.95, 1.3):
            t = np.linspace(0, 1, 16)
            draw(sign * (2.2 + 2.1 * t), level + 0.2 * np.sin(np.pi * t) - 0.25 * t, 0.5)
    tint(colour, where, cv2.GaussianBlur(mask, (0, 0), 1.5) / 255.0, (0.62, 0.52, 0.50))


def _outline(ring: NDArray[np.int64]) -> Array:
    domain = topology().domain[ring]
    return texture_place(domain[:, 0], domain[:, 1]) * SIZE - 0.5


def _lips(colour: F32, gloss: F32, traits: Traits, rng: np.random.Generator) -> None:
    lips = topology().lips
    base = rgb(str(traits["skin"]))
    natural = base * np.array([0.88, 0.66, 0.66]) + np.array([0.03, 0.0, 0.01])
    choice = str(traits["lip_colour"])
    shade = natural if choice == "natural" else 0.25 * natural + 0.75 * np.array(LIP_TINTS[choice])
    where = region(-3.2, 3.2, 5.6, 9.2)
    upper = _outline(np.concatenate([lips[0, 3], lips[0, 0, ::-1]]))
    lower = _outline(np.concatenate([lips[1, 3], lips[1, 0, ::-1]]))
    hole = _outline(np.concatenate([lips[0, 0], lips[1, 0, ::-1]]))
    soften = 2.6 if choice == "natural" else 1.4
    both = np.clip(polygon_mask(upper, 0.6) + polygon_mask(lower, 0.6) + polygon_mask(hole, 0.6), 0, 1)
    mask = cv2.GaussianBlur(both, (0, 0), soften)[where]
    grain = 1 + 0.05 * noise(rng, 150, mask.shape)
    paint(colour, where, 0.88 * mask, shade)
    tint(colour, where, mask, np.array([1.0, 1.0, 1.0]))
    colour[where] *= (1 + mask * (grain - 1))[..., None]
    tint(colour, where, polygon_mask(upper, 2.0)[where] * 0.5, (0.80, 0.76, 0.77))
    gloss[where] += 95 * mask
    line = np.zeros((SIZE, SIZE), np.uint8)
    for half in range(2):
        cv2.polylines(line, [np.round(_outline(lips[half, 0]) * 16).astype(np.int32)], False, 255, 5, cv2.LINE_AA, 4)
        cv2.polylines(line, [np.round(_outline(lips[half, 1]) * 16).astype(np.int32)], False, 200, 2, cv2.LINE_AA, 4)
    tint(colour, where, cv2.GaussianBlur(line, (0, 0), 1.6)[where] / 255.0, (0.45, 0.28, 0.28))


def _lids(colour: F32, traits: Traits) -> None:
    eyes = topology().eyes
    half = eyes.shape[2] // 2
    makeup = float(traits["makeup"])
    where = region(-6.2, 6.2, -2.2, 2.2)
    lash, crease, wet, under = (np.zeros((SIZE, SIZE), np.uint8) for _ in range(4))

    def draw(mask: NDArray[np.uint8], points: Array, strength: int, width: int) -> None:
        cv2.polylines(mask, [np.round(points * 16).astype(np.int32)], False, strength, width, cv2.LINE_AA, 4)

    for side in range(2):
        rings = [_outline(eyes[side, r]) for r in range(5)]
        lid = polygon_mask(
            np.concatenate([0.4 * rings[1][: half + 1] + 0.6 * rings[3][: half + 1], rings[1][half::-1]]), 5.0
        )[where]
        tint(colour, where, lid, (0.80, 0.70, 0.68))
        upper = slice(0, half + 1)
        lower = np.r_[half : 2 * half, 0]
        edge = 0.5 * (rings[0] + rings[1])
        draw(wet, rings[0][lower], 255, 4)
        draw(lash, edge[upper], 255, 6 if makeup < 0.3 else 8)
        draw(lash, rings[1][1 : half + 1], 230, 4)
        draw(under, rings[1][lower], 150, 2)
        fold = 0.12 * rings[2] + 0.88 * rings[3]
        draw(crease, fold[2 : half - 1], 150, 3)
        wing = rings[1][half] + (rings[3][half] - rings[1][half]) * 0.6 + [0, -3.0]
        draw(lash, np.stack([rings[1][half], wing]), 180, 3)
    tint(colour, where, cv2.GaussianBlur(wet, (0, 0), 1.0)[where] / 255.0, (0.98, 0.76, 0.74))
    tint(colour, where, cv2.GaussianBlur(crease, (0, 0), 1.8)[where] / 255.0, (0.84, 0.75, 0.73))
    tint(colour, where, cv2.GaussianBlur(under, (0, 0), 1.2)[where] / 255.0, (0.45, 0.36, 0.34))
    if makeup > 0.15:
        c = chart()
        tint(colour, where, makeup * 0.6 * bump(c.x[where], c.y[where], 3.4, -0.75, 1.5, 0.5), (0.62, 0.50, 0.52))
    dark = rgb(str(traits["brow_colour"])) * 0.3
    paint(
        colour,
        where,
        np.clip(cv2.GaussianBlur(lash, (0, 0), 0.9)[where] / 255.0 * 1.05, 0, 0.95),
        np.minimum(dark, 0.12),
    )
