"""What a face detector and a landmarker are to the rest of the project."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facemotion.faces.boxes import Box

Image = NDArray[np.uint8]  # [H, W, 3] RGB, or [H, W] grey where a detector is content with that


@dataclass(frozen=True)
class Face:
    """A detection: box in pixel edges of the image; scores compare only within one detector."""

    box: Box
    score: float


class Detector(Protocol):
    def detect(self, image: Image, *, weakest: float | None = None) -> list[Face]:
        """Faces, best first; `weakest` also lets in doubtful ones down to that score."""
        ...


class Landmarker(Protocol):
    """Points are float32 [70, 2] in pixel coordinates of the image, scores float32 [70] in 0..1."""

    def points(self, image: Image, box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The points of the face in a box, which may be rough."""
        ...

    def follow(self, image: Image, previous: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The points of a face that was at `previous` a frame ago, as accurate as `points` and cheaper."""
        ...
