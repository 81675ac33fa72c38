"""Things that move or change behind people: drifting lights, passers-by out of focus, a flickering screen."""

from dataclasses import dataclass
from typing import Final

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.camera import Affine

Image = NDArray[np.uint8]
Alpha = NDArray[np.float32]

# Alpha below which a mover leaves no level of an 8-bit picture changed by more than one.
_FAINT: Final = 0.004


@numba.njit(cache=True)
def _blend(frame: Image, alpha: Alpha, left: int, top: int, red: float, green: float, blue: float) -> None:
    for y in range(alpha.shape[0]):
        for x in range(alpha.shape[1]):
            a = alpha[y, x]
            if a > 0.0:
                pixel = frame[top + y, left + x]
                pixel[0] = np.uint8(pixel[0] + a * (red - pixel[0]) + 0.5)
                pixel[1] = np.uint8(pixel[1] + a * (green - pixel[1]) + 0.5)
                pixel[2] = np.uint8(pixel[2] + a * (blue - pixel[2]) + 0.5)


@dataclass(frozen=True)
class Mover:
    """A soft shape of changing colour that travels at constant speed. Steady pixels, seconds."""

    alpha: Alpha
    start: tuple[float, float]  # the middle of the shape at time 0
    speed: tuple[float, float]
    colours: NDArray[np.float64]  # [K, 3]; one colour after another, one for good where K is 1
    change_s: float = 1.0

    def _colour(self, time: float) -> NDArray[np.float64]:
        """Eased from one colour to the next in a fifth of the time that each stays."""
        position = time / self.change_s
        index = int(position)
        u = min(1.0, (position - index) * 5.0)
        before, after = self.colours[index % len(self.colours)], self.colours[(index + 1) % len(self.colours)]
        return np.asarray(before + (after - before) * u)

    def _placed(self, shape: tuple[int, int], affine: Affine, time: float) -> tuple[Alpha, int, int] | None:
        """The shape's alpha as filmed, with the column and row of its top-left pixel; None outside the frame."""
        height, width = shape
        rows, columns = self.alpha.shape
        corner = np.add(self.start, np.multiply(self.speed, time)) - ((columns - 1) / 2, (rows - 1) / 2)
        scale = float(affine[0, 0])
        x, y = affine[:, :2] @ corner + affine[:, 2]
        left, top = max(0, int(np.floor(x))), max(0, int(np.floor(y)))
        right = min(width, int(np.ceil(x + scale * columns)) + 1)
        bottom = min(height, int(np.ceil(y + scale * rows)) + 1)
        if left >= right or top >= bottom:
            return None
        matrix = np.array([[scale, 0.0, x - left], [0.0, scale, y - top]])
        alpha = cv2.warpAffine(self.alpha, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        return alpha, left, top

    def draw(self, frame: Image, affine: Affine, time: float) -> None:
        placed = self._placed(frame.shape[:2], affine, time)
        if placed is not None:
            red, green, blue = (float(c) for c in self._colour(time))
            _blend(frame, *placed, red, green, blue)

    def mark(self, mask: NDArray[np.bool_], affine: Affine, time: float) -> None:
        """Set the filmed pixels that the shape touches."""
        placed = self._placed(mask.shape, affine, time)
        if placed is not None:
            alpha, left, top = placed
            mask[top : top + alpha.shape[0], left : left + alpha.shape[1]] |= alpha > _FAINT


def _disc(radius: float) -> Alpha:
    """A light out of focus: a disc, a little brighter at its rim."""
    size = int(radius) + 3
    y, x = np.mgrid[-size : size + 1, -size : size + 1]
    distance = np.hypot(x, y)
    inside = np.clip(radius + 0.5 - distance, 0.0, 1.0)
    return np.asarray(inside * (0.75 + 0.25 * np.clip(distance / radius, 0, 1) ** 4), np.float32)


def _drifting_lights(rng: np.random.Generator, width: int, height: int) -> list[Mover]:
    lights = []
    direction = rng.choice((-1.0, 1.0))
    for _ in range(int(rng.integers(4, 9))):
        colour = np.array((255, rng.uniform(170, 245), rng.uniform(90, 220)))
        lights.append(
            Mover(
                alpha=_disc(rng.uniform(0.012, 0.04) * width) * np.float32(rng.uniform(0.25, 0.6)),
                start=(rng.uniform(-0.2, 1.2) * width, rng.uniform(0.05, 0.9) * height),
                speed=(direction * rng.uniform(0.01, 0.06) * width, rng.normal(0, 0.006) * width),
                colours=colour[None],
            )
        )
    return lights


def _passers(rng: np.random.Generator, width: int, height: int) -> list[Mover]:
    """One or two people far behind, so much out of focus that they are dark upright blots."""
    people = []
    for _ in range(int(rng.integers(1, 3))):
        tall = rng.uniform(0.7, 1.1) * height
        canvas = np.zeros((int(tall * 1.2), int(tall * 0.6)), np.float32)
        middle, unit = canvas.shape[1] / 2, tall / 8
        head = (round(middle), round(0.1 * tall + unit * 0.6))
        cv2.ellipse(canvas, head, (round(unit * 0.38), round(unit * 0.5)), 0, 0, 360, 1.0, -1)
        body = (round(middle), round(0.1 * tall + unit * 4.6))
        cv2.ellipse(canvas, body, (round(unit * 0.95), round(unit * 3.5)), 0, 0, 360, 1.0, -1)
        blurred = cv2.GaussianBlur(canvas, (0, 0), unit * 0.30) * np.float32(rng.uniform(0.62, 0.88))
        heading = rng.choice((-1.0, 1.0))
        people.append(
            Mover(
                alpha=np.asarray(blurred, np.float32),
                start=(width * (0.5 - heading * rng.uniform(0.3, 0.8)), height * rng.uniform(0.6, 0.75)),
                speed=(heading * rng.uniform(0.05, 0.14) * width, 0.0),
                colours=rng.uniform(30, 85) + rng.uniform(-14, 14, (1, 3)),
            )
        )
    return people


def _screen(rng: np.random.Generator, width: int, height: int) -> list[Mover]:
    """A television at one side; small, so that its changes are no cuts."""
    w, h = rng.uniform(0.14, 0.22) * width, rng.uniform(0.16, 0.24) * height
    border = 12
    alpha = np.zeros((int(h) + 2 * border, int(w) + 2 * border), np.float32)
    alpha[border:-border, border:-border] = rng.uniform(0.75, 0.95)
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), rng.uniform(2.0, 4.0)), np.float32)
    x = rng.choice((rng.uniform(0.06, 0.2), rng.uniform(0.8, 0.94))) * width
    colours = rng.uniform(60, 200, (12, 1)) + rng.uniform(-50, 50, (12, 3))
    place = (float(x), float(rng.uniform(0.25, 0.6) * height))
    return [Mover(alpha, place, (0.0, 0.0), np.clip(colours, 0, 255), float(rng.uniform(0.3, 1.2)))]


def movers(rng: np.random.Generator, width: int, height: int) -> list[Mover]:
    """What moves behind one shot: in more than half of all shots, nothing."""
    kind = rng.choice(4, p=(0.58, 0.14, 0.14, 0.14))
    if kind == 0:
        return []
    return (_drifting_lights, _passers, _screen)[kind - 1](rng, width, height)
