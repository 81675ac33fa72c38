"""Rendered faces whose truth is known, for tests of what measures faces: a person, doing what is asked for."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation.images import SCALE, Frame
from facemotion.synth import geometry
from facemotion.synth.background import Background
from facemotion.synth.controls import INDEX, POSE, neutral_expression
from facemotion.synth.person import Person
from facemotion.synth.scene import Actor, Lighting, View, render

VIEW = View(SCALE, SCALE)


@dataclass(frozen=True)
class Shown:
    frame: Frame
    points: NDArray[np.float32]  # the true ones


@cache
def shown(person: int = 3, **doing: float) -> Shown:
    """Controls of the expression and of the pose by name; the background and the light never change."""
    expression, pose = neutral_expression(), np.zeros(len(POSE), np.float32)
    for name, value in doing.items():
        if name in POSE:
            pose[POSE.index(name)] = value
        else:
            expression[INDEX[name]] = value
    actor = Actor(Person.from_seed(person), expression, pose, (SCALE / 2, SCALE * 0.57), 130.0)
    image = render(VIEW, [actor], light(), backdrop()).image
    return Shown((image / np.float32(255)).astype(np.float32), geometry.points(VIEW, actor)[0])


@cache
def light() -> Lighting:
    return Lighting.sample(np.random.default_rng([7]))


@cache
def backdrop() -> NDArray[Any]:
    return Background(5, SCALE, SCALE).film(np.eye(2, 3), 0.0)


EYES_SHUT = {"lid_left": 1.0, "lid_right": 1.0}
MOUTH_OPEN = {"jaw_open": 0.8}
