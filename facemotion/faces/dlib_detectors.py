"""dlib's two face detectors: HOG (fast, frontal faces) and the mmod network (slow, a second opinion)."""

from typing import Any, Final

import cv2
import dlib
import numpy as np

from facemotion.faces.interfaces import Face, Image
from facemotion.faces.weights import CNN_DETECTOR, model_file

HOG_WINDOW: Final = 80  # the smallest face the HOG detector sees, in pixels
CNN_WINDOW: Final = 40
MAX_UPSCALING: Final = 2.0


class HogDetector:
    """Faces of `min_face_px` and more; the image is scaled so that the smallest wanted face just fills the window."""

    def __init__(self, min_face_px: float) -> None:
        self._detector: Any = dlib.get_frontal_face_detector()
        self._scale = min(HOG_WINDOW / min_face_px, MAX_UPSCALING)

    def detect(self, image: Image, *, weakest: float | None = None) -> list[Face]:
        grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        scaled, ratio = _scaled(grey, self._scale, HOG_WINDOW)
        boxes, scores, _ = self._detector.run(scaled, 0, 0.0 if weakest is None else weakest)
        return _faces(zip(boxes, scores, strict=True), ratio)


class CnnDetector:
    """The network behind `dlib.cnn_face_detection_model_v1`; about 50 times the time of HOG on a CPU."""

    def __init__(self, min_face_px: float) -> None:
        self._detector: Any = dlib.cnn_face_detection_model_v1(str(model_file(CNN_DETECTOR)))
        self._scale = min(CNN_WINDOW / min_face_px, MAX_UPSCALING)

    def detect(self, image: Image, *, weakest: float | None = None) -> list[Face]:
        rgb = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        scaled, ratio = _scaled(rgb, self._scale, CNN_WINDOW)
        return _faces([(found.rect, found.confidence) for found in self._detector(scaled, 0)], ratio)


def _scaled(image: Image, scale: float, window: int) -> tuple[Image, tuple[float, float]]:
    """The image for the detector, and how many of its pixels make one of the original, across and down."""
    height, width = image.shape[:2]
    size = max(round(width * scale), window), max(round(height * scale), window)
    if size == (width, height):
        return np.ascontiguousarray(image), (1.0, 1.0)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=how), np.uint8), (size[0] / width, size[1] / height)


def _faces(found: Any, ratio: tuple[float, float]) -> list[Face]:
    x, y = ratio
    faces = [  # dlib's right and bottom are the last pixel inside
        Face((r.left() / x, r.top() / y, (r.right() + 1) / x, (r.bottom() + 1) / y), float(score)) for r, score in found
    ]
    return sorted(faces, key=lambda face: (-face.score, face.box))
