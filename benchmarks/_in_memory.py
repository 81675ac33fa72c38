"""Clips held in memory, as the training wants them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemotion.dataset.images import decode


@dataclass
class Clip:
    """Points in pixels of its square frames."""

    clip_id: str
    person_id: str
    frames: int
    fps: float
    size: int
    points: NDArray[np.float32]
    camera: NDArray[np.float32]
    jpegs: list[bytes]

    def image(self, frame: int) -> NDArray[np.uint8]:
        return decode(self.jpegs[frame])


@dataclass
class Clips:
    clips: list[Clip]
