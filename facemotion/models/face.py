"""What is known of a face in a frame."""

from typing import NamedTuple

from torch import Tensor


class Face(NamedTuple):
    """Images [B, 3, H, H] in [0, 1]; landmarks found in them, [B, 70, 2], normalised, NaN where not found; and affine
    maps [B, 2, 3] that carry the background to where a frame that they share has it, None where nothing moved it."""

    image: Tensor
    points: Tensor
    camera: Tensor | None = None
