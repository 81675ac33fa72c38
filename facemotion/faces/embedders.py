"""Embedders of faces by the names that evaluation uses; each is loaded once a process. Pictures of one person have
embeddings near each other."""

from functools import cache
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from facemotion.errors import FacemotionError
from facemotion.faces.interfaces import Image

RECOGNITION_NET: Final = "dlib_face_recognition_resnet_model_v1.dat"

Embedding = NDArray[np.float64]  # of length 1


class Embedder(Protocol):
    def embed(self, image: Image, points: NDArray[np.floating]) -> Embedding:
        """Of the face whose points [68 or 70, 2], in pixel coordinates of the RGB image, say how it lies."""
        ...


@cache
def embedder(name: str) -> Embedder:
    from facemotion.faces import dlib_embedder

    if name == "dlib_resnet":
        return dlib_embedder.DlibEmbedder()
    raise FacemotionError(f"there is no face embedder {name!r}; choose dlib_resnet")
