"""Whether generated frames show a face to a second detector, which neither made the data nor drives."""

from typing import Final

from facemotion.evaluation.faces import LEAST_FACE_PX
from facemotion.evaluation.images import Frame, as_bytes
from facemotion.faces.registry import detector

DETECTOR: Final = "dlib_cnn"


class RealismMeter:
    """About 110 ms a look: for a sample of the frames."""

    def __init__(self) -> None:
        self._detector = detector(DETECTOR, LEAST_FACE_PX)

    def convinced(self, frame: Frame) -> bool:
        return bool(self._detector.detect(as_bytes(frame)))

    def scores(self, generated: Frame, driving_convinces: bool) -> dict[str, float]:
        """Nothing where the driving frame itself has no face to this detector."""
        return {"cnn_rate": float(self.convinced(generated))} if driving_convinces else {}
