"""Flicker: how much the error of consecutive frames bends in time. One that stays, or drifts, does not flicker.

Mean |second difference in time of (generated - driving)|, RGB in [0, 1], of the face and of the background apart."""

from collections import deque
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation.images import SCALE, Frame
from facemotion.evaluation.true_areas import Mask
from facemotion.faces.boxes import face_boxes
from facemotion.landmarks.layout import N_IBUG

# A driving pixel that changes more from frame to frame is not static; below lies the noise of the codec.
STATIC: Final = 6 / 255
# Where no truth says what is background: beside and above a box so many face boxes wide and high, hair and ears in it.
ACROSS: Final = 1.35
UP: Final = 1.6
MEAN: Final = np.full(3, 1 / 3, np.float32)  # of the colours


class _Frame(NamedTuple):
    error: Frame
    driving: Frame
    face: Mask
    static: Mask  # background that has not changed since the frame before


class FlickerMeter:
    """Fed with the consecutive frames of one run, and made anew for the next one; it keeps three."""

    def __init__(self) -> None:
        self._frames: deque[_Frame] = deque(maxlen=3)

    def add(self, generated: Frame, driving: Frame, face: Mask, background: Mask) -> dict[str, float]:
        """`face`, `background`: where they are in the driving frame. Scores of the frame before this one, from the
        third frame on; NaN where there is none of it."""
        static = background
        if self._frames:
            changed = cv2.absdiff(driving, self._frames[-1].driving)
            static = background & (cv2.inRange(changed, (0, 0, 0), (STATIC, STATIC, STATIC)) > 0)
        self._frames.append(_Frame(generated - driving, driving, face, static))
        if len(self._frames) < 3:
            return {}
        before, middle, after = self._frames
        bend = np.abs(before.error - 2 * middle.error + after.error) @ MEAN
        return {
            "flicker": float(bend.mean(dtype=np.float64)),
            "flicker_face": _mean(bend, middle.face),
            "flicker_bg": _mean(bend, before.static & middle.static & after.static),
        }


def face_area(points: NDArray[np.floating]) -> Mask:
    """The hull of a face's 68 points."""
    mask = np.zeros((SCALE, SCALE), np.uint8)
    outline = cv2.convexHull(np.rint(np.asarray(points)[:N_IBUG]).astype(np.int32))
    cv2.fillConvexPoly(mask, outline, 1)
    return np.asarray(mask > 0)


def background_area(points: NDArray[np.floating]) -> Mask:
    """What surely is background, told from the points alone: beside and above the head, down to the chin."""
    left, top, right, bottom = face_boxes(points).tolist()
    middle, half = (left + right) / 2, ACROSS * (right - left) / 2
    columns, rows = np.arange(SCALE)[None, :], np.arange(SCALE)[:, None]
    beside = (np.abs(columns + 0.5 - middle) > half) | (rows + 0.5 < bottom - UP * (bottom - top))
    return np.asarray(beside & (rows + 0.5 < bottom))


def _mean(values: NDArray[np.float32], where: Mask) -> float:
    return float(values[where].mean(dtype=np.float64)) if where.any() else float("nan")
