"""The body's texture: skin above the neckline, cloth with a pattern, collars and seams below."""

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.headform import step
from facemotion.synth.palette import rgb
from facemotion.synth.parts_body import body_surface
from facemotion.synth.traits import Traits

Array = NDArray[np.float64]
_SIZE = 384


def paint_clothes(traits: Traits, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """RGBA over the body's (column, row): of the skin beneath, and of the cloth, see-through above its neckline."""
    surface = body_surface(1.0, 1.0)
    rows = np.linspace(0, surface.shape[0] - 1, _SIZE)
    columns = np.linspace(0, surface.shape[1] - 1, _SIZE)
    i, j = np.floor(rows).astype(int), np.floor(columns).astype(int)
    i, j = np.minimum(i, surface.shape[0] - 2), np.minimum(j, surface.shape[1] - 2)
    fi, fj = (rows - i)[:, None, None], (columns - j)[None, :, None]
    p = surface[i][:, j] * (1 - fi) * (1 - fj) + surface[i + 1][:, j] * fi * (1 - fj)
    p = p + surface[i][:, j + 1] * (1 - fi) * fj + surface[i + 1][:, j + 1] * fi * fj
    x, y, z = np.moveaxis(p, -1, 0)
    front = step(-z, -1.0, 2.0)
    row = np.broadcast_to(np.linspace(0, 1, _SIZE)[:, None], x.shape)
    garment = str(traits["garment"])
    cloth, second = rgb(str(traits["cloth"])), rgb(str(traits["cloth_second"]))
    colour = _pattern(str(traits["pattern"]), cloth, second, x, y, rng)
    neck = {
        "crew": 0.12,
        "jumper": 0.115,
        "scoop": 0.16,
        "v_neck": 0.12,
        "shirt": 0.10,
        "turtleneck": 0.0,
        "jacket": 0.12,
    }[garment]
    depth = row - neck
    if garment == "scoop":
        depth = depth - front * 0.12 * np.exp(-((x / 7.0) ** 4))
    if garment == "v_neck":
        depth = depth - front * 0.035 * np.clip(5.2 - np.abs(x), 0, 6)
    if garment == "jacket":
        opening = front * np.clip(2.2 + 0.10 * (y - 17) - np.abs(x) * 0.8, -3, 3)
        shirt = step(opening, -0.4, 0.4)[..., None]
        colour = colour * (1 - shirt) + np.array([0.86, 0.87, 0.89]) * shirt
        lapel = np.exp(-(((opening + 0.9) / 0.25) ** 2))[..., None]
        colour = colour * (1 - 0.25 * lapel)
    if garment == "shirt":
        placket = (np.abs(x) < 1.2) & (front > 0.5)
        colour = colour * np.where(placket, 1.05, 1.0)[..., None]
        seam = np.exp(-(((np.abs(x) - 1.2) / 0.12) ** 2)) * front
        colour = colour * (1 - 0.22 * seam)[..., None]
        button = np.exp(-((x / 0.3) ** 2) - (((y - 20) % 4.5 - 2) / 0.3) ** 2) * front
        colour = colour * (1 - 0.4 * button)[..., None]
    band = step(depth, 0.0, 0.004) * (1 - step(depth, 0.022, 0.026))
    if garment in ("crew", "jumper", "v_neck", "turtleneck"):
        colour = colour * (1 - 0.10 * band)[..., None]
        colour = colour * (1 - 0.22 * np.exp(-(((depth - 0.026) / 0.004) ** 2)))[..., None]
    shadow = 1 - 0.30 * (1 - step(row, 0.10, 0.30))
    colour = colour * shadow[..., None]
    skin = rgb(str(traits["skin"])) * np.array([0.93, 0.905, 0.90])
    skin = skin * (1 - 0.35 * np.exp(-((np.minimum(depth + 0.004, 0) / 0.014) ** 2)))[..., None]
    below, above = np.full((2, _SIZE, _SIZE, 4), 100, np.uint8)
    below[..., :3] = np.clip(skin * 255, 0, 255)
    above[..., :3] = np.clip(colour * 255, 0, 255)
    above[..., 3] = step(depth, -0.003, 0.003) * 255
    return below, above


def _pattern(kind: str, cloth: Array, second: Array, x: Array, y: Array, rng: np.random.Generator) -> Array:
    if kind == "stripes":
        mix = step(np.sin(y * rng.uniform(1.5, 3.0)), -0.15, 0.15)
    elif kind == "checks":
        mix = 0.5 * step(np.sin(y * 1.6), -0.2, 0.2) + 0.5 * step(np.sin(x * 1.6), -0.2, 0.2)
    elif kind == "dots":
        mix = step(np.cos(x * 2.2) + np.cos(y * 2.2), 1.3, 1.6)
    else:
        mix = np.zeros_like(x)
    colour = cloth * (1 - mix[..., None]) + second * mix[..., None]
    weave = 0.05 * np.sin(x * 9) * np.sin(y * 9) if kind == "knit" else 0.02 * rng.standard_normal(x.shape)
    folds = 0.07 * np.sin(x * 0.5 + 0.25 * y + 1.5 * np.sin(0.21 * y)) * step(y, 22.0, 30.0)
    return np.asarray(colour * (1 + weave + folds)[..., None])
