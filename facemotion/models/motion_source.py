"""What a reference is to the coarse motion: all of it that no driving frame changes."""

from typing import NamedTuple

from torch import Tensor

from facemotion.models.keypoints import Keypoints


class MotionSource(NamedTuple):
    """The keypoints of a model with a refiner may go on with finer ones, which the coarse motion does not read."""

    image: Tensor  # small
    keypoints: Keypoints
    bells: Tensor  # where the coarse ones, or the parts of the face, lie
    background: Tensor | None = None  # its half of the background network's first layer
    camera: Tensor | None = None  # affine maps [B, 2, 3] of its background, see `Face`
