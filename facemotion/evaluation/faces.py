"""What a detector and a landmarker see in generated frames, against the driving ones and against the truth.

dlib's, the same that make the training data; errors are mean absolute differences of a coordinate, in pixels."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation.images import Frame, as_bytes
from facemotion.faces.boxes import Box, face_boxes, iou_matrix
from facemotion.faces.interfaces import Image
from facemotion.faces.registry import detector, landmarker
from facemotion.landmarks.layout import EYES, LIPS, N_IBUG

DETECTOR: Final = "dlib_hog"
LEAST_FACE_PX: Final = 80.0  # faces in clips are larger
LANDMARKER: Final = "dlib"
# A pupil's score below which it is not believed: behind shut lids, which dlib leaves ajar, it is 0.4 to 0.8, else 1.
SURE_PUPIL: Final = 0.8
GROUPS: Final[dict[str, slice | list[int]]] = {"": slice(0, N_IBUG), "_eyes": list(EYES), "_lips": list(LIPS)}

Points = NDArray[np.floating]


class Driver(NamedTuple):
    """The face of a driving frame; pupils that cannot be told are NaN."""

    box: Box
    points: NDArray[np.float32]


class Seen(NamedTuple):
    """What is found in a generated frame: the points [70, 2] where the driving face was, pupils that cannot be told are
    NaN, and whether there is a face at all."""

    points: NDArray[np.float32]
    detected: bool


class FaceMeter:
    def __init__(self, averaged: int) -> None:
        self._detector, self._landmarker = detector(DETECTOR, LEAST_FACE_PX), landmarker(LANDMARKER, averaged)

    def driver(self, frame: Frame, expected: Points) -> Driver | None:
        """The face that was found nearest to the expected points [70, 2], or the surest where they are NaN."""
        image = as_bytes(frame)
        faces = self._detector.detect(image)
        if not faces:
            return None
        box = faces[0].box
        if np.isfinite(expected[:N_IBUG]).all():
            overlaps = iou_matrix([face.box for face in faces], [face_boxes(expected)])[:, 0]
            box = faces[int(overlaps.argmax())].box
        return Driver(box, self._points(image, box))

    def look(self, generated: Frame, driver: Driver) -> Seen:
        """The landmarker looks where the driving face was found, so that no frame drops out for another reason."""
        return Seen(self.points(generated, driver), bool(self._detector.detect(as_bytes(generated))))

    def points(self, generated: Frame, driver: Driver) -> NDArray[np.float32]:
        """The same without asking whether there is a face."""
        return self._points(as_bytes(generated), driver.box)

    def measure(self, generated: Frame, driver: Driver | None, true: Points | None) -> dict[str, float]:
        """Where no face was found in the driving frame there is nothing to compare with: that is counted, no more."""
        if driver is None:
            return {"undetected": 1.0}
        return scores(self.look(generated, driver), driver, true)

    def _points(self, image: Image, box: Box) -> NDArray[np.float32]:
        points, sure = self._landmarker.points(image, box)
        points[N_IBUG:][sure[N_IBUG:] < SURE_PUPIL] = np.nan
        return points


def scores(seen: Seen, driver: Driver, true: Points | None) -> dict[str, float]:
    found = seen.points
    values = {"undetected": 0.0, "mkr": float(not seen.detected)}
    values |= {f"akd_dlib{name}": apart(found, driver.points, own) for name, own in GROUPS.items()}
    if true is not None:
        values["akd_truth"] = apart(found, true, GROUPS[""])
        values["akd_truth_bias"] = apart(driver.points, true, GROUPS[""])
        values |= {f"akd{name}": apart(found, true, own) for name, own in GROUPS.items() if name}
        values |= {f"akd{name}_bias": apart(driver.points, true, own) for name, own in GROUPS.items() if name}
    return values


def apart(one: Points, other: Points, own: slice | list[int]) -> float:
    return float(np.abs(np.asarray(one, np.float64)[own] - other[own]).mean())
