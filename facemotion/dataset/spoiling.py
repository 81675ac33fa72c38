"""References that are of no use, as people give them: black, blurred, nothing but noise. A model that is shown some
while it learns does not believe in them later."""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

# What may be done to a picture; its place here, from 1, is its number, and 0 leaves it as it is.
SPOILT: Final = ("black", "blurred", "noise")
# A blurred picture has this share of its pixels a side.
BLUR: Final = 16


def spoil(images: Tensor, kinds: Tensor, index: Tensor) -> Tensor:
    """Images [B, M, 3, S, S] in [0, 1], each as its number in `kinds` [B, M] says; noise by the pairs' numbers [B]."""
    size = images.shape[-1]
    flat = images.flatten(0, 1)
    small = F.interpolate(flat, (size // BLUR, size // BLUR), mode="bilinear", align_corners=False, antialias=True)
    blurred = F.interpolate(small, (size, size), mode="bilinear", align_corners=False).view_as(images)
    done = {"black": torch.zeros_like(images), "blurred": blurred, "noise": _noise(images, index)}
    for number, name in enumerate(SPOILT, start=1):
        images = torch.where((kinds == number)[..., None, None, None], done[name], images)
    return images


def _noise(like: Tensor, index: Tensor) -> Tensor:
    """Uniform, by whole numbers alone: the same on every device, and for every pair its own."""
    places = torch.arange(like[0].numel(), device=like.device)
    mixed = (places[None] * 2654435761 + index[:, None] * 40503 + 12345) & 0xFFFFFFFF
    for _ in range(2):
        mixed = ((mixed ^ (mixed >> 15)) * 739982445) & 0xFFFFFFFF
    return ((mixed >> 8).to(like.dtype) / (1 << 24)).view_as(like)
