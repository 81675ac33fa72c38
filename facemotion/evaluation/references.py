"""The protocol of several references: which frames of a clip a model is shown, and which of the others are scored."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

COUNTS: Final = (1, 2, 4, 8)


def offered(frames: int) -> range:
    """Frames among which references are chosen: the clip's first third."""
    return range(max(frames // 3, min(frames, 1)))


def scored(frames: int, stride: int) -> NDArray[np.intp]:
    """Every stride-th frame of the clip's last half, counted back from its last."""
    return np.arange(frames - 1, max(frames // 2, len(offered(frames))) - 1, -stride)[::-1]


def chosen(poses: NDArray[np.floating], count: int) -> list[int]:
    """Of frames with head poses [T, 3] in degrees, NaN where unknown, those that cover most poses: frame 0, and then
    each time the frame farthest from all chosen before. So fewer references are always the first of more.

    Fewer than `count` where no other frame has a pose of its own."""
    if count < 1:
        raise ValueError(f"{count} references cannot be chosen: ask for one or more")
    known = np.isfinite(poses).all(axis=1)
    picked = [0] if len(poses) else []
    # A first frame without a pose is as far from all others: it says nothing of what they add.
    nearest = np.where(known, np.inf, -1.0)
    while picked and len(picked) < count:
        last = poses[picked[-1]]
        if np.isfinite(last).all():
            nearest = np.where(known, np.minimum(nearest, np.linalg.norm(poses - last, axis=1)), -1.0)
        nearest[picked] = -1.0
        farthest = int(nearest.argmax())
        if nearest[farthest] <= 0:
            break
        picked.append(farthest)
    return picked
