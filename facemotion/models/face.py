"""What is known of a face in a frame."""

from typing import NamedTuple

from torch import Tensor


class Face(NamedTuple):
    """Images [B, 3, H, H] in [0, 1] and landmarks found in them, [B, 70, 2], normalised, NaN where not found."""

    image: Tensor
    points: Tensor
