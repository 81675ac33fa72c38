"""Who a seed is: shape parameters, colours, hair, beard, glasses and clothes, drawn so that they go together."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

Traits = Mapping[str, float | str]

# Shape parameters, in standard deviations; shape.py says what each does.
SHAPES: Final = (
    "skull_width", "skull_height", "skull_depth", "forehead_slope", "brow_ridge", "brow_height", "temples",
    "eye_size", "eye_spacing", "eye_tilt", "eye_depth", "eye_opening", "eye_height",
    "nose_length", "nose_width", "nose_bridge", "nose_tip", "nose_upturn", "nose_hump", "nose_projection", "bridge_width",
    "mouth_width", "mouth_height", "upper_lip_fullness", "lower_lip_fullness", "lip_protrusion", "cupid_bow", "mouth_tilt",
    "jaw_width", "jaw_corner", "chin_length", "chin_width", "chin_protrusion", "cheekbones", "cheek_fullness", "face_length",
    "face_width", "neck_width", "asymmetry_x", "asymmetry_y",
)  # fmt: skip

_SKIN: Final = ("#f3d3c0", "#ecc5ab", "#e2b291", "#d6a27f", "#bf8a66", "#a06e4c", "#7d5238", "#5c3a28", "#46291d")
_HAIR: Final = {
    "black": "#16120f", "dark brown": "#2c1d14", "brown": "#4a3020", "light brown": "#73502f", "auburn": "#6b3018",
    "ginger": "#8f4c22", "dark blond": "#94703f", "blond": "#c6a162", "platinum": "#dfcba0",
}  # fmt: skip
_IRIS: Final = {"dark": "#3a2314", "brown": "#5d3a1c", "hazel": "#7b6030", "green": "#647748", "blue": "#5d86a8", "grey": "#7d8b93"}
HAIR_STYLES: Final = (
    "bald", "receding", "buzz", "short", "side_part", "swept", "fringe", "curly", "bob", "long_straight", "long_wavy", "long_curly", "bun", "afro"
)  # fmt: skip


def rgb(colour: str) -> NDArray[np.float64]:
    """'#rrggbb' to display values 0..1."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0


def _hex(colour: NDArray[np.float64]) -> str:
    return "#" + "".join(f"{int(v):02x}" for v in np.clip(np.round(colour * 255), 0, 255))


def _pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    values = np.array(list(weights.values()))
    return list(weights)[int(rng.choice(len(values), p=values / values.sum()))]


def draw_traits(seed: int) -> dict[str, float | str]:
    rng = np.random.default_rng([seed, 20417])
    male = bool(rng.random() < 0.5)
    age = float(np.clip(rng.gamma(4.0, 5.5) + 18, 18, 78))
    old = float(np.clip((age - 40) / 35, 0, 1))
    tone = float(rng.beta(1.0, 1.25))
    out: dict[str, float | str] = {name: float(np.clip(rng.normal(), -1.7, 1.7)) for name in SHAPES}
    out |= {"masculine": float(male), "age": age, "tone": tone}
    _bias_shape(out, 1.0 if male else -1.0, old)
    skin = _skin_colour(rng, tone)
    out |= {"skin": _hex(skin), "blush": float(rng.uniform(0.2, 1.0)), "mottle": float(rng.uniform(0.4, 1.0) + 0.5 * old)}
    fair = tone < 0.42
    out["freckles"] = float(rng.choice([0.0, rng.uniform(0.3, 1.0)], p=[0.75, 0.25])) if tone < 0.5 else 0.0
    out["moles"] = float(rng.integers(0, 5))
    hair = _hair_colour(rng, fair, old)
    out["hair_colour"] = _hex(hair)
    brow = hair * rng.uniform(0.65, 0.9) if hair.mean() > 0.2 else hair * 0.95
    out["brow_colour"] = _hex(brow * min(1.0, 0.36 / float(brow.mean())))
    out |= {"brow_thickness": float(rng.normal(0.35 if male else -0.25, 0.5)), "brow_arch": float(rng.normal(-0.3 if male else 0.3, 0.6))}
    out["brow_density"] = float(rng.uniform(0.55, 1.0))
    iris = {"dark": 1.0, "brown": 1.0, "hazel": 0.6, "green": 0.35, "blue": 0.9, "grey": 0.4} if fair else {"dark": 1.5, "brown": 1.0, "hazel": 0.12}
    out["iris"] = _hex(rgb(_IRIS[_pick(rng, iris)]) * rng.uniform(0.85, 1.15, 3))
    out["pupil"] = float(rng.uniform(0.34, 0.46))
    out |= _grooming(rng, male, old, tone)
    out |= _clothes(rng)
    return out


