"""Head pose and expression told from points [70, 2], and how far those of a generated face miss the driving ones.

Angles in degrees; openings, widths and gaze in distances of the outer eye corners of the same face."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation.head_turn import pose_gap, yaw_gap
from facemotion.landmarks.layout import GROUPS, MOUTH_CORNERS
from facemotion.landmarks.scores import LIDS, MOUTH, Opening, eye_distance, opening

Points = NDArray[np.floating]
Floats = NDArray[np.float64]

NONE: Final = float("nan")
OPEN_EYE: Final = 0.13  # height over width of an eye in which a pupil can be told


def scores(found: Points, wanted: Points, suffix: str = "") -> dict[str, float]:
    values = {
        "pose_error": pose_gap(found, wanted),
        "lid_error": float(np.abs(lid_openings(found) - lid_openings(wanted)).mean()),
        "lip_opening_error": abs(lip_opening(found) - lip_opening(wanted)),
        "lip_width_error": abs(lip_width(found) - lip_width(wanted)),
        "gaze_error": gaze_error(found, wanted),
    }
    return {name + suffix: value for name, value in values.items()}


def against_truth(found: Points, driver: Points, true: Points) -> dict[str, float]:
    """And the measurer's own error, that on the driving frame itself."""
    return scores(found, true, "_truth") | scores(driver, true, "_truth_bias")


def describe(driver: Points, reference: Points) -> dict[str, float]:
    """What a frame asks for: how far the head is turned from the reference's, how open mouth and eyes are."""
    return {
        "pose_gap": pose_gap(driver, reference),
        "yaw_gap": yaw_gap(driver, reference),
        "lip_opening": lip_opening(driver),
        "lid_opening": float(lid_openings(driver).mean()),
    }


def lid_openings(points: Points) -> Floats:
    """Left, right."""
    return np.array([_relative(points, part) for part in LIDS])


def lip_opening(points: Points) -> float:
    return _relative(points, MOUTH)


def lip_width(points: Points) -> float:
    corners = np.asarray(points, np.float64)[list(MOUTH_CORNERS)]
    return float(np.linalg.norm(corners[1] - corners[0])) / _unit(points)


def gaze_error(found: Points, wanted: Points) -> float:
    """Of the eyes whose pupil is known in both; NaN where there is none."""
    both = (_gaze(found), _gaze(wanted))
    apart = np.linalg.norm(both[0] - both[1], axis=1)
    known = apart[np.isfinite(apart)]
    return float(known.mean()) if len(known) else NONE


def _gaze(points: Points) -> Floats:
    """Where each pupil [2, 2] lies between its eye's corners, along their line and across it; NaN in a closed eye
    and where the pupil is."""
    all_points = np.asarray(points, np.float64)
    found = np.full((2, 2), np.nan)
    for side, (part, pupil) in enumerate(zip(LIDS, GROUPS["pupils"], strict=True)):
        left, right = all_points[list(part.corners)]
        width = float(np.linalg.norm(right - left))
        if width > 0 and float(opening(all_points[None], part)[0]) / width >= OPEN_EYE:
            along = (right - left) / width
            away = all_points[pupil] - (left + right) / 2
            found[side] = away @ np.array([along, [-along[1], along[0]]]).T
    return found / _unit(points)


def _relative(points: Points, part: Opening) -> float:
    return float(opening(np.asarray(points, np.float64)[None], part)[0]) / _unit(points)


def _unit(points: Points) -> float:
    return max(float(eye_distance(np.asarray(points, np.float64)[None])[0]), 1e-9)
