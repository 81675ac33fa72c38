"""The animated square back in the whole photo, its edge faded so that none is seen."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.animation.references import Image, Reference

FADE: Final = 0.14  # of the square's side, over which the edge fades
KEPT: Final = 0.02  # of the side, at the very edge, that is all photo
LONGEST: Final = 1920  # pixels of the larger side, unless more is asked for


class Canvas:
    """`size`: of the larger side; None: the photo's own, up to LONGEST. `side`: at which square frames are wanted."""

    def __init__(self, reference: Reference, size: int | None) -> None:
        height, width = reference.image.shape[:2]
        scale = (size or min(max(height, width), LONGEST)) / max(height, width)
        # H.264 wants even sides.
        self.width, self.height = (max(round(edge * scale / 2) * 2, 2) for edge in (width, height))
        self._photo = self._sized(reference.image)
        across, down = self.width / width, self.height / height
        left, top, right, bottom = reference.square
        self._left, self._right = round(left * across), max(round(right * across), round(left * across) + 2)
        self._top, self._bottom = round(top * down), max(round(bottom * down), round(top * down) + 2)
        self.side = max(self._right - self._left, self._bottom - self._top)
        # What of the square lies inside the photo.
        self._rows = slice(max(self._top, 0), min(self._bottom, self.height))
        self._columns = slice(max(self._left, 0), min(self._right, self.width))
        self._share = np.asarray(self._inside(self._mask())[..., None], np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)"""
        return self.height, self.width

    def paste(self, frame: Image, photo: Image | None = None) -> Image:
        """A square frame of any size, in the photo, or in another one of that size."""
        width, height = self._right - self._left, self._bottom - self._top
        if frame.shape[:2] != (height, width):
            how = cv2.INTER_AREA if frame.shape[0] > height else cv2.INTER_CUBIC
            frame = np.asarray(cv2.resize(frame, (width, height), interpolation=how), np.uint8)
        made = self._photo.copy() if photo is None else self._sized(photo)
        under = made[self._rows, self._columns].astype(np.float32)
        over = self._inside(frame).astype(np.float32)
        made[self._rows, self._columns] = np.rint(under + self._share * (over - under)).astype(np.uint8)
        return made

    def _sized(self, photo: Image) -> Image:
        """A copy that may be written to."""
        if (self.width, self.height) == (photo.shape[1], photo.shape[0]):
            return photo.copy()
        how = cv2.INTER_AREA if self.width < photo.shape[1] else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(photo, (self.width, self.height), interpolation=how), np.uint8)

    def _inside(self, square: NDArray[np.generic]) -> NDArray[np.generic]:
        top, left = self._rows.start - self._top, self._columns.start - self._left
        height, width = self._rows.stop - self._rows.start, self._columns.stop - self._columns.start
        return square[top : top + height, left : left + width]

    def _mask(self) -> NDArray[np.float32]:
        """How much of the square is seen: nothing at its edge, unless that is the photo's, too."""
        height, width = self._bottom - self._top, self._right - self._left
        down = _faded(height, self._top >= 0, self._bottom <= self.height)
        across = _faded(width, self._left >= 0, self._right <= self.width)
        return np.minimum(down[:, None], across[None, :]).astype(np.float32)


def _faded(size: int, at_start: bool, at_end: bool) -> NDArray[np.float64]:
    place = (np.arange(size) + 0.5) / size
    share = np.ones(size)
    for wanted, distance in ((at_start, place), (at_end, 1 - place)):
        if wanted:
            share = np.minimum(share, np.clip((distance - KEPT) / FADE, 0, 1))
    return np.asarray(share * share * (3 - 2 * share), np.float64)
