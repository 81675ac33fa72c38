"""Which frames a slow metric looks at: spread evenly, the same in every run."""

import numpy as np
from numpy.typing import NDArray


def evenly(frames: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """`count` of the frames, or all where there are fewer: the middles of as many equal stretches."""
    if count >= len(frames):
        return frames
    return frames[((np.arange(count) + 0.5) * len(frames) / max(count, 1)).astype(np.intp)]


def share(total: int, clips: int) -> int:
    """Frames of each clip so that all clips together have about `total`, and at least one each."""
    return max(round(total / max(clips, 1)), 1)


def runs(frames: int, count: int, length: int) -> list[range]:
    """At most `count` runs of `length` consecutive frames, apart from each other and without frame 0, the reference;
    shorter, but of three at least, where the clip is."""
    there = frames - 1
    length = min(length, there)
    if length < 3:
        return []
    count = min(count, there // length)
    starts = [1 + round((k + 0.5) * there / count - length / 2) for k in range(count)]
    return [range(start, start + length) for start in starts]
