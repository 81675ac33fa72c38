"""A person's head from the mean one: one smooth displacement field for each shape parameter, in cm a deviation."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.headform import EYE_RADIUS, MOUTH_Y, bump, step
from facemotion.synth.parts_eye import eye_centre
from facemotion.synth.rings import EYE_COLUMNS
from facemotion.synth.topology import topology
from facemotion.synth.traits import SHAPES, Traits

Array = NDArray[np.float64]

VARIETY: Final = 1.25  # how far people differ, in what shape_fields calls a standard deviation


def shape_fields(points: Array) -> dict[str, Array]:
    """Displacement of points of the mean head frame for each shape parameter at one standard deviation, [V, 3]."""
    x, y, z = points.T
    s, w = np.sign(x), np.abs(x)
    none = np.zeros_like(x)
    front = step(-z, 1.0, 5.0)
    skull = 1.0 - step(y, -3.5, -0.5)
    upper_face = 1 - step(y, 4.0, 9.0)

    def field(dx: Array | float = 0.0, dy: Array | float = 0.0, dz: Array | float = 0.0) -> Array:
        return np.stack([none + dx, none + dy, none + dz], -1)

    eye = bump(x, y, 3.25, 0.0, 2.1, 1.5) * front
    brow = bump(x, y, 3.0, -2.2, 3.0, 1.1) * front
    nose = bump(x, y, 0.0, 3.4, 1.9, 1.7) * front
    wings = bump(x, y, 1.2, 4.1, 0.9, 0.9) * front
    bridge = bump(x, y, 0.0, 1.0, 0.9, 1.5) * front
    mouth = bump(x, y, 0.0, MOUTH_Y, 2.9, 1.7) * front
    lips = np.exp(-((w / 2.6) ** 4)) * front
    jaw = step(y, 1.0, 7.5) * (1 - step(y, 11.5, 15.0))
    chin = bump(x, y, 0.0, 10.6, 3.0, 2.0) * front
    ex, ey = w - 3.28, y - 0.05
    return {
        "skull_width": field(0.018 * x * step(-y, -1.0, 2.5)),
        "skull_height": field(dy=-0.35 * skull * step(-y, 2.0, 8.0)),
        "skull_depth": field(dz=0.30 * step(z, -3.0, 5.0) * (1 - step(y, 3.0, 9.0))),
        "forehead_slope": field(dz=0.30 * step(-y, 3.5, 8.5) * front),
        "brow_ridge": field(
            dz=-0.16 * bump(x, y, 2.5, -2.0, 2.2, 0.8) * front - 0.08 * bump(x, y, 0, -2.2, 1.4, 0.9) * front
        ),
        "brow_height": field(dy=-0.20 * brow),
        "temples": field(0.10 * s * bump(x, y, 7.2, -2.5, 1.5, 2.5)),
        "eye_size": field(0.085 * ex * s * eye, 0.085 * ey * eye),
        "eye_spacing": field(0.13 * s * bump(x, y, 3.2, -0.2, 2.4, 2.2) * front),
        "eye_tilt": field(dy=-0.075 * ex * eye),
        "eye_depth": field(dz=0.12 * bump(x, y, 3.2, 0.0, 2.0, 1.4) * front),
        "eye_opening": field(dy=0.10 * ey / (1 + np.abs(ey)) * bump(x, y, 3.25, 0.0, 1.3, 0.9) * front * 2.2),
        "eye_height": field(dy=0.11 * bump(x, y, 3.2, -0.8, 3.2, 2.6) * front),
        "nose_length": field(dy=0.22 * bump(x, y, 0.0, 4.2, 1.9, 1.6) * front),
        "nose_width": field(0.17 * s * wings + 0.10 * x * nose * 0.4),
        "nose_bridge": field(dz=-0.22 * bridge),
        "nose_tip": field(
            0.08 * x * bump(x, y, 0.0, 3.7, 1.1, 0.9) * front, 0.0, -0.09 * bump(x, y, 0.0, 3.7, 0.8, 0.7) * front
        ),
        "nose_upturn": field(dy=-0.19 * bump(x, y, 0.0, 3.9, 0.9, 0.8) * front),
        "nose_hump": field(dz=-0.14 * bump(x, y, 0.0, 1.5, 0.6, 0.8) * front),
        "nose_projection": field(dz=-0.24 * bump(x, y, 0.0, 3.6, 1.3, 1.4) * front),
        "bridge_width": field(0.14 * x * bump(x, y, 0.0, 1.4, 1.5, 1.8) * front),
        "mouth_width": field(0.09 * x * mouth),
        "mouth_height": field(dy=0.17 * bump(x, y, 0.0, MOUTH_Y, 3.4, 1.9) * front),
        "upper_lip_fullness": field(
            0.0, -0.16 * lips * np.exp(-(((y - 6.45) / 0.42) ** 2)), -0.07 * lips * np.exp(-(((y - 6.8) / 0.4) ** 2))
        ),
        "lower_lip_fullness": field(
            0.0, 0.17 * lips * np.exp(-(((y - 8.0) / 0.48) ** 2)), -0.08 * lips * np.exp(-(((y - 7.7) / 0.45) ** 2))
        ),
        "lip_protrusion": field(dz=-0.16 * bump(x, y, 0.0, MOUTH_Y, 2.2, 1.3) * front),
        "cupid_bow": field(dy=0.07 * front * (bump(x, y, 0.0, 6.4, 0.35, 0.4) - 0.6 * bump(x, y, 0.75, 6.3, 0.4, 0.4))),
        "mouth_tilt": field(dy=-0.07 * bump(x, y, 2.5, MOUTH_Y, 0.9, 0.8) * front),
        "jaw_width": field(0.040 * x * jaw),
        "jaw_corner": field(0.16 * s * bump(x, y, 6.2, 7.5, 2.0, 2.2), 0.25 * bump(x, y, 5.6, 8.4, 1.8, 2.0)),
        "chin_length": field(dy=0.30 * step(y, 8.2, 11.0) * (1 - step(y, 11.8, 15.0)) * step(-z, 0.0, 8.0)),
        "chin_width": field(0.11 * x * chin * step(w, 0.0, 1.0)),
        "chin_protrusion": field(dz=-0.26 * bump(x, y, 0.0, 10.3, 2.6, 1.6) * front),
        "cheekbones": field(
            0.12 * s * bump(x, y, 5.6, 2.6, 2.0, 1.4), 0.0, -0.14 * bump(x, y, 4.6, 2.7, 1.6, 1.2) * front
        ),
        "cheek_fullness": field(
            0.17 * s * bump(x, y, 5.6, 6.4, 2.4, 2.4), 0.0, -0.15 * bump(x, y, 4.2, 6.2, 1.8, 2.0) * front
        ),
        "face_length": field(dy=0.32 * step(y, 0.5, 9.0) * (1 - step(y, 12.5, 17.0)) * step(-z, -3.0, 5.0)),
        "face_width": field(0.020 * x * upper_face),
        "neck_width": field(
            0.055 * x * step(y, 9.0, 14.0) * (1 - step(w, 5.6, 6.6)), 0.0, 0.035 * z * step(y, 11.0, 15.0)
        ),
        "asymmetry_x": field(0.07 * bump(x, y, 0.0, 5.5, 4.0, 3.5) * front),
        "asymmetry_y": field(
            0.0,
            0.05 * s * bump(x, y, 3.5, -1.0, 2.5, 2.5) * front + 0.05 * s * bump(x, y, 2.5, MOUTH_Y, 1.5, 1.2) * front,
        ),
    }


@lru_cache(maxsize=1)
def _basis() -> NDArray[np.float32]:
    fields = shape_fields(topology().position)
    assert set(fields) == set(SHAPES)
    return np.stack([fields[name] for name in SHAPES]).astype(np.float32)


def shaped_head(traits: Traits) -> Array:
    """The person's neutral head on the canonical vertices, head frame, cm."""
    weights = np.array([float(traits[name]) for name in SHAPES], np.float32)
    return np.asarray(topology().position + VARIETY * np.tensordot(weights, _basis(), 1))


def moved(traits: Traits, points: Array) -> Array:
    """Where the person's shape takes other points of the mean head frame (eyeballs, teeth, ears), [V, 3]."""
    fields = shape_fields(points)
    return np.asarray(points + VARIETY * sum(float(traits[name]) * fields[name] for name in SHAPES))


def shaped_eye(head: Array, side: int) -> Array:
    """The eyeball (x, y, z, radius): it goes with the lids around it and is as large as they are wide apart."""
    top = topology()
    rings = top.eyes[side, 1:3].ravel()
    inner, outer = top.eyes[side, 1, 0], top.eyes[side, 1, EYE_COLUMNS // 2]

    def width(points: Array) -> float:
        return float(np.linalg.norm(points[inner] - points[outer]))

    radius = EYE_RADIUS * float(np.clip(width(head) / width(top.position), 0.85, 1.25))
    centre = eye_centre(side) + (head[rings] - top.position[rings]).mean(0)
    return np.array([centre[0], centre[1], centre[2] + radius - EYE_RADIUS, radius])
