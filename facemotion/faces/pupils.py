"""Pupils, found in the image inside the eye's contour: the dark disc that best fits between the lids."""

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.faces.interfaces import Image
from facemotion.landmarks.layout import GROUPS

Floats = NDArray[np.float64]

EYE_PX: Final = 48.0  # the eye's width in the patch it is searched in
PATCH: Final = (64, 44)
IRIS_RADIUS: Final = 0.19  # of the eye's width: 11.7 mm of iris in an opening of about 30 mm
CLOSED: Final = 0.13  # height over width of an opening in which no pupil can be seen
OPEN: Final = 0.24  # from here on the whole width of the score is allowed


def find_pupils(image: Image, points: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Both pupils [2, 2] in pixel coordinates and their scores [2] in 0..1, given the 68 points of a face.

    Behind closed lids the pupil is put at the eye's centre, with score 0."""
    found = [_find(image, np.asarray(points, np.float64)[list(GROUPS[side])]) for side in ("eye_left", "eye_right")]
    return np.array([place for place, _ in found]), np.array([score for _, score in found])


def _find(image: Image, contour: Floats) -> tuple[Floats, float]:
    centre, across = (contour[0] + contour[3]) / 2, contour[3] - contour[0]
    width = float(np.hypot(*across))
    opening = (np.linalg.norm(contour[1] - contour[5]) + np.linalg.norm(contour[2] - contour[4])) / 2
    if width < 4 or opening / width < CLOSED:
        return contour.mean(axis=0), 0.0
    # Patch coordinates: the eye's corners level, EYE_PX apart, about the middle of the patch.
    turn = EYE_PX / width**2 * np.array([[across[0], across[1]], [-across[1], across[0]]])
    middle = (np.array(PATCH) - 1) / 2
    forward = np.column_stack([turn, middle - turn @ centre])
    patch = cv2.warpAffine(image, forward, PATCH, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    grey = (patch if patch.ndim == 2 else cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)).astype(np.float32)
    mask = np.zeros(PATCH[::-1], np.float32)
    outline = (contour - centre) @ turn.T + middle
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    place, contrast = _darkest_disc(grey, mask)
    back = np.linalg.inv(turn) @ (place - middle) + centre
    visible = np.clip((opening / width - CLOSED) / (OPEN - CLOSED), 0, 1)
    return back, float(visible * np.clip(contrast / 40.0, 0, 1))


def _darkest_disc(grey: NDArray[np.float32], mask: NDArray[np.float32]) -> tuple[Floats, float]:
    """Centre, to a fraction of a pixel, of the disc whose visible part is darkest against the rest of the opening."""
    disc = _disc()
    inside = np.maximum(cv2.filter2D(mask, -1, disc, borderType=cv2.BORDER_CONSTANT), 0)
    dark = cv2.filter2D(mask * grey, -1, disc, borderType=cv2.BORDER_CONSTANT)
    area, total = float(mask.sum()), float((mask * grey).sum())
    rest = np.maximum(area - inside, 1.0)
    contrast = (total - dark) / rest - dark / np.maximum(inside, 1.0)
    # Discs that slip out behind a lid's edge see few pixels and must not win by chance.
    score = np.where(mask > 0.3, contrast * np.sqrt(np.minimum(inside / (0.5 * float(disc.sum())), 1.0)), -np.inf)
    top = int(np.argmax(score))
    y, x = divmod(top, score.shape[1])
    best = float(score[y, x])
    near = score[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5]
    weights = np.clip(near - (best - 0.15 * abs(best)), 0, None)
    weights[~np.isfinite(near)] = 0
    ys, xs = np.mgrid[max(y - 4, 0) : max(y - 4, 0) + near.shape[0], max(x - 4, 0) : max(x - 4, 0) + near.shape[1]]
    mass = float(weights.sum())
    if mass <= 0:
        return np.array([x, y], np.float64), max(best, 0.0)
    return np.array([(xs * weights).sum(), (ys * weights).sum()]) / mass, max(best, 0.0)


@cache
def _disc() -> NDArray[np.float32]:
    radius = IRIS_RADIUS * EYE_PX
    reach = int(np.ceil(radius)) + 1
    ys, xs = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(np.clip(radius + 0.5 - np.hypot(xs, ys), 0, 1), np.float32)
