"""Where the landmarks show lips and eyes: the parts by which people judge a face, and which are few pixels of it."""

from typing import Final

import torch
from torch import Tensor

from facemotion.landmarks.layout import GROUPS, LIPS
from facemotion.models import grid

PARTS: Final = (GROUPS["eye_left"], GROUPS["eye_right"], LIPS)
# How far beyond its points a part reaches, in their greatest width.
MARGIN: Final = 0.3


def mask(points: Tensor, size: int) -> Tensor:
    """[B, 1, size, size] of points [B, 70, 2], normalised: 1 in a box around each part; 0 where it was not found."""
    return eyes_mask(points, size).maximum(_boxes(points, (LIPS,), size))


def eyes_mask(points: Tensor, size: int) -> Tensor:
    return _boxes(points, PARTS[:2], size)


def lips_mask(points: Tensor, size: int) -> Tensor:
    return _boxes(points, PARTS[2:], size)


def mean(values: Tensor, mask: Tensor) -> Tensor:
    """Of [B, C, S, S] within a mask, image by image, then over all images, those without one counting as 0: so that the
    mean over the pieces of a batch is that of the batch."""
    inside = mask.sum((1, 2, 3))
    means = (values.mean(1, keepdim=True) * mask).sum((1, 2, 3)) / inside.clamp(min=1)
    return means.mean()


def _boxes(points: Tensor, parts: tuple[tuple[int, ...], ...], size: int) -> Tensor:
    """[B, 1, size, size]: 1 at pixels whose centre lies in the box of one of the parts."""
    here = grid.identity(size, points)
    inside = torch.zeros(len(points), 1, size, size, device=points.device)
    for part in parts:
        own = points[:, part]
        low, high = own.amin(1), own.amax(1)
        middle = (low + high) / 2
        half = (high - low) / 2
        half = half + MARGIN * half.amax(-1, keepdim=True)
        # A comparison with NaN is false, so that a part that was not found has no pixels.
        within = ((here - middle[..., None, None]).abs() <= half[..., None, None]).all(1, keepdim=True)
        inside = inside.maximum(within.float())
    return inside
