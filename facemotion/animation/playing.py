"""A clip that goes on playing while its face does what a driver does: every frame is the reference of its own."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.animation import motions
from facemotion.animation.drivers import Driver
from facemotion.animation.faces import lids_open
from facemotion.animation.motions import LIDDED, MOVES, Floats, MotionOptions, head
from facemotion.animation.references import Reference, normalised

log = logging.getLogger(__name__)

# Of their usual opening: lids that are as far apart are the clip's own, and those from which on they are the driver's.
SHUT: Final = 0.5
WIDE: Final = 0.8


@dataclass(frozen=True)
class Playing:
    """`numbers`: of the clip's frames, for each frame of the result, by the driver's clock; `rest`: the clip's face as
    it is on average, were its head to keep still [70, 2], normalised."""

    clip: Driver
    numbers: NDArray[np.int64]
    rest: Floats

    @classmethod
    def of(cls, clip: Driver, driver: Driver) -> "Playing":
        ratio = clip.performance.fps / driver.performance.fps
        numbers = np.array([int(number * ratio) for number in range(driver.performance.frames)])
        kept = numbers[numbers < clip.performance.frames]
        if len(kept) < len(numbers):
            log.warning(
                "%s lasts %.1f s, less than what drives: the result ends with it",
                clip.path, clip.performance.frames / clip.performance.fps,
            )  # fmt: skip
        points = clip.normalised()
        calm = _without(points, *head(points[0], points))
        return cls(clip, kept, np.asarray(np.median(calm[clip.performance.seen], axis=0), np.float64))

    def references(self) -> Iterator[Reference]:
        """In order; a frame that is shown for longer comes several times."""
        frames = enumerate(self.clip.frames())
        number, image = next(frames)
        for wanted in self.numbers.tolist():
            while number < wanted:
                number, image = next(frames)
            yield Reference(image, self.clip.square, self.clip.points[wanted])

    def moved(self, driving: Floats, zero: int, options: MotionOptions, eyes_rest: bool) -> Floats:
        """Where the points of each frame go [T, 70, 2]: from rest the face does what the driver does, on a head that
        goes as in the clip. What lies outside the region goes on as in the clip."""
        own = normalised(self.clip.points[self.numbers], self.clip.square)
        matrix, shift = head(self.rest, own)
        calm = _without(own, matrix, shift)
        made = motions.moved(self.rest, driving, zero, options)[: len(own)]
        if options.region == "pose":
            made = _with(calm, *head(self.rest, made))
        elif options.region != "all":
            which, driven = list(MOVES[options.region]), made
            made = calm.copy()
            made[:, which] = driven[:, which]
        # An eye that is shut in the clip shows nothing of which an open one could be made: its blinks stand.
        wide = lids_open(calm) / max(float(lids_open(self.rest[None])[0]), 1e-9)
        told = np.clip((wide - SHUT) / (WIDE - SHUT), 0, 1) * (0.0 if eyes_rest else 1.0)
        made[:, LIDDED] = calm[:, LIDDED] + told[:, None, None] * (made - calm)[:, LIDDED]
        return _with(made, matrix, shift)


def _with(points: Floats, matrix: Floats, shift: Floats) -> Floats:
    return np.asarray(np.einsum("tij,tkj->tki", matrix, points) + shift[:, None], np.float64)


def _without(points: Floats, matrix: Floats, shift: Floats) -> Floats:
    return np.asarray(np.einsum("tij,tkj->tki", np.linalg.inv(matrix), points - shift[:, None]), np.float64)
