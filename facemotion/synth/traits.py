"""Who a seed is: shape parameters, colours, hair, beard, glasses and clothes, drawn so that they go together."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from facemotion.synth.palette import hair_colour, hex_of, iris_colour, pick, skin_colour

Traits = Mapping[str, float | str]

# Shape parameters, in standard deviations; shape.py says what each does.
SHAPES: Final = (
    "skull_width",
    "skull_height",
    "skull_depth",
    "forehead_slope",
    "brow_ridge",
    "brow_height",
    "temples",
    "eye_size",
    "eye_spacing",
    "eye_tilt",
    "eye_depth",
    "eye_opening",
    "eye_height",
    "nose_length",
    "nose_width",
    "nose_bridge",
    "nose_tip",
    "nose_upturn",
    "nose_hump",
    "nose_projection",
    "bridge_width",
    "mouth_width",
    "mouth_height",
    "upper_lip_fullness",
    "lower_lip_fullness",
    "lip_protrusion",
    "cupid_bow",
    "mouth_tilt",
    "jaw_width",
    "jaw_corner",
    "chin_length",
    "chin_width",
    "chin_protrusion",
    "cheekbones",
    "cheek_fullness",
    "face_length",
    "face_width",
    "neck_width",
    "asymmetry_x",
    "asymmetry_y",
)

HAIR_STYLES: Final = (
    "bald",
    "receding",
    "buzz",
    "short",
    "side_part",
    "swept",
    "fringe",
    "curly",
    "bob",
    "long_straight",
    "long_wavy",
    "long_curly",
    "bun",
    "afro",
)


def draw_traits(seed: int) -> dict[str, float | str]:
    rng = np.random.default_rng([seed, 20417])
    male = bool(rng.random() < 0.5)
    age = float(np.clip(rng.gamma(4.0, 5.5) + 18, 18, 78))
    old = float(np.clip((age - 40) / 35, 0, 1))
    tone = float(rng.beta(1.0, 1.25))
    out: dict[str, float | str] = {name: float(np.clip(rng.normal(), -1.7, 1.7)) for name in SHAPES}
    out |= {"masculine": float(male), "age": age, "tone": tone}
    _bias_shape(out, 1.0 if male else -1.0, old)
    skin = skin_colour(rng, tone)
    out |= {
        "skin": hex_of(skin),
        "blush": float(rng.uniform(0.2, 1.0)),
        "mottle": float(rng.uniform(0.4, 1.0) + 0.5 * old),
    }
    fair = tone < 0.42
    out["freckles"] = float(rng.choice([0.0, rng.uniform(0.3, 1.0)], p=[0.75, 0.25])) if tone < 0.5 else 0.0
    out["moles"] = float(rng.integers(0, 5))
    hair = hair_colour(rng, fair, old)
    out["hair_colour"] = hex_of(hair)
    brow = hair * rng.uniform(0.65, 0.9) if hair.mean() > 0.2 else hair * 0.95
    out["brow_colour"] = hex_of(brow * min(1.0, 0.36 / float(brow.mean())))
    out |= {
        "brow_thickness": float(rng.normal(0.35 if male else -0.25, 0.5)),
        "brow_arch": float(rng.normal(-0.3 if male else 0.3, 0.6)),
    }
    out["brow_density"] = float(rng.uniform(0.55, 1.0))
    out["iris"] = hex_of(iris_colour(rng, fair))
    out["pupil"] = float(rng.uniform(0.34, 0.46))
    out |= _grooming(rng, male, old, tone)
    out |= _clothes(rng)
    return out


def _bias_shape(out: dict[str, float | str], male: float, old: float) -> None:
    bias = {
        "brow_ridge": 0.8 * male,
        "jaw_width": 0.55 * male,
        "jaw_corner": 0.5 * male,
        "chin_width": 0.5 * male,
        "chin_length": 0.3 * male,
        "neck_width": 0.9 * male,
        "eye_size": -0.35 * male,
        "upper_lip_fullness": -0.4 * male - 0.6 * old,
        "lower_lip_fullness": -0.4 * male - 0.4 * old,
        "nose_width": 0.3 * male,
        "nose_length": 0.25 * male + 0.3 * old,
        "cheekbones": -0.2 * male,
        "brow_height": -0.5 * male,
        "face_length": 0.2 * male,
        "forehead_slope": 0.5 * male,
        "cheek_fullness": -0.3 * male,
    }
    for name, value in bias.items():
        out[name] = float(np.clip(float(out[name]) * 0.85 + value, -2.0, 2.0))


def _grooming(rng: np.random.Generator, male: bool, old: float, tone: float) -> dict[str, float | str]:
    if male:
        styles = {
            "bald": 0.35 + old,
            "receding": 0.3 + 1.2 * old,
            "buzz": 1.0,
            "short": 1.6,
            "side_part": 1.5,
            "swept": 1.3,
            "fringe": 0.6 * (1 - old),
            "curly": 0.8,
            "long_straight": 0.2,
            "bun": 0.2,
            "afro": 0.6 if tone > 0.6 else 0.02,
        }
        beard = pick(rng, {"none": 1.6, "stubble": 1.2, "short": 0.8, "full": 0.5, "moustache": 0.25, "goatee": 0.3})
        makeup, shadow = 0.0, float(rng.uniform(0.2, 1.0))
    else:
        styles = {
            "short": 0.4,
            "side_part": 0.35,
            "fringe": 1.0,
            "curly": 0.8,
            "bob": 1.6,
            "long_straight": 2.2,
            "long_wavy": 1.8,
            "long_curly": 1.0,
            "bun": 1.3,
            "swept": 0.5,
            "afro": 0.8 if tone > 0.6 else 0.02,
            "buzz": 0.05,
        }
        beard, shadow = "none", 0.0
        makeup = float(np.clip(rng.normal(0.35, 0.4), 0, 1))
    lips = {"natural": 1.0, "rose": 0.5 * makeup, "red": 0.35 * makeup, "plum": 0.3 * makeup}
    glasses = pick(rng, {"none": 3.2, "thin_round": 0.2 + 0.2 * old, "thin_square": 0.2 + 0.3 * old, "bold": 0.15})
    return {
        "hair_style": pick(rng, styles),
        "hair_volume": float(rng.uniform(0.7, 1.3)),
        "hair_parting": float(rng.choice([-1.0, 1.0])),
        "hair_length": float(rng.uniform(0, 1)),
        "beard": beard,
        "beard_shadow": shadow,
        "makeup": makeup,
        "lip_colour": pick(rng, lips),
        "glasses": glasses,
        "ear_size": float(np.clip(rng.normal(1.0, 0.07) + 0.05 * old, 0.85, 1.2)),
        "ear_flare": float(rng.uniform(0.15, 0.55)),
    }


def _clothes(rng: np.random.Generator) -> dict[str, float | str]:
    hue, sat, val = rng.uniform(0, 6), rng.uniform(0.05, 0.6), rng.uniform(0.18, 0.85)
    wheel = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    colour = val * (1 - sat + sat * wheel)
    second = np.clip(colour * rng.uniform(0.45, 1.6), 0.05, 0.93)
    garment = pick(
        rng, {"crew": 1.5, "v_neck": 0.8, "shirt": 1.2, "jumper": 1.0, "scoop": 0.7, "turtleneck": 0.4, "jacket": 0.9}
    )
    pattern = pick(rng, {"plain": 2.2, "stripes": 0.6, "checks": 0.5, "dots": 0.3, "knit": 0.8})
    return {
        "garment": garment,
        "pattern": pattern,
        "cloth": hex_of(colour),
        "cloth_second": hex_of(second),
        "breadth": float(rng.normal(1.0, 0.05)),
    }
