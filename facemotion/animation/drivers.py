"""What drives: a video, a table of landmarks or a motion file; its performance, its pictures where there are any, and
the square about the face."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.animation.performance import SUFFIX, Performance, load_performance
from facemotion.animation.photos import is_photo
from facemotion.animation.references import Image, Square, framed, normalised
from facemotion.animation.settings import Settings
from facemotion.console import progress
from facemotion.dataset import camera
from facemotion.errors import FacemotionError
from facemotion.ingest.framing import cut_out, to_crop
from facemotion.landmarks.layout import GROUPS
from facemotion.video import Reader

INK: Final = (120, 220, 160)
CAMERA: Final = 256  # pixels of the crops by which the camera is followed, as in training
CLOSED: Final = ("eye_left", "eye_right", "lips_outer", "lips_inner")


@dataclass(frozen=True)
class Driver:
    """`points` [T, 70, 2]: steady, in pixels of its frames. `path`: of the video or file, if any; `reader`: of a
    video."""

    path: Path | None
    performance: Performance
    points: NDArray[np.float64]
    square: Square
    reader: Reader | None

    @classmethod
    def of(
        cls, path: Path | None, performance: Performance, reader: Reader | None, smooth: float, settings: Settings
    ) -> "Driver":
        points = performance.steady(settings.smooth, smooth)
        return cls(path, performance, points, framed(points, settings), reader)

    def normalised(self) -> NDArray[np.float64]:
        return normalised(self.points, self.square)

    def frames(self) -> Iterator[Image]:
        """Whole ones, as many as there are points."""
        if self.reader is None:
            raise FacemotionError("landmarks and motion files hold no pictures")
        start = self.performance.start
        yield from self.reader.frames(start, start + self.performance.frames)

    def crops(self, size: int) -> Iterator[Image]:
        """The square of each frame; where there are no pictures, its landmarks drawn."""
        if self.reader is not None:
            for frame in self.frames():
                yield cut_out(frame, self.square, size)
        else:
            for points in to_crop(self.points, self.square, size):
                yield drawn(points, size)

    def crop_at(self, number: int, size: int) -> Image:
        assert self.reader is not None
        at = self.performance.start + number
        return cut_out(next(self.reader.frames(at, at + 1)), self.square, size)

    @cached_property
    def camera(self) -> NDArray[np.float32]:
        """How the background got to where the first frame has it [T, 4]; a pass over the video."""
        with progress("following the camera", self.performance.frames, "frames") as ticker:

            def counted() -> Iterator[Image]:
                for crop in self.crops(CAMERA):
                    yield crop
                    ticker.advance()

            return camera.track(counted(), to_crop(self.points, self.square, CAMERA))


def open_driving(path: Path) -> Reader | Performance:
    if path.suffix in (SUFFIX, ".parquet"):
        return load_performance(path)
    if path.is_file() and is_photo(path):
        raise FacemotionError(f"{path} is a photo: what drives is a video, a motion file or landmarks.parquet")
    return Reader(path)


def drawn(points: NDArray[np.floating], size: int) -> Image:
    """Landmarks [70, 2] in pixels, as lines."""
    picture = np.full((size, size, 3), 24, np.uint8)
    for name, group in GROUPS.items():
        line = np.rint(points[list(group)] * 16).astype(np.int32)
        if name == "pupils":
            for x, y in line.tolist():
                cv2.circle(picture, (x, y), max(size // 90, 1) * 16, INK, -1, cv2.LINE_AA, 4)
        else:
            cv2.polylines(picture, [line], name in CLOSED, INK, max(size // 160, 1), cv2.LINE_AA, 4)
    return picture
