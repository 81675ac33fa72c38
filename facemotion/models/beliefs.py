"""What is believed of a picture before looking at it: a keypoint moves what is near it, all else is background.

Log weights, normalised coordinates."""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from facemotion.models import affine

# The background moves all that is further than this many reaches from every keypoint.
BACKGROUND_FROM: Final = 2.0
NEVER: Final = 1e-4  # a chance whose logarithm is still finite


def near(points: Tensor, size: int, reach: float) -> Tensor:
    """[B, K, size, size] of points [B, K, 2]: 0 at the point, -1/2 at `reach` from it."""
    return affine.distances(points, size) / (-2 * reach**2)


def with_background(keypoints: Tensor) -> Tensor:
    """[B, 1 + K, n, n], the background first, from what is `near` keypoints."""
    return F.pad(keypoints, (0, 0, 0, 0, 1, 0), value=-(BACKGROUND_FROM**2) / 2)


def background(points: Tensor, size: int, reach: float) -> Tensor:
    """How likely each pixel [B, 1, size, size] shows background: what no keypoint is near."""
    return F.softmax(with_background(near(points, size, reach)), 1)[:, :1]


def log_background(points: Tensor, size: int, reach: float) -> Tensor:
    return torch.log(background(points, size, reach) + NEVER)
