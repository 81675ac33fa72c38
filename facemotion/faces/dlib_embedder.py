"""dlib's residual network for face recognition: 128 numbers of a face that its points turn upright and cut out."""

from typing import Final

import dlib
import numpy as np
from numpy.typing import NDArray

from facemotion.faces.dlib_network import CHIP_PX, Network
from facemotion.faces.interfaces import Embedding, Image
from facemotion.landmarks.layout import N_IBUG

PADDING: Final = 0.25  # of the face's side, as the network was trained


class DlibEmbedder:
    """About 15 ms a face."""

    def __init__(self) -> None:
        self._net = Network.load()

    def embed(self, image: Image, points: NDArray[np.floating]) -> Embedding:
        own = np.rint(np.asarray(points, np.float64)[:N_IBUG]).astype(int)
        (left, top), (right, bottom) = own.min(axis=0).tolist(), own.max(axis=0).tolist()
        parts = [dlib.point(x, y) for x, y in own.tolist()]
        shape = dlib.full_object_detection(dlib.rectangle(left, top, right, bottom), parts)
        chip = dlib.get_face_chip(np.ascontiguousarray(image), shape, CHIP_PX, PADDING)
        found = self._net.describe(chip).astype(np.float64)
        return np.asarray(found / np.linalg.norm(found), np.float64)
