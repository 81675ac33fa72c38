"""Sheets to look at: who the synthetic people are, and one performance given by several of them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.background import Background
from facemotion.synth.controls import INDEX, Performance
from facemotion.synth.performance import perform
from facemotion.synth.person import Person
from facemotion.synth.scene import Actor, Lighting, View, render

Image = NDArray[np.uint8]
SIDE: Final = 256
FACE_PX: Final = 118.0  # brow to chin
MIDDLE: Final = (SIDE / 2, SIDE * 0.57)


def person_tile(seed: int, performance: Performance, frame: int) -> Image:
    """A person at a moment of a performance, in a light and before a background of their own."""
    actor = Actor(
        person=Person.from_seed(seed),
        expression=performance.expression[frame],
        pose=performance.pose[frame],
        anchor=MIDDLE,
        face_px=FACE_PX,
    )
    backdrop = Background(seed, SIDE, SIDE).film(np.eye(2, 3), 0.0)
    return render(View(SIDE, SIDE), [actor], Lighting.sample(np.random.default_rng([seed, 11])), backdrop).image


def people_tiles(seeds: list[int]) -> list[Image]:
    """Each person at a lively moment: the one in which they look most into the camera, eyes open."""
    tiles = []
    for seed in seeds:
        performance = perform(seed, 100, 25)
        looks = performance.expression[:, [INDEX[name] for name in ("lid_left", "lid_right", "gaze_x", "gaze_y")]]
        away = np.abs(performance.pose[:, :3]).sum(axis=1) / 30 + np.abs(looks).sum(axis=1)
        tiles.append(person_tile(seed, performance, int(np.argmin(away))))
    return tiles


def performance_tiles(seeds: list[int], performance_seed: int, moments: int, seconds: float) -> list[list[Image]]:
    """Rows of people, columns of moments: anybody can give any performance."""
    performance = perform(performance_seed, moments, moments / seconds)
    return [[person_tile(seed, performance, frame) for frame in range(moments)] for seed in seeds]
