"""dlib's predictor of 68 points, read from dlib's file and run here: the same points to the pixel, in a fourth of the
time.

An ensemble of regression trees (Kazemi and Sullivan, CVPR 2014). What it costs is waiting for memory, as a prediction
gathers 4 MB of leaves out of 65: here they lie in one block, and several boxes share what was fetched."""

from typing import Any, Final, NamedTuple, Self

import numba
import numpy as np
from numpy.typing import NDArray

from facemotion import weights
from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import N_IBUG

Bytes = NDArray[np.uint8]
Singles = NDArray[np.float32]
Doubles = NDArray[np.float64]

STEPS: Final = 15  # each moves the points by the sum of its trees' leaves
TREES: Final = 500  # of a step
DEPTH: Final = 4  # questions asked in a tree
ASKED: Final = 2**DEPTH - 1
LEAVES: Final = 2**DEPTH
PIXELS: Final = 500  # that a step looks at
VALUES: Final = 2 * N_IBUG
TOGETHER: Final = 4  # leaves added at once: their fetching overlaps


class Forest(NamedTuple):
    """Places are x, y in units of the box, from its left upper corner."""

    mean: Singles  # [VALUES], where points are before anything was looked at
    pairs: NDArray[np.uint16]  # [STEPS, TREES, ASKED, 2], the pixels that a question compares
    limits: Singles  # [STEPS, TREES, ASKED], by how much the first must be brighter to go left
    leaves: Singles  # [STEPS, TREES * LEAVES, VALUES]
    anchors: NDArray[np.uint16]  # [STEPS, PIXELS], the point that a pixel lies near
    offsets: Singles  # [STEPS, PIXELS, 2], where from it, on the mean face

    @classmethod
    def load(cls) -> Self:
        path = weights.need(weights.POINTS_68)
        if not weights.right(weights.POINTS_68, path):
            raise FacemotionError(f"{path} is not the file that its publisher released; remove it and get it again")
        # Large blocks that numpy makes lie in huge pages: half as many waits.
        forest = cls(
            np.empty(VALUES, np.float32), np.empty((STEPS, TREES, ASKED, 2), np.uint16),
            np.empty((STEPS, TREES, ASKED), np.float32), np.empty((STEPS, TREES * LEAVES, VALUES), np.float32),
            np.empty((STEPS, PIXELS), np.uint16), np.empty((STEPS, PIXELS, 2), np.float32),
        )  # fmt: skip
        _read(np.memmap(path, np.uint8, "r"), *forest)
        return forest

    def predict(self, grey: Bytes, boxes: NDArray[np.int64]) -> Doubles:
        """Whole pixels [N, 68, 2] of the face in each of the boxes [N, 4]; right and bottom are the last pixel inside,
        as dlib has it."""
        found = np.empty((len(boxes), N_IBUG, 2))
        _predict(grey, boxes, *self, found)
        return found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _whole(data: Bytes, at: int) -> tuple[Any, int]:
    """A number as dlib packs it, and where the next one begins: sign and length, then bytes, the lowest first."""
    length, value = data[at] & 15, np.int64(0)
    for k in range(length):
        value |= np.int64(data[at + 1 + k]) << (8 * k)
    return -value if data[at] & 128 else value, at + 1 + length


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _reals(data: Bytes, at: int, out: Singles) -> int:
    for k in range(out.size):
        mantissa, at = _whole(data, at)
        exponent, at = _whole(data, at)
        out[k] = np.float32(mantissa * 2.0**exponent)
    return at


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _past(data: Bytes, at: int, numbers: int) -> int:
    """Past sizes and versions, which are known."""
    for _ in range(numbers):
        _, at = _whole(data, at)
    return at


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _read(data: Bytes, mean: Singles, pairs: Any, limits: Singles, leaves: Singles, anchors: Any, offsets: Any) -> None:
    at = _reals(data, _past(data, 0, 3), mean)  # version, rows, columns
    at = _past(data, at, 1)
    for step in range(STEPS):
        at = _past(data, at, 1)
        for tree in range(TREES):
            at = _past(data, at, 1)
            for k in range(ASKED):
                pairs[step, tree, k, 0], at = _whole(data, at)
                pairs[step, tree, k, 1], at = _whole(data, at)
                at = _reals(data, at, limits[step, tree, k : k + 1])
            at = _past(data, at, 1)
            for k in range(LEAVES):
                at = _reals(data, _past(data, at, 2), leaves[step, tree * LEAVES + k])
    at = _past(data, at, 1)
    for step in range(STEPS):
        at = _past(data, at, 1)
        for k in range(PIXELS):
            anchors[step, k], at = _whole(data, at)
    at = _past(data, at, 1)
    for step in range(STEPS):
        at = _past(data, at, 1)
        for k in range(PIXELS):
            at = _reals(data, at, offsets[step, k])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _predict(
    grey: Bytes, boxes: Any, mean: Singles, pairs: Any, limits: Singles, leaves: Singles, anchors: Any, offsets: Any,
    found: Doubles,
) -> None:  # fmt: skip
    shapes = np.empty((len(boxes), mean.size), np.float32)
    shapes[:] = mean
    seen, reached = np.empty(PIXELS, np.float32), np.empty(TREES, np.int64)
    for step in range(STEPS):
        for n in range(len(boxes)):
            _look(grey, boxes[n], mean, shapes[n], anchors[step], offsets[step], seen)
            for tree in range(TREES):
                k = np.uint64(0)  # unsigned: no place counts from the end
                for _ in range(DEPTH):
                    one, other = pairs[step, tree, k, 0], pairs[step, tree, k, 1]
                    brighter = np.uint64(seen[one] - seen[other] > limits[step, tree, k])
                    k = np.uint64(2) * k + np.uint64(2) - brighter
                reached[tree] = tree * LEAVES + np.int64(k) - ASKED
            _add(leaves[step], reached, shapes[n])
    for n in range(len(boxes)):
        left, top, right, bottom = boxes[n]
        for p in range(N_IBUG):
            found[n, p, 0] = np.floor(left + (right - left) * np.float64(shapes[n, 2 * p]) + 0.5)
            found[n, p, 1] = np.floor(top + (bottom - top) * np.float64(shapes[n, 2 * p + 1]) + 0.5)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _look(grey: Bytes, box: Any, mean: Singles, shape: Singles, anchors: Any, offsets: Singles, seen: Singles) -> None:
    """The brightness of each pixel of a step, which lie about the points as they do on the mean face."""
    height, width = grey.shape
    left, top, right, bottom = box
    along, across = _turn(mean, shape)
    for k in range(PIXELS):
        x, y, point = offsets[k, 0], offsets[k, 1], anchors[k]
        u = along * x - across * y + shape[2 * point]
        v = across * x + along * y + shape[2 * point + 1]
        column = int(np.floor(left + (right - left) * np.float64(u) + 0.5))
        row = int(np.floor(top + (bottom - top) * np.float64(v) + 0.5))
        seen[k] = grey[row, column] if 0 <= row < height and 0 <= column < width else 0


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _turn(mean: Singles, shape: Singles) -> tuple[Any, Any]:
    """Cosine and sine, times the scale, of the similarity that brings the mean face nearest to a shape."""
    middle_x, middle_y = np.float64(0), np.float64(0)
    centre_x, centre_y = np.float64(0), np.float64(0)
    for k in range(N_IBUG):
        middle_x, middle_y = middle_x + mean[2 * k] / N_IBUG, middle_y + mean[2 * k + 1] / N_IBUG
        centre_x, centre_y = centre_x + shape[2 * k] / N_IBUG, centre_y + shape[2 * k + 1] / N_IBUG
    size, along, across = np.float64(0), np.float64(0), np.float64(0)
    for k in range(N_IBUG):
        x, y = mean[2 * k] - middle_x, mean[2 * k + 1] - middle_y
        u, v = shape[2 * k] - centre_x, shape[2 * k + 1] - centre_y
        size, along, across = size + x * x + y * y, along + u * x + v * y, across + v * x - u * y
    return np.float32(along / size), np.float32(across / size)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _add(leaves: Singles, reached: Any, shape: Singles) -> None:
    for tree in range(0, TREES, TOGETHER):
        one, two = leaves[reached[tree]], leaves[reached[tree + 1]]
        three, four = leaves[reached[tree + 2]], leaves[reached[tree + 3]]
        for k in range(VALUES):
            shape[k] = (((shape[k] + one[k]) + two[k]) + three[k]) + four[k]
