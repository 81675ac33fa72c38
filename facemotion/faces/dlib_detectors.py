"""dlib's two face detectors: HOG (fast, frontal faces) and the mmod network (slow, a second opinion)."""

from collections.abc import Sequence
from typing import Any, Final

import cv2
import dlib

from facemotion import weights
from facemotion.faces.interfaces import Colour, Face, Image
from facemotion.faces.scaling import scaled

HOG_WINDOW: Final = 80  # the smallest face the HOG detector sees, in pixels
CNN_WINDOW: Final = 40
MAX_UPSCALING: Final = 2.0


class HogDetector:
    """Faces of `min_face_px` and more; the image is scaled so that the smallest wanted face just fills the window."""

    colour: Colour = "grey"
    batch = 1

    def __init__(self, min_face_px: float) -> None:
        self._detector: Any = dlib.get_frontal_face_detector()
        self._scale = min(HOG_WINDOW / min_face_px, MAX_UPSCALING)

    def detect(self, image: Image, *, weakest: float | None = None, least: float | None = None) -> list[Face]:
        grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        small, ratio = scaled(grey, _coarser(self._scale, HOG_WINDOW, least), HOG_WINDOW)
        boxes, scores, _ = self._detector.run(small, 0, 0.0 if weakest is None else weakest)
        return _faces(zip(boxes, scores, strict=True), ratio)

    def detect_many(self, images: Sequence[Image], *, weakest: float | None = None) -> list[list[Face]]:
        return [self.detect(image, weakest=weakest) for image in images]


class CnnDetector:
    """The network behind `dlib.cnn_face_detection_model_v1`; about 50 times the time of HOG on a CPU."""

    colour: Colour = "grey"
    batch = 1

    def __init__(self, min_face_px: float) -> None:
        self._detector: Any = dlib.cnn_face_detection_model_v1(str(weights.need(weights.CNN_DETECTOR)))
        self._scale = min(CNN_WINDOW / min_face_px, MAX_UPSCALING)

    def detect(self, image: Image, *, weakest: float | None = None, least: float | None = None) -> list[Face]:
        rgb = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        small, ratio = scaled(rgb, _coarser(self._scale, CNN_WINDOW, least), CNN_WINDOW)
        return _faces([(found.rect, found.confidence) for found in self._detector(small, 0)], ratio)

    def detect_many(self, images: Sequence[Image], *, weakest: float | None = None) -> list[list[Face]]:
        return [self.detect(image, weakest=weakest) for image in images]


def _coarser(scale: float, window: int, least: float | None) -> float:
    """The scale at which faces of `least` pixels just fill the window, where that is smaller."""
    return scale if least is None else min(scale, window / max(least, 1.0))


def _faces(found: Any, ratio: tuple[float, float]) -> list[Face]:
    x, y = ratio
    faces = [  # dlib's right and bottom are the last pixel inside
        Face((r.left() / x, r.top() / y, (r.right() + 1) / x, (r.bottom() + 1) / y), float(score)) for r, score in found
    ]
    return sorted(faces, key=lambda face: (-face.score, face.box))
