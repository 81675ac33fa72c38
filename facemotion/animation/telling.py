"""What of a driving face will show in the result, told with the numbers of its frames before anything is made."""

import logging
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.animation.faces import PROFILE
from facemotion.animation.performance import Performance, ranges
from facemotion.errors import FacemotionError
from facemotion.landmarks.pose import head_pose

log = logging.getLogger(__name__)

LONG_S: Final = 0.5  # seconds that are worth telling
MOST: Final = 5  # stretches of one kind


def tell(performance: Performance, path: str) -> None:
    if not performance.seen.any():
        raise FacemotionError(f"{path}: no face was found in the part that is asked for")
    _stretches(performance, path, ~performance.seen, lambda _: "no face: the result goes on evenly over them")
    turned = np.zeros(performance.frames)
    turned[performance.seen] = np.abs(head_pose(performance.points[performance.seen])[:, 0])
    _stretches(
        performance, path, turned > PROFILE,
        lambda some: f"the face is turned by up to {turned[some].max():.0f} degrees (a profile): there the result is "
        "guesswork; leave them out by --start and --end",
    )  # fmt: skip
    if performance.eyes_hidden:
        first = performance.start
        log.warning(
            "%s: the eyes cannot be seen in most of frames %d to %d (dark glasses, or shadow): those of the result "
            "stay as in the photo while the rest moves; for eyes that follow, be driven by somebody without glasses",
            path, first, first + performance.frames - 1,
        )  # fmt: skip


def _stretches(performance: Performance, path: str, of: NDArray[np.bool_], what: Callable[[slice], str]) -> None:
    long = [(a, b) for a, b in ranges(of) if (b - a) / performance.fps > LONG_S]
    for first, last in long[:MOST]:
        start = performance.start
        log.warning(
            "%s: frames %d to %d (second %.1f to %.1f): %s",
            path, start + first, start + last - 1, (start + first) / performance.fps,
            (start + last) / performance.fps, what(slice(first, last)),
        )  # fmt: skip
    if len(long) > MOST:
        log.warning("%s: and %d more such stretches", path, len(long) - MOST)
