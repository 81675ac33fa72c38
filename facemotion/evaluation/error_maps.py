"""Where on a face frames are wrong: errors brought onto one mean face, so that frames and clips add up."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation.images import Frame
from facemotion.landmarks.layout import MOUTH_CORNERS, OUTER_EYES

SIZE: Final = 64
FINER: Final = 4  # times as many pixels are looked up, and averaged
# The outer corners of the eyes and the middle of the mouth of the mean face, in pixel coordinates of the map.
MEAN_FACE: Final = ((22.0, 26.0), (42.0, 26.0), (32.0, 44.0))
LEAST_AREA: Final = 16.0  # of the triangle of these, in square pixels of the frame: less is no face seen from before

Map = NDArray[np.float32]


class ErrorMap:
    """The mean of the maps of a clip's frames."""

    def __init__(self) -> None:
        self._sum, self._count = np.zeros((SIZE, SIZE)), 0

    def add(self, generated: Frame, driving: Frame, points: NDArray[np.floating]) -> None:
        """`points` [70, 2] of the driving frame."""
        found = on_mean_face(np.abs(generated - driving).mean(axis=-1), points)
        if found is not None:
            self._sum += found
            self._count += 1

    def mean(self) -> Map | None:
        return (self._sum / self._count).astype(np.float32) if self._count else None


def on_mean_face(image: NDArray[np.float32], points: NDArray[np.floating]) -> Map | None:
    """An image [H, H] seen through the affine map from the mean face to these points, borders going on outside; None
    where they are no triangle."""
    own = np.asarray(points, np.float64)
    left, right = own[list(OUTER_EYES)]
    here = np.array([left, right, own[list(MOUTH_CORNERS)].mean(axis=0)], np.float32)
    if abs(np.linalg.det(here[1:] - here[0])) / 2 < LEAST_AREA:
        return None
    there = ((np.array(MEAN_FACE) + 0.5) * FINER - 0.5).astype(np.float32)
    back = cv2.getAffineTransform(there, here)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    side = SIZE * FINER
    fine = cv2.warpAffine(image, back, (side, side), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(fine, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.float32)
