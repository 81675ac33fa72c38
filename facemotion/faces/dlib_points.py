"""dlib's 68 points, made steadier: predicted on an upright, enlarged patch from several shifted boxes and averaged."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.faces.boxes import Box, face_boxes
from facemotion.faces.dlib_forest import Forest
from facemotion.faces.interfaces import Colour, Image
from facemotion.faces.pupils import find_pupils
from facemotion.landmarks.layout import GROUPS, N_IBUG, N_POINTS

Floats = NDArray[np.float64]

# dlib rounds to whole pixels: on a face box this wide that is a quarter of a percent of it.
FACE_PX: Final = 200.0
MARGIN_PX: Final = 80
PATCH_PX: Final = int(FACE_PX) + 2 * MARGIN_PX
CONTRAST: Final = 50.0  # standard deviation of a face's brightness as the predictor gets to see it
BRIGHTNESS: Final = 120.0
MOST_GAIN: Final = 6.0
# Shifts across and down and change of side, in box sides, in opposite pairs. Their errors differ, so that their mean is
# quieter and closer than one (error -3 % for two, -4 % for four), and their spread tells how sure the predictor is.
SHIFTS: Final = (
    (0.03, 0.03, 0.04), (-0.03, -0.03, -0.04), (0.03, -0.03, -0.04), (-0.03, 0.03, 0.04),
    (0.0, 0.0, 0.0), (0.05, 0.0, 0.0), (-0.05, 0.0, 0.0), (0.0, 0.05, 0.0), (0.0, -0.05, 0.0),
)  # fmt: skip
DOUBTFUL_SPREAD: Final = 0.02  # of the box side: where the predictions differ this much the score is about 0.4


class DlibLandmarker:
    """68 points and pupils; `averaged` predictions a frame, each about half a millisecond."""

    colour: Colour = "grey"
    batch = 1

    def __init__(self, averaged: int) -> None:
        if not 1 <= averaged <= len(SHIFTS):
            raise ValueError(f"averaged is {averaged}, not 1 to {len(SHIFTS)}")
        self._forest = Forest.load()
        self._shifts = SHIFTS[:averaged] if averaged > 1 else ((0.0, 0.0, 0.0),)

    def points(self, image: Image, box: Box) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        grey = _grey(image)
        first = self._predict(grey, np.asarray(box, np.float64), 0.0, self._shifts)
        upright = self._predict(grey, face_boxes(first[0]), roll_of(first[0]), self._shifts)
        # Where the first look is wrong, so is the turn taken from it.
        return self._whole(image, *min(upright, first, key=lambda found: float(found[1].mean())))

    def follow(self, image: Image, previous: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self._whole(image, *self._predict(_grey(image), face_boxes(previous), roll_of(previous), self._shifts))

    def many(
        self, images: Sequence[Image], boxes: Sequence[Box]
    ) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        return [self.points(image, box) for image, box in zip(images, boxes, strict=True)]

    def _whole(self, image: Image, mean: Floats, spread: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        points, scores = np.empty((N_POINTS, 2)), np.empty(N_POINTS)
        points[:N_IBUG], scores[:N_IBUG] = mean, np.exp(-((spread / DOUBTFUL_SPREAD) ** 2))
        points[N_IBUG:], scores[N_IBUG:] = find_pupils(image, mean)
        return points.astype(np.float32), scores.astype(np.float32)

    def _predict(
        self, grey: Image, box: Floats, roll: float, shifts: tuple[tuple[float, float, float], ...]
    ) -> tuple[Floats, Floats]:
        """Mean [68, 2] in pixel coordinates and spread [68] in box sides of predictions on a patch turned by -roll."""
        forward = _upright(box, roll)
        patch = cv2.warpAffine(
            grey, forward, (PATCH_PX, PATCH_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        patch = _even_contrast(patch)
        found = self._forest.predict(patch, _shifted(shifts))
        back = cv2.invertAffineTransform(forward)
        mean = found.mean(axis=0)
        spread = np.sqrt(((found - mean) ** 2).sum(axis=2).mean(axis=0)) / FACE_PX
        return mean @ back[:, :2].T + back[:, 2], spread


def _shifted(shifts: tuple[tuple[float, float, float], ...]) -> NDArray[np.int64]:
    """Boxes about the face in the middle of a patch, right and bottom their last pixel."""
    across, down, larger = np.array(shifts).T
    half, middle = FACE_PX / 2 * (1 + larger), PATCH_PX / 2
    x, y = middle + across * FACE_PX, middle + down * FACE_PX
    edges = np.column_stack([x - half, y - half, x + half, y + half])
    return np.asarray(np.rint(edges) - [0, 0, 1, 1], np.int64)


def roll_of(points: NDArray[np.floating]) -> float:
    """The angle of the line from eye to eye, radians, positive where the image's right eye is lower."""
    left, right = (points[list(GROUPS[side])].mean(axis=0) for side in ("eye_left", "eye_right"))
    return float(np.arctan2(right[1] - left[1], right[0] - left[0]))


def _upright(box: Floats, roll: float) -> Floats:
    """The map [2, 3] from pixel coordinates of the image to those of a patch with the box upright in its middle."""
    centre = (box[:2] + box[2:]) / 2 - 0.5
    scale = FACE_PX / max(float(box[2] - box[0]), 1.0)
    cosine, sine = scale * np.cos(roll), scale * np.sin(roll)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    return np.column_stack([turn, (PATCH_PX - 1) / 2 - turn @ centre])


def _even_contrast(patch: Image) -> Image:
    """The patch with the face at a fixed contrast: the predictor compares brightness with fixed thresholds, and fails
    on faces in the dark (errors -20 % there, unchanged elsewhere)."""
    low, high = MARGIN_PX, MARGIN_PX + int(FACE_PX)
    mean, deviation = cv2.meanStdDev(patch[low:high, low:high])
    gain = min(CONTRAST / max(float(deviation[0, 0]), 1.0), MOST_GAIN)
    levels = (np.arange(256) - float(mean[0, 0])) * gain + BRIGHTNESS
    return np.asarray(cv2.LUT(patch, np.clip(np.rint(levels), 0, 255).astype(np.uint8)), np.uint8)


def _grey(image: Image) -> Image:
    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
