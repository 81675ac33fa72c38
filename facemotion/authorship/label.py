"""The small visible label on every frame: that what one sees was generated."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.errors import FacemotionError

Image = NDArray[np.uint8]

TEXT: Final = "AI generated"
SHARE: Final = 0.042  # the letters' height of the shorter side
LEAST_PX: Final = 10  # smaller letters are not legible after compression
WEIGHT: Final = 600
MARGIN: Final = 0.6  # to the edges, of the letters' height
PADDING: Final = (0.55, 0.4)  # of the box around the letters, of their height: beside, and above and below
BOX: Final = 0.55  # how dark the box is: legible on white, and what lies below shows
WIDEST: Final = 0.9  # of the frame


class Label:
    """Drawn once for a size of frames; `on` lays it over each."""

    def __init__(self, height: int, width: int) -> None:
        size = max(round(min(height, width) * SHARE), LEAST_PX)
        while size > 1 and _box(size)[0] > WIDEST * width:
            size -= 1
        wide, high = _box(size)
        margin = round(MARGIN * size)
        top, left = height - margin - high, margin
        if size < LEAST_PX // 2 or top < 0:
            raise FacemotionError(f"a label is not legible on frames of {width}x{height}; choose a larger size")
        self._shape = height, width, 3
        self._area = slice(top, top + high), slice(left, left + wide)
        # Drawn four times as large, for smooth corners.
        fine = 4
        box = np.zeros((high * fine, wide * fine), np.uint8)
        _rounded(box, radius=round(high * fine * 0.28))
        shape = cv2.resize(box, (wide, high), interpolation=cv2.INTER_AREA) / 255.0
        letters = np.zeros((high, wide), np.uint8)
        _, up, across, tall = _extent(size)
        at = round((wide - across) / 2), round((high - tall) / 2 - up)
        cv2.putText(letters, TEXT, at, (255,), cv2.FontFace("sans"), size, WEIGHT)
        ink = letters / 255.0
        # Laid over a frame: frame * keep + add.
        keep = (1 - BOX * shape) * (1 - ink)
        self._keep = keep[..., None].astype(np.float32)
        self._add = (255 * ink)[..., None].astype(np.float32)

    def on(self, frame: Image) -> Image:
        """A copy of the frame [H, W, 3] with the label in its lower left corner."""
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise ValueError(f"the label is for uint8 frames {self._shape}, not {frame.dtype} {frame.shape}")
        labelled = frame.copy()
        labelled[self._area] = np.rint(frame[self._area] * self._keep + self._add).astype(np.uint8)
        return labelled


def _extent(size: int) -> tuple[int, int, int, int]:
    left, top, width, height = cv2.getTextSize((0, 0), TEXT, (0, 0), cv2.FontFace("sans"), size, WEIGHT)
    return left, top, width, height


def _box(size: int) -> tuple[int, int]:
    """(width, height) of the box around letters of a size."""
    _, _, width, height = _extent(size)
    return width + 2 * round(PADDING[0] * size), height + 2 * round(PADDING[1] * size)


def _rounded(mask: Image, radius: int) -> None:
    high, wide = mask.shape
    cv2.rectangle(mask, (radius, 0), (wide - 1 - radius, high - 1), (255,), -1)
    cv2.rectangle(mask, (0, radius), (wide - 1, high - 1 - radius), (255,), -1)
    for x in (radius, wide - 1 - radius):
        for y in (radius, high - 1 - radius):
            cv2.circle(mask, (x, y), radius, (255,), -1)
