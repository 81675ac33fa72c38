"""Driving, reference and result side by side."""

from collections.abc import Sequence

import cv2
import numpy as np

from facemotion.animation.references import Image


def strip(pictures: Sequence[Image], height: int) -> Image:
    """All at one height, which is even, as the width will be."""
    return np.concatenate([_at_height(picture, height) for picture in pictures], axis=1)


def _at_height(picture: Image, height: int) -> Image:
    width = max(round(picture.shape[1] * height / picture.shape[0] / 2) * 2, 2)
    if picture.shape[:2] == (height, width):
        return picture
    how = cv2.INTER_AREA if picture.shape[0] > height else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=how), np.uint8)
