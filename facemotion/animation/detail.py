"""The photo's own detail in a frame that a smaller model made: the photo at full size through the model's flow. Coarse
colours are the model's, which knows what turned, opened and shut; what is finer than its pixels comes from the warped
photo, where the model trusts its flow."""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from facemotion.animation.openings import composed
from facemotion.models import grid
from facemotion.models.blocks import Seen
from facemotion.models.dense_motion import FlowField
from facemotion.models.fusion import Mixture

Points = tuple[Tensor, Tensor]  # of photos and frames, [B, 70, 2], normalised

# Between these shares of trust fine detail comes in.
TRUSTED: Final = (0.3, 0.7)


def detailed(
    photos: Tensor, frames: Tensor, field: FlowField, mixture: Mixture | None = None, points: Points | None = None
) -> Tensor:
    """Frames [B, 3, H, H] of a model, at the size of the photos [B * N, 3, S, S] they were made of. With landmarks of
    the photos and frames, lids and lips are as these say, of the first photo."""
    size, small = photos.shape[-1], frames.shape[-1]
    if size <= small:
        return enlarged(frames, size)
    flow = grid.identity(size, frames) + enlarged(field.flow - grid.identity(field.flow.shape[-1], frames), size)
    trust = enlarged(torch.sigmoid(field.occlusion), size).clamp(1e-3, 1)
    warped = grid.warp_picture(photos, flow)
    if mixture is not None:
        warped, trust = mixture.picture(Seen(warped, trust))
    fine = warped - enlarged(grid.resize_image(warped, small), size)
    low, high = TRUSTED
    share = ((trust - low) / (high - low)).clamp(0, 1)
    made = (enlarged(frames, size) + share * share * (3 - 2 * share) * fine).clamp(0, 1)
    if points is None:
        return made
    each = len(photos) // len(frames)
    first = zip(made, photos[::each], flow[::each], *points, strict=True)
    return torch.stack([composed(*one) for one in first])


def enlarged(maps: Tensor, size: int) -> Tensor:
    """Square maps [B, C, h, h] at a larger size, smoothly; at a smaller one as means."""
    if maps.shape[-1] >= size:
        return grid.resize_image(maps, size)
    return F.interpolate(maps.float(), (size, size), mode="bicubic", align_corners=False)