def _bias_shape(out: dict[str, float | str], male: float, old: float) -> None:
    bias = {
        "brow_ridge": 0.8 * male, "jaw_width": 0.55 * male, "jaw_corner": 0.5 * male, "chin_width": 0.5 * male, "chin_length": 0.3 * male,
        "neck_width": 0.9 * male, "eye_size": -0.35 * male, "upper_lip_fullness": -0.4 * male - 0.6 * old, "lower_lip_fullness": -0.4 * male - 0.4 * old,
        "nose_width": 0.3 * male, "nose_length": 0.25 * male + 0.3 * old, "cheekbones": -0.2 * male, "brow_height": -0.5 * male, "face_length": 0.2 * male,
        "forehead_slope": 0.5 * male, "cheek_fullness": -0.3 * male,
    }  # fmt: skip
    for name, value in bias.items():
        out[name] = float(np.clip(float(out[name]) * 0.85 + value, -2.0, 2.0))


def _skin_colour(rng: np.random.Generator, tone: float) -> NDArray[np.float64]:
    place = tone * (len(_SKIN) - 1)
    low = min(int(place), len(_SKIN) - 2)
    colour = rgb(_SKIN[low]) * (low + 1 - place) + rgb(_SKIN[low + 1]) * (place - low)
    under = rng.normal(0, 0.016)
    return np.asarray(np.clip(colour * np.array([1 + under, 1.0, 1 - 1.5 * under]), 0, 1))


def _hair_colour(rng: np.random.Generator, fair: bool, old: float) -> NDArray[np.float64]:
    if fair:
        choice = {"black": 0.5, "dark brown": 1.6, "brown": 1.8, "light brown": 1.3, "auburn": 0.5, "ginger": 0.4, "dark blond": 1.2, "blond": 0.9, "platinum": 0.2}
    else:
        choice = {"black": 2.4, "dark brown": 1.2, "brown": 0.25}
    colour = rgb(_HAIR[_pick(rng, choice)]) * rng.uniform(0.88, 1.12)
    grey = float(np.clip(old * 1.3 - rng.uniform(0.1, 0.9), 0, 1))
    return np.asarray(colour * (1 - grey) + np.array([0.74, 0.73, 0.72]) * grey)


def _grooming(rng: np.random.Generator, male: bool, old: float, tone: float) -> dict[str, float | str]:
    if male:
        styles = {
            "bald": 0.35 + old, "receding": 0.3 + 1.2 * old, "buzz": 1.0, "short": 1.6, "side_part": 1.5, "swept": 1.3,
            "fringe": 0.6 * (1 - old), "curly": 0.8, "long_straight": 0.2, "bun": 0.2, "afro": 0.6 if tone > 0.6 else 0.02,
        }  # fmt: skip
        beard = _pick(rng, {"none": 1.6, "stubble": 1.2, "short": 0.8, "full": 0.5, "moustache": 0.25, "goatee": 0.3})
        makeup, shadow = 0.0, float(rng.uniform(0.2, 1.0))
    else:
        styles = {
            "short": 0.4, "side_part": 0.35, "fringe": 1.0, "curly": 0.8, "bob": 1.6, "long_straight": 2.2, "long_wavy": 1.8, "long_curly": 1.0, "bun": 1.3, "swept": 0.5,
            "afro": 0.8 if tone > 0.6 else 0.02, "buzz": 0.05,
        }  # fmt: skip
        beard, shadow = "none", 0.0
        makeup = float(np.clip(rng.normal(0.35, 0.4), 0, 1))
    lips = {"natural": 1.0, "rose": 0.5 * makeup, "red": 0.35 * makeup, "plum": 0.3 * makeup}
    glasses = _pick(rng, {"none": 3.2, "thin_round": 0.2 + 0.2 * old, "thin_square": 0.2 + 0.3 * old, "bold": 0.15})
    return {
        "hair_style": _pick(rng, styles), "hair_volume": float(rng.uniform(0.7, 1.3)), "hair_parting": float(rng.choice([-1.0, 1.0])),
        "hair_length": float(rng.uniform(0, 1)), "beard": beard, "beard_shadow": shadow, "makeup": makeup, "lip_colour": _pick(rng, lips),
        "glasses": glasses, "ear_size": float(np.clip(rng.normal(1.0, 0.07) + 0.05 * old, 0.85, 1.2)), "ear_flare": float(rng.uniform(0.15, 0.55)),
    }  # fmt: skip


def _clothes(rng: np.random.Generator) -> dict[str, float | str]:
    hue, sat, val = rng.uniform(0, 6), rng.uniform(0.05, 0.6), rng.uniform(0.18, 0.85)
    wheel = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    colour = val * (1 - sat + sat * wheel)
    second = np.clip(colour * rng.uniform(0.45, 1.6), 0.05, 0.93)
    garment = _pick(rng, {"crew": 1.5, "v_neck": 0.8, "shirt": 1.2, "jumper": 1.0, "scoop": 0.7, "turtleneck": 0.4, "jacket": 0.9})
    pattern = _pick(rng, {"plain": 2.2, "stripes": 0.6, "checks": 0.5, "dots": 0.3, "knit": 0.8})
    return {
        "garment": garment, "pattern": pattern, "cloth": _hex(colour), "cloth_second": _hex(second),
        "breadth": float(rng.normal(1.0, 0.05)),
    }  # fmt: skip
