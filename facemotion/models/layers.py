"""Building blocks. Normalisation is within an image: no result depends on what else is in a batch."""

from itertools import pairwise
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Layer = TypeVar("Layer", nn.Conv2d, nn.Linear)


def norm(channels: int) -> nn.GroupNorm:
    """Groups of about 16 channels; as many as divide the width evenly."""
    groups = max(1, channels // 16)
    while channels % groups:
        groups -= 1
    return nn.GroupNorm(groups, channels)


class ConvNormAct(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), norm(outputs), nn.ReLU(inplace=True)
        )


class Residual(nn.Module):
    """Pre-activated: two normalised convolutions added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = norm(channels), norm(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.relu(self.first(x)))
        change: Tensor = self.conv2(F.relu(self.second(y)))
        return x + change


class Hourglass(nn.Module):
    """The published U-Net: convolves before it pools and after it grows, joins skips by concatenation.

    `widths`: at the input's size, then at half of it, a quarter, ..."""

    def __init__(self, inputs: int, widths: tuple[int, ...]) -> None:
        super().__init__()
        before = (inputs, *widths[1:-1])
        self.down = nn.ModuleList(ConvNormAct(a, b) for a, b in zip(before, widths[1:], strict=True))
        joined = [widths[-1], *(2 * width for width in widths[-2:0:-1])]
        self.up = nn.ModuleList(ConvNormAct(a, b) for a, b in zip(joined, widths[-2::-1], strict=True))
        self.out_channels = widths[0] + inputs

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for down in self.down:
            skips.append(x)
            x = F.avg_pool2d(down(x), 2)
        for up in self.up:
            x = torch.cat((up(F.interpolate(x, scale_factor=2.0)), skips.pop()), 1)
        return x


class LeanUNet(nn.Module):
    """A U-Net for few operations: pools before it convolves, narrows before it grows, joins skips by addition.

    `widths`: at the input's size, then at half of it, a quarter, ..."""

    def __init__(self, inputs: int, widths: tuple[int, ...], *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.stem = ConvNormAct(inputs, widths[0], kernel, stride=stride)
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(ConvNormAct(fine, coarse) for fine, coarse in pairs)
        self.narrow = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in reversed(pairs))
        self.up = nn.ModuleList(ConvNormAct(fine, fine) for fine, _ in reversed(pairs))
        self.out_channels = widths[0]

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        skips = []
        for down in self.down:
            skips.append(x)
            x = down(F.avg_pool2d(x, 2))
        for narrow, up in zip(self.narrow, self.up, strict=True):
            x = up(F.interpolate(narrow(x), scale_factor=2.0) + skips.pop())
        return x


def zeroed(layer: Layer) -> Layer:
    """The layer, saying nothing until it has learnt to."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
