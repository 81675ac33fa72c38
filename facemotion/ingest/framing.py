"""The square that stands still about a moving face, and cutting it out of frames."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.ingest.shrinking import shrunk
from facemotion.video import Image

WHOLE_FACE: Final = 1.1  # the square holds every frame's face box with this much room


def steady_square(boxes: NDArray[np.float64], context: float, lift: float) -> tuple[int, int, int, int]:
    """A square in whole pixel edges about face boxes [N, 4]: `context` median box sides wide, or as wide as the face
    moves, its middle `lift` box sides above theirs. It may reach past the frame."""
    side = float(np.median(boxes[:, 3] - boxes[:, 1]))
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    # Whole pixels: cutting out then moves nothing, and only the resizing resamples.
    width = max(round(max(context * side, WHOLE_FACE * float((high - low).max()))), 2)
    x, y = (low + high) / 2 - np.array([0.0, lift * side])
    left, top = round(x - width / 2), round(y - width / 2)
    return left, top, left + width, top + width


def cut_out(frame: Image, square: tuple[int, int, int, int], size: int) -> Image:
    """The square of a frame at `size` pixels, reflected where it reaches past the frame."""
    height, width = frame.shape[:2]
    left, top, right, bottom = square
    # Area averaging keeps shrunken pictures free of moire; cubic keeps enlarged ones crisp. Both map pixel edges to
    # pixel edges.
    if frame.ndim == 3 and right - left > size and (right - left) % size:
        return shrunk(frame, square, size)
    inside = frame[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    borders = max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0)
    if any(borders):
        inside = cv2.copyMakeBorder(inside, *borders, borderType=cv2.BORDER_REFLECT)
    how = cv2.INTER_AREA if right - left > size else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(inside, (size, size), interpolation=how), np.uint8)


def to_crop(points: NDArray[np.floating], square: tuple[int, int, int, int], size: int) -> NDArray[np.float64]:
    """Points [..., 2] in pixel coordinates of the frame -> pixel coordinates of the crop."""
    scale = size / (square[2] - square[0])
    return np.asarray((np.asarray(points, np.float64) + 0.5 - np.array(square[:2])) * scale - 0.5, np.float64)


def from_crop(points: NDArray[np.floating], square: tuple[int, int, int, int], size: int) -> NDArray[np.float64]:
    """Points [..., 2] in pixel coordinates of the crop -> pixel coordinates of the frame."""
    scale = (square[2] - square[0]) / size
    return np.asarray((np.asarray(points, np.float64) + 0.5) * scale + np.array(square[:2]) - 0.5, np.float64)


def boxes_to_crop(boxes: NDArray[np.float64], square: tuple[int, int, int, int], size: int) -> NDArray[np.float64]:
    """Boxes [N, 4] in pixel edges of the frame -> pixel edges of the crop."""
    return np.asarray((boxes - np.array(square[:2] * 2)) * (size / (square[2] - square[0])), np.float64)
