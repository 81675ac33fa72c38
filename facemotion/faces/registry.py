"""Detectors and landmarkers by the names that params.yaml uses; each is loaded once a process."""

from functools import cache

from facemotion.errors import FacemotionError
from facemotion.faces.interfaces import Detector, Landmarker


@cache
def detector(name: str, min_face_px: float) -> Detector:
    from facemotion.faces import dlib_detectors

    match name:
        case "dlib_hog":
            return dlib_detectors.HogDetector(min_face_px)
        case "dlib_cnn":
            return dlib_detectors.CnnDetector(min_face_px)
    raise FacemotionError(f"there is no face detector {name!r}; choose dlib_hog or dlib_cnn")


@cache
def landmarker(name: str, averaged: int) -> Landmarker:
    from facemotion.faces import dlib_points

    if name == "dlib":
        return dlib_points.DlibLandmarker(averaged)
    raise FacemotionError(f"there is no landmarker {name!r}; choose dlib")
