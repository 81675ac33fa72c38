"""Squares of pictures made smaller by averaging areas: what OpenCV makes, in a third of the time. Rows are added up
first, whole vectors at a time, and only their sum is averaged across; for what lies past an edge nothing is copied."""

from functools import lru_cache
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from facemotion.video import Image

Counts = NDArray[np.int64]
Singles = NDArray[np.float32]

TAPS: Final = 4  # pixels added in one go: so many that most squares need no more
ROOM: Final = 4 * TAPS  # values past the end of a line that may be touched
WHOLE: Final = np.float32(2**23)  # added, it leaves no room for fractions: the nearest whole number, as `rint` has it
NEGLIGIBLE: Final = 1e-3  # of a pixel: no smaller part is counted


def shrunk(image: Image, square: tuple[int, int, int, int], size: int) -> Image:
    """The square of an RGB image, which must be larger than `size`, at that many pixels; what it has past the image is
    reflected. As `cv2.resize` with INTER_AREA makes it where the sides have no whole ratio, but for the rounding of
    one value in 100,000: sums are taken in another order."""
    height, width = image.shape[:2]
    left, top, right, bottom = square
    firsts, shares = _parts(right - left, size)
    made = np.empty((size, size, 3), np.uint8)
    across, down = _reflected(left, right, width), _reflected(top, bottom, height)
    inside = max(left, 0), min(right, width)
    _average(np.ascontiguousarray(image), left, *inside, across, down + max(top, 0), firsts, shares, made)
    return made


def _reflected(low: int, high: int, end: int) -> Counts:
    """Which of the pixels 0..end show at the places low..high, counted from the first that is among both."""
    first, length = max(low, 0), min(high, end) - max(low, 0)
    places = (np.arange(low, high) - first) % (2 * length)
    return np.minimum(places, 2 * length - 1 - places)


@lru_cache(maxsize=64)
def _parts(length: int, size: int) -> tuple[Counts, Singles]:
    """What each of `size` pixels is made of: the first of `length`, and the shares [size, taps] of it and those after
    it, of which the last may be none."""
    scale = 1 / (size / length)
    firsts, parts = [], []
    for k in range(size):
        start, stop = k * scale, k * scale + scale
        whole = min(scale, length - start)
        after = min(int(np.floor(stop)), length - 1)
        before = min(int(np.ceil(start)), after)
        begun, ended = before - start > NEGLIGIBLE, stop - after > NEGLIGIBLE
        firsts.append(before - begun)
        parts.append(
            [(before - start) / whole] * begun
            + [1 / whole] * (after - before)
            + [min(stop - after, 1.0, whole) / whole] * ended
        )
    shares = np.zeros((size, -(-max(map(len, parts)) // TAPS) * TAPS), np.float32)
    for k, part in enumerate(parts):
        shares[k, : len(part)] = part
    return np.array(firsts), shares


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _average(
    image: Image, left: int, first: int, end: int, across: Counts, down: Counts, firsts: Counts, shares: Singles,
    made: Image,
) -> None:  # fmt: skip
    size, taps = shares.shape
    line, narrow = np.zeros(3 * (across.size + taps) + ROOM, np.float32), np.empty(3 * size + ROOM, np.float32)
    inside = line[3 * (first - left) : 3 * (end - left)]
    for y in range(size):
        inside[:] = 0
        for k in range(taps):
            share = shares[y, k]
            if share == 0:
                continue
            row = image[down[firsts[y] + k], first:end].reshape(-1)
            for x in range(row.size):
                inside[x] += np.float32(row[x]) * share
        _reflect(first - left, end - left, across, line)
        _narrow(line, firsts, shares, narrow)
        flat = made[y].reshape(-1)
        for x in range(3 * size):
            flat[x] = np.int32((narrow[x] + WHOLE) - WHOLE)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _reflect(first: int, end: int, across: Counts, line: Singles) -> None:
    """What the line has at first..end, before and after it."""
    for past in (range(first), range(end, across.size)):
        for x in past:
            for channel in range(3):
                line[3 * x + channel] = line[3 * (first + across[x]) + channel]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _narrow(line: Singles, firsts: Counts, shares: Singles, narrow: Singles) -> None:
    """Four values at once where a pixel has three: the fourth is the next one's, which overwrites it."""
    for x in range(len(firsts)):
        at, to, part = np.uint64(3 * firsts[x]), np.uint64(3 * x), shares[x]
        red, green, blue, more = np.float32(0), np.float32(0), np.float32(0), np.float32(0)
        for block in range(0, part.size, TAPS):
            for k in range(TAPS):
                share = part[np.uint64(block + k)]
                red += line[at] * share
                green += line[at + np.uint64(1)] * share
                blue += line[at + np.uint64(2)] * share
                more += line[at + np.uint64(3)] * share
                at += np.uint64(3)
        narrow[to], narrow[to + np.uint64(1)] = red, green
        narrow[to + np.uint64(2)], narrow[to + np.uint64(3)] = blue, more
