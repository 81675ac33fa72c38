"""Whether a generated face is still the same person: distances of embeddings by dlib's face recognition network, which
the names of the metrics say, since other networks' numbers do not compare."""

from typing import Final

import numpy as np

from facemotion.evaluation.faces import Points
from facemotion.evaluation.images import Frame, as_bytes
from facemotion.faces.interfaces import Embedding
from facemotion.faces.registry import embedder

EMBEDDER: Final = "dlib_resnet"


class IdentityMeter:
    """Slow: for a sample of the frames."""

    def __init__(self) -> None:
        self._embedder = embedder(EMBEDDER)

    def embedding(self, frame: Frame, points: Points) -> Embedding:
        """Of the face at points that were found in this very frame: by them it is turned upright and cut out."""
        return self._embedder.embed(as_bytes(frame), points)


def scores(generated: Embedding, wanted: Embedding) -> dict[str, float]:
    """`wanted`: of the driving frame, or across identities of the reference person."""
    return {"aed_dlib": aed(generated, wanted), "csim_dlib": csim(generated, wanted)}


def aed(one: Embedding, other: Embedding) -> float:
    """Squared distance of unit embeddings: 0 to 4, less is better."""
    return float(np.square(one - other).sum())


def csim(one: Embedding, other: Embedding) -> float:
    """Cosine of the angle between unit embeddings: -1 to 1, more is better."""
    return float(one @ other)
