"""Detectors, landmarkers and embedders by the names that params.yaml uses; each is loaded once a process."""

from functools import cache

from facemotion.errors import FacemotionError
from facemotion.faces.interfaces import ON_CPU, Detector, Embedder, Landmarker, Running

DETECTORS = ("dlib_hog", "dlib_cnn", "sfd", "blazeface", "yunet", "scrfd")
LANDMARKERS = ("dlib", "face_alignment")
EMBEDDERS = ("dlib_resnet",)


@cache
def detector(name: str, min_face_px: float, running: Running = ON_CPU) -> Detector:
    match name:
        case "dlib_hog" | "dlib_cnn":
            from facemotion.faces import dlib_detectors

            own = dlib_detectors.HogDetector if name == "dlib_hog" else dlib_detectors.CnnDetector
            return own(min_face_px)
        case "sfd":
            from facemotion.faces import sfd_detector

            return sfd_detector.SfdDetector(min_face_px, running)
        case "blazeface" | "yunet" | "scrfd":
            from facemotion.faces import other_detectors

            return other_detectors.OtherDetector(name, running)
    raise _unknown("face detector", name, DETECTORS)


@cache
def landmarker(name: str, averaged: int, running: Running = ON_CPU) -> Landmarker:
    match name:
        case "dlib":
            from facemotion.faces import dlib_points

            return dlib_points.DlibLandmarker(averaged)
        case "face_alignment":
            from facemotion.faces import fan_points

            return fan_points.FanLandmarker(averaged, running)
    raise _unknown("landmarker", name, LANDMARKERS)


@cache
def embedder(name: str) -> Embedder:
    match name:
        case "dlib_resnet":
            from facemotion.faces import dlib_embedder

            return dlib_embedder.DlibEmbedder()
    raise _unknown("face embedder", name, EMBEDDERS)


def _unknown(what: str, name: str, there: tuple[str, ...]) -> FacemotionError:
    return FacemotionError(f"there is no {what} {name!r}; choose {' or '.join(there)}")
