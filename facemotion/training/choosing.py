"""Which of several references to believe, pixel by pixel: what the driving frame tells about it."""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from facemotion.dataset.augmentation import Batch
from facemotion.models import grid
from facemotion.models.animator import Motion
from facemotion.models.fusion import Mixture
from facemotion.models.many import by_frame, each

# Difference of colours by which one reference is e times as believable as another.
SHARP: Final = 0.04
# A reference that goes into a pixel by less than this share counts as one that goes in by it.
LEAST: Final = 1e-3


def choice_error(mixture: Mixture, motion: Motion, batch: Batch) -> Tensor:
    """Cross entropy of how far each reference goes into a pixel with how right it is there, seen through its own flow.

    Pixels count by how much that differs among the references. The loss of the frame alone hardly tells: what one
    reference hides is a few pixels in a hundred."""
    count, size = batch.references, mixture.weights.shape[-1]
    field = motion.fields[-1]
    with torch.no_grad():
        references = torch.cat((batch.reference[:, None], batch.others), 1).flatten(0, 1)
        flow = grid.resize(field.flow.float(), size)
        seen = grid.warp(grid.resize_image(references, size), flow)
        apart = (seen - each(grid.resize_image(batch.driving, size), count)).abs().mean(1, keepdim=True)
        # Flows are a little off everywhere: a neighbourhood tells more than a pixel.
        apart = F.avg_pool2d(apart, 3, 1, 1, count_include_pad=False)
        kept = mixture.kept[..., None, None, None]
        apart = by_frame(apart, count)
        right = F.softmax(torch.where(kept, apart / -SHARP, -torch.inf), 1)
        least = torch.where(kept, apart, torch.inf).amin(1)
        matters = (torch.where(kept, apart, -torch.inf).amax(1) - least) / SHARP
        trust = by_frame(torch.sigmoid(grid.resize_image(field.occlusion.float(), size)), count)
    taken = mixture.weights.float() * trust
    taken = taken / taken.sum(1, keepdim=True)
    error = -(right * taken.clamp(min=LEAST).log()).sum(1)
    return (matters * error).mean()
