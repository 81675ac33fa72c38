"""Strangers who know nothing of the renderer judge it: dlib's two detectors and its 68-point predictor."""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from facemotion import weights
from facemotion.faces import registry
from facemotion.faces.dlib_detectors import CNN_WINDOW, HOG_WINDOW
from facemotion.faces.interfaces import Detector
from facemotion.synth.scores import Judged, Tally, judge
from facemotion.video import Image, Reader

Boxes = NDArray[np.float64]


def judge_by_dlib(sequence: Judged) -> Tally:
    cv2.setNumThreads(1)
    return judge(sequence, read=_read, detect=_hog, landmark=_points, detect_cnn=_cnn)


def _read(path: Path, start: int, end: int, step: int) -> Iterator[Image]:
    return islice(Reader(path).frames(start, end), 0, None, step)


# Both look at the picture in its own size: for these smallest faces neither wants it scaled.
def _hog(image: Image) -> Boxes:
    return _boxes(registry.detector("dlib_hog", HOG_WINDOW), image)


def _cnn(image: Image) -> Boxes:
    return _boxes(registry.detector("dlib_cnn", CNN_WINDOW), image)


def _boxes(detector: Detector, image: Image) -> Boxes:
    found = detector.detect(np.ascontiguousarray(image))
    return np.array([face.box for face in found], np.float64).reshape(-1, 4)


def _points(image: Image, box: NDArray[np.floating]) -> Boxes:
    left, top, right, bottom = (round(float(edge)) for edge in box)
    shape = _predictor()(image, dlib.rectangle(left, top, right - 1, bottom - 1))
    return np.array([(part.x, part.y) for part in shape.parts()], np.float64)


@cache
def _predictor() -> Any:
    return dlib.shape_predictor(str(weights.need(weights.POINTS_68)))
