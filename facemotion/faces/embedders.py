"""Embedders of faces, by the names that evaluation uses; each is loaded once a process. Pictures of one person have
embeddings near each other."""

from functools import cache
from typing import Any, Final, Protocol

import dlib
import numpy as np
from numpy.typing import NDArray

from facemotion.errors import FacemotionError
from facemotion.faces.interfaces import Image
from facemotion.faces.weights import model_file
from facemotion.landmarks.layout import N_IBUG

RECOGNITION_NET: Final = "dlib_face_recognition_resnet_model_v1.dat"

Embedding = NDArray[np.float64]  # of length 1


class Embedder(Protocol):
    def embed(self, image: Image, points: NDArray[np.floating]) -> Embedding:
        """Of the face whose points [68 or 70, 2], in pixel coordinates of the RGB image, say how it lies."""
        ...


class DlibEmbedder:
    """dlib's residual network: 128 numbers of a face turned upright by its points, about 90 ms."""

    def __init__(self) -> None:
        self._net: Any = dlib.face_recognition_model_v1(str(model_file(RECOGNITION_NET)))

    def embed(self, image: Image, points: NDArray[np.floating]) -> Embedding:
        own = np.rint(np.asarray(points, np.float64)[:N_IBUG]).astype(int)
        (left, top), (right, bottom) = own.min(axis=0).tolist(), own.max(axis=0).tolist()
        parts = [dlib.point(x, y) for x, y in own.tolist()]
        shape = dlib.full_object_detection(dlib.rectangle(left, top, right, bottom), parts)
        found = np.array(self._net.compute_face_descriptor(np.ascontiguousarray(image), shape), np.float64)
        return np.asarray(found / np.linalg.norm(found), np.float64)


@cache
def embedder(name: str) -> Embedder:
    if name == "dlib_resnet":
        return DlibEmbedder()
    raise FacemotionError(f"there is no face embedder {name!r}; choose dlib_resnet")
