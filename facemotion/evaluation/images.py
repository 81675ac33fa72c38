"""Frames at the size at which everything is scored, and how far two of them are apart, pixel by pixel."""

from typing import Final

import cv2
import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from facemotion.models import grid

SCALE: Final = 256  # pixels a side
LEAST_SQUARE: Final = 1e-10  # equal images have 100 dB, not infinitely many
# SSIM as it was published: Gaussian windows of 11 pixels, deviation 1.5, values up to 1.
WINDOW: Final = 11
DEVIATION: Final = 1.5
STEADY: Final = (0.01**2, 0.03**2)

Frame = NDArray[np.float32]  # RGB [SCALE, SCALE, 3] in [0, 1]


def at_scale(images: Tensor) -> NDArray[np.float32]:
    """Square images [B, 3, H, H] in [0, 1], as [B, SCALE, SCALE, 3]: cubic where they grow, areas where they shrink."""
    size = images.shape[-1]
    if size != SCALE:
        shrink = size > SCALE
        images = F.interpolate(
            images.float(), (SCALE, SCALE), mode="bicubic", align_corners=False, antialias=shrink
        ).clamp(0, 1)
    return np.ascontiguousarray(images.float().permute(0, 2, 3, 1).cpu().numpy())


def as_bytes(frame: Frame) -> NDArray[np.uint8]:
    return np.rint(frame * 255).astype(np.uint8)


def l1(one: Frame, other: Frame) -> float:
    return float(np.abs(one - other).mean(dtype=np.float64))


def psnr(one: Frame, other: Frame) -> float:
    """In dB, of values up to 1."""
    square = float(np.square(one - other).mean(dtype=np.float64))
    return -10 * float(np.log10(max(square, LEAST_SQUARE)))


def ssim(one: Frame, other: Frame) -> float:
    """Mean over the windows that lie wholly inside, and over the colours."""
    mean_one, mean_other = _windows(one), _windows(other)
    both, squares = mean_one * mean_other, mean_one**2 + mean_other**2
    together = _windows(one * other) - both
    apart = _windows(one**2 + other**2) - squares
    found = (2 * both + STEADY[0]) * (2 * together + STEADY[1]) / ((squares + STEADY[0]) * (apart + STEADY[1]))
    return float(found.mean(dtype=np.float64))


def _windows(image: Frame) -> Frame:
    inside = slice(WINDOW // 2, -(WINDOW // 2))
    return np.asarray(cv2.GaussianBlur(image, (WINDOW, WINDOW), DEVIATION)[inside, inside], np.float32)


def points_at_scale(points: Tensor) -> NDArray[np.float32]:
    """Normalised points [..., 2] in pixel coordinates at SCALE."""
    found: NDArray[np.float32] = grid.to_pixels(points.float(), SCALE, SCALE).cpu().numpy()
    return found
