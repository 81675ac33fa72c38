"""The protocol of several references: which frames of a clip a model is shown, and which of the others are scored."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.landmarks.choose import choose

COUNTS: Final = (1, 2, 4, 8)


def offered(frames: int) -> range:
    """Frames among which references are chosen: the clip's first third."""
    return range(max(frames // 3, min(frames, 1)))


def scored(frames: int, known: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of a clip's known frames that lie in its last half."""
    return known[known >= max(frames // 2, len(offered(frames)))]


def chosen(points: NDArray[np.floating]) -> list[int]:
    """The most references a model is shown of a clip with these landmarks [T, 70, 2]; fewer are the first of these.
    Frame 0 is always the first: what it does not show is what others can add."""
    return choose(points[list(offered(len(points)))], COUNTS[-1], first=0)
