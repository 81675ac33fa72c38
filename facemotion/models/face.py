"""What is known of a face in a frame."""

from typing import Final, NamedTuple

from torch import Tensor

# Pixels a side of a reference for one of a frame that is made of it: what is moved by parts of a pixel stays sharp.
FINER: Final = 2


class Face(NamedTuple):
    """Images [B, 3, H, H] in [0, 1]; landmarks found in them, [B, 70, 2], normalised, NaN where not found; and affine
    maps [B, 2, 3] that carry the background to where a frame that they share has it, None where nothing moved it."""

    image: Tensor
    points: Tensor
    camera: Tensor | None = None


def reference_size(size: int, there: int) -> int:
    """At which pictures of `there` pixels a side are references of a model of `size`."""
    return FINER * size if there >= FINER * size else size
