"""dlib's residual network for face recognition: 128 numbers of a face that its points turn upright and cut out."""

from typing import Any

import dlib
import numpy as np
from numpy.typing import NDArray

from facemotion import weights
from facemotion.faces.interfaces import Embedding, Image
from facemotion.landmarks.layout import N_IBUG


class DlibEmbedder:
    """About 90 ms a face."""

    def __init__(self) -> None:
        self._net: Any = dlib.face_recognition_model_v1(str(weights.need(weights.RECOGNITION)))

    def embed(self, image: Image, points: NDArray[np.floating]) -> Embedding:
        own = np.rint(np.asarray(points, np.float64)[:N_IBUG]).astype(int)
        (left, top), (right, bottom) = own.min(axis=0).tolist(), own.max(axis=0).tolist()
        parts = [dlib.point(x, y) for x, y in own.tolist()]
        shape = dlib.full_object_detection(dlib.rectangle(left, top, right, bottom), parts)
        found = np.array(self._net.compute_face_descriptor(np.ascontiguousarray(image), shape), np.float64)
        return np.asarray(found / np.linalg.norm(found), np.float64)
