"""Clips in which a head turns far enough for one frame to show what another cannot."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from facemotion.dataset.sampling import ClipFacts
from facemotion.landmarks.pose import head_pose

log = logging.getLogger(__name__)

# Frames at either end of a clip's turns that do not count, in percent: a few are landmarks gone astray.
ASIDE: Final = 2.0
# People without whom too little is learnt of faces.
FEWEST: Final = 2

Clip = TypeVar("Clip", bound=ClipFacts)


@dataclass(frozen=True)
class Chosen(Generic[Clip]):
    """Some clips of a split."""

    clips: Sequence[Clip]


def turning(clips: Sequence[Clip], degrees: float) -> Chosen[Clip]:
    """Those that turn, or nod, by so many degrees; all where they are of too few people."""
    kept = [clip for clip in clips if turn(clip.points) >= degrees]
    people = {clip.person_id for clip in kept}
    if len(people) < min(FEWEST, len({clip.person_id for clip in clips})):
        log.warning("heads turn by %g degrees in clips of %d people only: all clips are taken", degrees, len(people))
        return Chosen(clips)
    log.info("%d of %d clips turn by %g degrees", len(kept), len(clips), degrees)
    return Chosen(kept)


def turn(points: NDArray[np.floating]) -> float:
    """Degrees between the ends of what a head turns or nods in a clip, of landmarks [T, 70, 2] in pixels."""
    found = points[np.isfinite(points).all(axis=(1, 2))]
    if not len(found):
        return 0.0
    poses = head_pose(found)[:, :2]
    low, high = np.percentile(poses, [ASIDE, 100 - ASIDE], axis=0)
    return float((high - low).max())
