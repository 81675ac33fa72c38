"""The other detectors that face-alignment brings, as it runs them: BlazeFace, YuNet and SCRFD, image by image.

Its RetinaFace is left out, since it wants torchvision, and so is its folder of ready boxes, which cannot be loaded."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import cv2
import numpy as np

from facemotion import weights
from facemotion.errors import FacemotionError
from facemotion.faces.interfaces import Colour, Face, Image, Running
from facemotion.faces.networks import device_of

USUAL: Final = 0.5
WEAKEST: Final = 0.1  # nothing less sure is ever looked at
# Module, class, the files it wants by its arguments' names, and what it calls its threshold.
KNOWN: Final[dict[str, tuple[str, str, dict[str, weights.Wanted], str]]] = {
    "blazeface": (
        "blazeface.blazeface_detector", "BlazeFaceDetector",
        {"path_to_detector": weights.BLAZEFACE, "path_to_anchor": weights.BLAZEFACE_ANCHORS}, "min_score_thresh",
    ),
    "yunet": ("yunet.yunet_detector", "YuNetDetector", {"path_to_detector": weights.YUNET}, "score_threshold"),
    "scrfd": ("scrfd.scrfd_detector", "SCRFDDetector", {"path_to_detector": weights.SCRFD}, "confidence_threshold"),
}  # fmt: skip


class OtherDetector:
    """They scale images to sizes of their own, whatever the smallest wanted face; BlazeFace sees no more than the
    largest square in the middle of a frame."""

    colour: Colour = "rgb"
    batch = 1

    def __init__(self, name: str, running: Running) -> None:
        module, kind, files, threshold = KNOWN[name]
        paths = {argument: str(weights.need(wanted, running.weights)) for argument, wanted in files.items()}
        device = "cpu" if name == "yunet" else str(device_of(running))
        found = getattr(import_module(f"face_alignment.detection.{module}"), kind)
        try:
            self._detector: Any = found(device, **paths, **{threshold: WEAKEST})
        except Exception as error:  # whatever the reason, it means the same to the person
            told = " ".join(str(error).split())[:200]
            raise FacemotionError(
                f"{' or '.join(paths.values())} is not what its name says ({told}); fetch it again: "
                "`facemotion weights`"
            ) from error

    def detect(self, image: Image, *, weakest: float | None = None, least: float | None = None) -> list[Face]:
        rgb = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
        least = USUAL if weakest is None else weakest
        rows = np.array([row[:5] for row in self._detector.detect_from_image(np.array(rgb)) if len(row)], np.float64)
        faces = [
            Face((left, top, right, bottom), score)
            for left, top, right, bottom, score in rows.reshape(-1, 5).tolist()
            if score >= least
        ]
        return sorted(faces, key=lambda face: (-face.score, face.box))

    def detect_many(self, images: Sequence[Image], *, weakest: float | None = None) -> list[list[Face]]:
        return [self.detect(image, weakest=weakest) for image in images]
