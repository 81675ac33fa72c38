"""How good a face tube is to learn from, roughly, from what was seen at the searched frames."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.ingest.sighting import Sighting
from facemotion.landmarks.pose import head_pose
from facemotion.landmarks.scores import LIDS, MOUTH, eye_distance, opening

Floats = NDArray[np.float64]

ENDS: Final = (5.0, 95.0)  # percentiles between which a range lies: one wrong look must not widen it


def quality(sightings: Sequence[Sighting], boxes: Floats, start: int, stride: int) -> dict[str, float]:
    """Of a tube whose `boxes` begin with frame `start`, searched every `stride` frames."""
    points = np.array([sighting.points for sighting in sightings], np.float64)
    yaw = head_pose(points)[:, 0]
    eyes = np.maximum(eye_distance(points), 1e-9)
    lids = np.mean([opening(points, lid) for lid in LIDS], axis=0) / eyes
    searched = boxes[::stride]
    seen = {(sighting.frame - start) // stride for sighting in sightings}
    left, right = np.percentile(yaw, ENDS).tolist()
    return {
        "exposure": float(np.median([sighting.exposure for sighting in sightings])),
        "yaw_left": left,
        "yaw_right": right,
        "mouth": _range(opening(points, MOUTH) / eyes),
        "lids": _range(lids),
        "shake": _shake(searched),
        "missed": 1.0 - len(seen) / max(len(searched), len(seen)),
    }


def _range(values: Floats) -> float:
    low, high = np.percentile(values, ENDS)
    return float(high - low)


def _shake(boxes: Floats) -> float:
    """How the box starts and stops from one search to the next: the root mean square of second differences of its
    middle and side, in sides."""
    if len(boxes) < 3:
        return 0.0
    sides = boxes[:, 3] - boxes[:, 1]
    moves = np.column_stack([(boxes[:, :2] + boxes[:, 2:]) / 2, sides]) / np.median(sides)
    return float(np.sqrt(np.square(np.diff(moves, 2, axis=0)).sum(axis=1).mean()))
