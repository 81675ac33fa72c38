"""What a model makes of a few pairs, side by side, for a person to look at."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facemotion.dataset.augmentation import Batch, told
from facemotion.models import grid
from facemotion.models.animator import Animator, Motion
from facemotion.models.generator import at_size
from facemotion.training.validation import repeated

COLUMNS: Final = ("reference", "driving", "warped", "coarse", "refined", "occlusion", "flow")
# Displacement, in half image sides, that gets the fullest colour.
FULL_COLOUR: Final = 0.25
GAP: Final = 2
CAPTION_PX: Final = 16


@torch.no_grad()
def sample_grid(model: Animator, batch: Batch, *, rows: int, zoom: int = 1) -> NDArray[np.uint8]:
    """RGB: a row a pair, columns as in COLUMNS; `coarse` is the frame by the coarse flow, `refined` by the last one."""
    reference, driving = batch.reference[:rows], batch.driving[:rows]
    frame, appearance, motion = model(*told(batch, rows, references=1))
    coarse = model.render(appearance, Motion(motion.fields[:1], motion.driving, motion.background))
    finest = at_size(motion.fields, driving.shape[-1])
    trust = torch.sigmoid(finest.occlusion.float()).expand(-1, 3, -1, -1)
    moved = finest.flow.float() - grid.identity(finest.flow.shape[-1], finest.flow.float())
    warped = grid.warp_picture(reference, finest.flow.float())
    made = [coarse.float(), frame.float(), trust, flow_colours(moved)]
    columns = [repeated(batch)[:rows], driving, warped, *made]
    tiles = torch.stack(columns, 1).clamp(0, 1)
    tiles = torch.nn.functional.pad(tiles, (0, GAP, 0, GAP), value=1.0)
    whole = tiles.permute(0, 3, 1, 4, 2).flatten(0, 1).flatten(1, 2)
    image = (whole * 255).round().to(torch.uint8).cpu().numpy()
    large = image.repeat(zoom, 0).repeat(zoom, 1)
    return np.concatenate((_captions(large.shape[1]), large))


def _captions(width: int) -> NDArray[np.uint8]:
    """A strip of the names of the columns."""
    import cv2  # here alone, so that training itself does without

    strip = np.full((CAPTION_PX, width, 3), 255, np.uint8)
    for place, name in enumerate(COLUMNS):
        left = place * width // len(COLUMNS) + GAP
        cv2.putText(strip, name, (left, CAPTION_PX - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (0, 0, 0), 1, cv2.LINE_AA)
    return strip


def flow_colours(displacement: Tensor) -> Tensor:
    """[B, 2, H, W], in half image sides, to RGB [B, 3, H, W]: the direction is the hue, the length the saturation."""
    angle = torch.atan2(displacement[:, 1], displacement[:, 0])
    length = (displacement.square().sum(1).sqrt() / FULL_COLOUR).clamp(max=1)
    thirds = angle[:, None] - angle.new_tensor([0.0, 2.0944, 4.1888])[:, None, None]
    hue = (0.5 + torch.cos(thirds)).clamp(0, 1)
    return 1 - length[:, None] * (1 - hue)
