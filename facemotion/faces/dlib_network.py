"""dlib's residual network for face recognition, read from dlib's file and run here: the same numbers to rounding, in a
fraction of the time that dlib takes without a library for matrices."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from facemotion import weights
from facemotion.errors import FacemotionError

Singles = NDArray[np.float32]  # pictures are [H, W, channels]

CHIP_PX: Final = 150  # side of the picture that it wants
MEAN: Final = np.array([122.782, 117.001, 104.298], np.float32)  # of red, green and blue
RANGE: Final = np.float32(256)
# Residual blocks, each of two convolutions, in groups; every group but the first halves the picture to begin with.
GROUPS: Final = (3, 4, 3, 3, 1)
LAYER: Final = re.compile(rb"con_4|affine_|fc_2(?=\x01\x80\x02\x00\x01)")


class Layer(NamedTuple):
    """A convolution and what scales its results."""

    filters: Singles  # [rows * columns * channels, results]
    bias: Singles
    side: int


class Network(NamedTuple):
    layers: tuple[Layer, ...]
    last: Singles  # [channels, 128]

    @classmethod
    def load(cls) -> Self:
        path = weights.need(weights.RECOGNITION)
        if not weights.right(weights.RECOGNITION, path):
            raise FacemotionError(f"{path} is not the file that its publisher released; remove it and get it again")
        *tensors, last = _tensors(path.read_bytes())
        layers, channels = [], 3
        for values, affine in zip(tensors[::2], tensors[1::2], strict=True):
            scale, shift = np.split(affine, 2)
            filters, bias = values[: -len(scale)], values[-len(scale) :]
            side = round((len(filters) / len(scale) / channels) ** 0.5)
            scaled = filters.reshape(len(scale), channels, side, side) * scale[:, None, None, None]
            by_place = scaled.transpose(2, 3, 1, 0).reshape(-1, len(scale))
            layers.append(Layer(by_place, bias * scale + shift, side))
            channels = len(scale)
        return cls(tuple(layers), last.reshape(channels, -1))

    def describe(self, chip: NDArray[np.uint8]) -> Singles:
        """128 numbers of an upright face [CHIP_PX, CHIP_PX, 3]."""
        first, *layers = self.layers
        seen = _brightest(np.maximum(_convolved((chip - MEAN) / RANGE, first, 2), 0))
        blocks = zip(layers[::2], layers[1::2], strict=True)
        for group, count in enumerate(GROUPS):
            for k in range(count):
                halved = group > 0 and k == 0
                one, two = next(blocks)
                own = np.maximum(_convolved(seen if halved else _framed(seen), one, 2 if halved else 1), 0)
                seen = np.maximum(_sum(_convolved(_framed(own), two, 1), _halved(seen) if halved else seen), 0)
        return np.asarray(seen.mean(axis=(0, 1)) @ self.last, np.float32)


def _tensors(data: bytes) -> Iterator[Singles]:
    """What the layers have learnt, in the order in which they are passed."""
    for found in LAYER.finditer(data):
        at = found.end() + (5 if found.group().startswith(b"fc") else 0)
        size = 1
        for place in range(5):  # a version, then four sides, each packed as its length in bytes and these
            end = at + 1 + data[at]
            size *= int.from_bytes(data[at + 1 : end], "little") if place else 1
            at = end
        yield np.frombuffer(data, "<f4", size, at)


def _convolved(picture: Singles, layer: Layer, step: int) -> Singles:
    windows = sliding_window_view(picture, (layer.side, layer.side), (0, 1))[::step, ::step].transpose(0, 1, 3, 4, 2)
    height, width = windows.shape[:2]
    seen = windows.reshape(height * width, -1) @ layer.filters + layer.bias
    return np.asarray(seen.reshape(height, width, -1), np.float32)


def _brightest(picture: Singles) -> Singles:
    """The largest of each 3 x 3, two apart."""
    return np.asarray(sliding_window_view(picture, (3, 3), (0, 1))[::2, ::2].max(axis=(3, 4)), np.float32)


def _halved(picture: Singles) -> Singles:
    height, width = picture.shape[0] // 2, picture.shape[1] // 2
    fours = picture[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1)
    return np.asarray(fours.mean(axis=(1, 3)), np.float32)


def _framed(picture: Singles) -> Singles:
    return np.pad(picture, ((1, 1), (1, 1), (0, 0)))


def _sum(one: Singles, other: Singles) -> Singles:
    """Of two pictures that need not have one size; what the smaller lacks counts as zero."""
    total = np.zeros(np.maximum(one.shape, other.shape), np.float32)
    for picture in (one, other):
        total[tuple(map(slice, picture.shape))] += picture
    return total
