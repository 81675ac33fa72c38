"""What is behind the people of a shot: painted once per shot, larger than the frame, then filmed frame by frame."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.background_motion import Mover, movers
from facemotion.synth.background_paint import Palette
from facemotion.synth.background_scenes import SCENES
from facemotion.synth.camera import MAX_SHIFT, MAX_ZOOM, Affine

Image = NDArray[np.uint8]

# Border of the painting around the frame, in frame widths: what the camera may shift and zoom out to.
_MARGIN: Final = MAX_SHIFT + 0.5 * MAX_ZOOM + 0.02


@dataclass(frozen=True)
class Look:
    """The kind and colours of a background, known without painting it."""

    scene: str
    palette: Palette

    @classmethod
    def from_seed(cls, seed: int) -> "Look":
        rng = np.random.default_rng([seed, 0])
        names = list(SCENES)
        weights = np.array([SCENES[name].weight for name in names])
        scene = names[int(rng.choice(len(names), p=weights / weights.sum()))]
        return cls(scene, Palette.sample(rng, SCENES[scene].lightness))

    def difference(self, other: "Look") -> float:
        """How plainly a cut between the two would show: distance of their wall colours in 0..1."""
        distance = float(np.linalg.norm(np.subtract(self.palette.wall, other.palette.wall))) / 442.0
        return distance + (0.1 if self.scene != other.scene else 0.0)


class Background:
    """A painted scene and the things that move in it."""

    def __init__(self, seed: int, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.margin = math.ceil(_MARGIN * width)
        self.look = Look.from_seed(seed)
        shape = (height + 2 * self.margin, width + 2 * self.margin)
        self._painting = SCENES[self.look.scene].paint(np.random.default_rng([seed, 1]), *shape, self.look.palette)
        self._movers: list[Mover] = movers(np.random.default_rng([seed, 2]), width, height)

    def film(self, affine: Affine, time: float) -> Image:
        """RGB at `time` seconds of the shot; `affine` takes steady to filmed pixels."""
        matrix = affine.copy()
        matrix[:, 2] -= affine[:, :2] @ (self.margin, self.margin)
        frame: Image = cv2.warpAffine(
            self._painting, matrix, (self.width, self.height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        for mover in self._movers:
            mover.draw(frame, affine, time)
        return frame

    def unsteady(self, affine: Affine, time: float) -> NDArray[np.bool_]:
        """Filmed pixels whose background moves by itself, so that the camera's motion does not explain them."""
        mask = np.zeros((self.height, self.width), np.bool_)
        for mover in self._movers:
            mover.mark(mask, affine, time)
        return mask
