"""Boxes (left, top, right, bottom) in pixel edges: overlap, and the box that belongs to a face's points."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facemotion.landmarks.layout import N_IBUG

Box = tuple[float, float, float, float]
Floats = NDArray[np.float64]

INNER: Final = slice(17, N_IBUG)  # all but the jaw, whose points drift on turned heads

# How the box of dlib's detector lies about the inner points, medians over 441 frames of nine real clips: its side in
# units of their root mean square distance from their mean, and its centre below that mean in the same units.
SIDE_PER_SPREAD: Final = 3.28
CENTRE_BELOW_MEAN: Final = 0.045


def iou_matrix(a: ArrayLike, b: ArrayLike) -> Floats:
    """Intersection over union of every box of a [N, 4] with every box of b [M, 4]."""
    first, second = np.asarray(a, np.float64).reshape(-1, 4), np.asarray(b, np.float64).reshape(-1, 4)
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    union = areas(first)[:, None] + areas(second)[None, :] - shared
    return _share(shared, union)


def paired_iou(a: ArrayLike, b: ArrayLike) -> Floats:
    """Intersection over union of the k-th box of a [N, 4] with the k-th of b [N, 4]."""
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    union = areas(first) + areas(second) - shared
    return _share(shared, union)


def _share(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0), np.float64)


def areas(boxes: Floats) -> Floats:
    return np.asarray(np.prod(np.clip(boxes[..., 2:] - boxes[..., :2], 0, None), axis=-1), np.float64)


def share_outside(box: ArrayLike, width: int, height: int) -> float:
    """The share of a box's area that lies outside a frame."""
    whole = np.asarray(box, np.float64)
    inside = np.clip(whole, 0, [width, height, width, height])
    area = float(areas(whole))
    return 1.0 - float(areas(inside)) / area if area > 0 else 1.0


def face_boxes(points: ArrayLike) -> Floats:
    """Square face boxes [..., 4] in pixel edges of points [..., 68 or 70, 2] in pixel coordinates, as a detector would
    draw them, but as steady as the points are."""
    inner = np.asarray(points, np.float64)[..., INNER, :]
    mean = inner.mean(axis=-2)
    spread = np.sqrt(((inner - mean[..., None, :]) ** 2).sum(axis=-1).mean(axis=-1))
    centre = mean + 0.5
    centre[..., 1] += CENTRE_BELOW_MEAN * spread
    half = (SIDE_PER_SPREAD / 2 * spread)[..., None]
    return np.concatenate([centre - half, centre + half], axis=-1)
