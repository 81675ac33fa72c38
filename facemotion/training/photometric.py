"""How unlike two images [B, 3, S, S] in [0, 1] are: every measure a mean over pixels, none with masks."""

from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

# The usual constants of SSIM for a range of 1, and the side of its window.
SSIM_LUMINANCE: Final = 0.01**2
SSIM_CONTRAST: Final = 0.03**2
SSIM_WINDOW: Final = 7
# In the census, a difference of this much between two pixels counts as half a difference.
CENSUS_SOFT: Final = 0.04
CENSUS_REACH: Final = 2


def pyramid(image: Tensor, scales: int) -> list[Tensor]:
    """The image and its halvings, areas averaged; never below 8 pixels."""
    levels = [image]
    while len(levels) < scales and levels[-1].shape[-1] >= 16:
        levels.append(F.avg_pool2d(levels[-1], 2))
    return levels


def over_pyramid(measure: Callable[[Tensor, Tensor], Tensor], one: list[Tensor], other: list[Tensor]) -> Tensor:
    """The mean of a measure over the levels of two pyramids."""
    return torch.stack([measure(a, b) for a, b in zip(one, other, strict=True)]).mean()


def l1(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).abs().mean()


def gradient(one: Tensor, other: Tensor) -> Tensor:
    """Mean absolute difference of the steps between neighbours, across and down."""
    difference = one - other
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs().mean()
    return across + (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()


def ssim(one: Tensor, other: Tensor) -> Tensor:
    """Half of one minus the structural similarity, in a uniform window."""
    window = min(SSIM_WINDOW, one.shape[-1])
    stacked = torch.cat((one, other, one * one, other * other, one * other), 1)
    # Down, then across, each a convolution: half the time of pooling.
    line = stacked.new_full((stacked.shape[1], 1, window, 1), 1 / window)
    means = F.conv2d(F.conv2d(stacked, line, groups=len(line)), line.transpose(2, 3), groups=len(line))
    mean_a, mean_b, aa, bb, ab = means.chunk(5, 1)
    product, squares = mean_a * mean_b, mean_a.square() + mean_b.square()
    similar = (2 * product + SSIM_LUMINANCE) * (2 * (ab - product) + SSIM_CONTRAST)
    similar = similar / ((squares + SSIM_LUMINANCE) * (aa + bb - squares + SSIM_CONTRAST))
    return (1 - similar).mean() / 2


def census(one: Tensor, other: Tensor) -> Tensor:
    """Mean disagreement about how each pixel's grey compares with those around it: blind to light, keen on edges."""
    disagreement = (_relations(one) - _relations(other)).square()
    return (disagreement / (0.1 + disagreement)).mean()


def _relations(image: Tensor) -> Tensor:
    """[B, 24, S - 4, S - 4]: soft signs of the differences to the neighbours."""
    grey, reach = image.mean(1, keepdim=True), CENSUS_REACH
    size = grey.shape[-1] - 2 * reach
    centre = grey[..., reach : reach + size, reach : reach + size]
    places = [(y, x) for y in range(2 * reach + 1) for x in range(2 * reach + 1) if (y, x) != (reach, reach)]
    around = torch.cat([grey[..., y : y + size, x : x + size] for y, x in places], 1) - centre
    return around * torch.rsqrt(CENSUS_SOFT**2 + around.square())
