"""What the truth tells of a frame, at the scored size: where its pixels come from, and what shows where."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class TrueFlow(NamedTuple):
    """For each pixel of a frame, where in the reference its surface lies [SCALE, SCALE, 2], in pixel coordinates, and
    whether it is seen there."""

    where: NDArray[np.float32]
    seen: Mask


class Areas(NamedTuple):
    """What a frame shows where: the clip's own person, of it the head, and the background; `known` is where it is known
    whether the reference shows the same, which it is not outside of the video and on what moves by itself."""

    known: Mask
    own: Mask
    head: Mask
    background: Mask
