"""Images made smaller or larger for a detector."""

import cv2
import numpy as np

from facemotion.faces.interfaces import Image


def scaled(image: Image, scale: float, window: int) -> tuple[Image, tuple[float, float]]:
    """The image for the detector, and how many of its pixels make one of the original, across and down."""
    height, width = image.shape[:2]
    size = max(round(width * scale), window), max(round(height * scale), window)
    if size == (width, height):
        return np.ascontiguousarray(image), (1.0, 1.0)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how), np.uint8), (size[0] / width, size[1] / height)
