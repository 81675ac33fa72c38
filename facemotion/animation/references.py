"""The photos to animate: the face in each, framed as in training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facemotion.animation.faces import FoundFace
from facemotion.animation.settings import Settings
from facemotion.faces.boxes import face_boxes
from facemotion.ingest.framing import cut_out, steady_square, to_crop
from facemotion.ingest.sighting import sharpness
from facemotion.models import grid

Image = NDArray[np.uint8]
Square = tuple[int, int, int, int]

CLIP: Final = 256  # pixels at which crops are resampled before a model's own size, as in training


@dataclass(frozen=True)
class Reference:
    """A photo, the square of it that is animated, in whole pixel edges, and the landmarks [70, 2] in its pixels.
    `camera`: of a frame of the driving video itself, how the background got there; see dataset/camera. `eyes_hidden`:
    by dark glasses or shadow."""

    image: Image
    square: Square
    points: NDArray[np.float64]
    camera: NDArray[np.float32] | None = None
    eyes_hidden: bool = False

    @classmethod
    def of(cls, image: Image, face: FoundFace, settings: Settings) -> "Reference":
        square = framed(face.points[None], settings)
        return cls(image, square, np.asarray(face.points, np.float64), eyes_hidden=face.eyes_hidden)

    @property
    def side(self) -> int:
        return self.square[2] - self.square[0]

    def crop(self, size: int) -> Image:
        return cut_out(self.image, self.square, size)

    @property
    def sharpness(self) -> float:
        left, top, right, bottom = face_boxes(self.points).tolist()
        return sharpness(self.image, (left, top, right, bottom))

    def normalised(self) -> NDArray[np.float64]:
        """The landmarks in the square."""
        return normalised(self.points, self.square)


def framed(points: NDArray[np.floating], settings: Settings) -> Square:
    """The square that stands still about faces with these points [T, 70, 2]."""
    known = points[np.isfinite(points[:, :68]).all(axis=(1, 2))]
    return steady_square(face_boxes(known), settings.context, settings.lift)


def normalised(points: NDArray[np.floating], square: Square) -> NDArray[np.float64]:
    """Points [..., 2] in pixels of a picture, from -1 to 1 over a square of it."""
    return (2 * to_crop(points, square, 1) + 1) - 1


def model_input(crops: Sequence[Image], size: int) -> Tensor:
    """Square pictures as a model takes them: [B, 3, size, size] in [0, 1]."""
    stacked = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
    return grid.resize_image(stacked, size)
