"""What a face detector, a landmarker and an embedder are to the rest of the project."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from facemotion.faces.boxes import Box

Image = NDArray[np.uint8]  # [H, W, 3] RGB, or [H, W] grey where a detector is content with that
Colour = Literal["grey", "rgb"]
Found = tuple[NDArray[np.float32], NDArray[np.float32]]  # points and scores
Embedding = NDArray[np.float64]  # of length 1


@dataclass(frozen=True)
class Running:
    """Where networks run, and a folder in which their weights may lie; dlib's run on the CPU whatever it says."""

    device: str  # auto: a GPU where there is one
    precision: str  # auto: half on a GPU, fp32 on a CPU | fp32 | bf16 | fp16
    batch: int  # images at once
    weights: Path | None


ON_CPU: Final = Running("cpu", "fp32", 1, None)


@dataclass(frozen=True)
class Face:
    """A detection: box in pixel edges of the image; scores compare only within one detector."""

    box: Box
    score: float


class Detector(Protocol):
    """`colour`: of the images it is content with; `batch`: how many at once are worth while."""

    colour: Colour
    batch: int

    def detect(self, image: Image, *, weakest: float | None = None, least: float | None = None) -> list[Face]:
        """Faces, best first; `weakest` also lets in doubtful ones down to that score. Where nothing smaller than
        `least` pixels is wanted, a detector may save itself the work."""
        ...

    def detect_many(self, images: Sequence[Image], *, weakest: float | None = None) -> list[list[Face]]:
        """The same of several images of one size."""
        ...


class Landmarker(Protocol):
    """Points are float32 [70, 2] in pixel coordinates of the image, scores float32 [70] in 0..1. `colour` and `batch`
    are as a detector's; where `batch` is 1, following a face is better than looking anew."""

    colour: Colour
    batch: int

    def points(self, image: Image, box: Box) -> Found:
        """The points of the face in a box, which may be rough."""
        ...

    def follow(self, image: Image, previous: NDArray[np.float32]) -> Found:
        """The points of a face that was at `previous` a frame ago, as accurate as `points` and cheaper."""
        ...

    def many(self, images: Sequence[Image], boxes: Sequence[Box]) -> list[Found]:
        """`points` of each image, which may differ in size."""
        ...


class Embedder(Protocol):
    def embed(self, image: Image, points: NDArray[np.floating]) -> Embedding:
        """Of the face whose points [68 or 70, 2], in pixel coordinates of the RGB image, say how it lies. Pictures of
        one person have embeddings near each other."""
        ...
