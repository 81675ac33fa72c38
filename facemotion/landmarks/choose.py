"""Choosing references: of a video's frames, or of many photos of one person, the few that together show most of the
face. Points are in pixels, or in any other unit of which x and y have the same."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.landmarks.layout import N_IBUG
from facemotion.landmarks.pose import head_pose
from facemotion.landmarks.scores import LIDS, MOUTH, eye_distance, opening

Floats = NDArray[np.float64]

# How much a degree of yaw, pitch and roll adds to what is shown: a head that is merely tilted shows nothing new.
TURNS: Final = (1.0, 1.0, 0.25)
# What an open mouth shows is worth as much as a turn: of so many degrees for each eye distance that it is open.
MOUTH_DEGREES: Final = 25.0
# Shares of what is usual among these frames: at the second lids are as open, or the picture as sharp, as one may want;
# at the first a blink is under way, or all detail lost.
OPEN: Final = (0.4, 0.75)
SHARP: Final = (0.4, 0.8)
LEAST: Final = 0.05  # of its worth a blinking or blurred frame keeps: it may still be the only one of its side
FRONTAL_SLACK: Final = 5.0  # degrees that a sounder frame may be turned further than the most frontal one
NOSE: Final = (27, 33)  # its bridge and its foot
UNKNOWN: Final = 180.0  # degrees: as far as a frame can be from one of which nothing is known


def choose(
    points: NDArray[np.floating], count: int, *, sharpness: NDArray[np.floating] | None = None, first: int | None = None
) -> list[int]:
    """At most `count` of frames with landmarks [T, 70, 2], NaN where no face was found, the most telling first; so
    fewer references are always the first of more.

    After `first`, or else the best frontal frame, always the one that shows most that those before it do not: a face
    turned otherwise, another shape of the mouth, with open eyes, and sharp where `sharpness` [T] is told, in any unit.
    Of equals the earliest. Fewer than `count` where no other frame has a face, or shows anything new."""
    if count < 1:
        raise ValueError(f"{count} references cannot be chosen: ask for one or more")
    if not len(points):
        return []
    known = np.asarray(points, np.float64)
    shows, worth = _shows(known), _worth(known, sharpness)
    picked = [_frontal(shows, worth) if first is None else first]
    apart = np.where(worth > 0, UNKNOWN, 0.0)
    while len(picked) < count:
        last = shows[picked[-1]]
        if np.isfinite(last).all():
            apart = np.minimum(apart, np.nan_to_num(np.linalg.norm(shows - last, axis=1)))
        apart[picked] = 0.0
        gain = apart * worth
        if gain.max() <= 0:
            break
        picked.append(int(gain.argmax()))
    return picked


def _shows(points: Floats) -> Floats:
    """What tells frames apart [T, 4], in degrees: yaw, pitch, roll, and how open the mouth is; NaN without a face."""
    pose = head_pose(points) * TURNS
    mouth = opening(points, MOUTH) / np.maximum(eye_distance(points), 1e-9) * MOUTH_DEGREES
    shows = np.concatenate((pose, mouth[:, None]), axis=1)
    shows[~_found(points)] = np.nan
    return np.asarray(shows, np.float64)


def _worth(points: Floats, sharpness: NDArray[np.floating] | None) -> Floats:
    """Of each frame, 0 without a face to 1 with open eyes and a sharp picture."""
    found = _found(points)
    worth = _passing(_lids(points), found, OPEN)
    if sharpness is not None:
        worth *= _passing(np.asarray(sharpness, np.float64), found, SHARP)
    return np.where(found, np.maximum(worth, LEAST), 0.0)


def _passing(values: Floats, found: NDArray[np.bool_], between: tuple[float, float]) -> Floats:
    """0 to 1, by their shares of the median."""
    usual = float(np.median(values[found])) if found.any() else 1.0
    return np.interp(values / max(usual, 1e-9), between, (0.0, 1.0))


def _lids(points: Floats) -> Floats:
    """How open both eyes are [T], in lengths of the nose: the eyes' own width shrinks as the head turns."""
    top, foot = (points[:, end] for end in NOSE)
    nose = np.maximum(np.linalg.norm(foot - top, axis=-1), 1e-9)
    return np.asarray(np.mean([opening(points, lid) for lid in LIDS], axis=0) / nose, np.float64)


def _frontal(shows: Floats, worth: Floats) -> int:
    """The frame that looks most into the camera, with its mouth shut, unless a sounder one nearly does."""
    off = np.linalg.norm(shows[:, [0, 1, 3]], axis=1) + FRONTAL_SLACK
    return int(np.where(worth > 0, off / np.maximum(worth, LEAST), np.inf).argmin())


def _found(points: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(points[:, :N_IBUG]).all(axis=(1, 2)))
