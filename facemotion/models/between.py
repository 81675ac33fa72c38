"""What lies between lips and between lids, where landmarks or a closer look tell: teeth, tongue, the white of
an eye. No flow can show them where the photo hides them; a painter that is told where they are can. Ours."""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.models import grid
from facemotion.models.layers import zeroed

# Corner to corner, above and below.
MOUTH: Final = ((60, 61, 62, 63, 64), (60, 67, 66, 65, 64))
EYES: Final = (((36, 37, 38, 39), (36, 41, 40, 39), 68), ((42, 43, 44, 45), (42, 47, 46, 45), 69))
MAPS: Final = 6
INSIDE: Final = [0, 4]  # of them those that tell what lies in the mouth and in the eyes
LEAST: Final = 1e-3  # normalised; corners that are nearer have no direction
DEEP: Final = 8.0  # per normalised unit: from lip to lip of a mouth wide open is about one
IRIS: Final = 0.2  # its radius, in an eye's widths
WIDTH: Final = 16  # channels of the painter
# Logits of how far what is seen through the flow is kept at first: nearly all of it, but hardly what opens in the frame
# and is shut in the reference.
KEPT: Final = 4.0
NEWLY_OPEN: Final = 6.0


def maps(points: Tensor, size: int) -> Tensor:
    """[B, MAPS, size, size] of landmarks [B, 70, 2], normalised, all 0 where nothing is open: how much of a pixel lies
    in the mouth, how far below the upper lip, above the lower one and from the middle it is; how much lies in an eye,
    and how near the pupil is."""
    inside, above, below, along = _between(points, *MOUTH, size)
    drawn = [inside, inside * above * DEEP, inside * below * DEEP, inside * along]
    eyes, near = torch.zeros_like(inside), torch.zeros_like(inside)
    for upper, lower, pupil in EYES:
        own = _between(points, upper, lower, size)[0]
        width = (points[:, upper[-1]] - points[:, upper[0]]).norm(dim=-1)[:, None, None].clamp(min=LEAST)
        away = (grid.identity(size, points) - points[:, pupil, :, None, None]).square().sum(1)
        eyes, near = eyes + own, near + own * torch.exp(away / (-2 * (IRIS * width).square()))
    return torch.stack((*drawn, eyes, near), 1)


def _between(points: Tensor, upper: tuple[int, ...], lower: tuple[int, ...], size: int) -> tuple[Tensor, ...]:
    """Of each pixel [B, n, n]: the share of it between two lines through points that begin and end in the same two; how
    far below the upper one and above the lower one it is, normalised; and how far along, -1 to 1."""
    start, end = points[:, upper[0]], points[:, upper[-1]]
    width = (end - start).norm(dim=-1, keepdim=True).clamp(min=LEAST)
    across = (end - start) / width
    down = torch.stack((-across[:, 1], across[:, 0]), -1)

    def turned(where: Tensor) -> tuple[Tensor, Tensor]:
        """Of [B, 2, ...]: along the line between the corners, in its lengths, and away from it."""
        lift = (..., *[None] * (where.dim() - 2))
        apart = where - start[lift]
        return (apart * (across / width)[lift]).sum(1), (apart * down[lift]).sum(1)

    along, away = turned(grid.identity(size, points))
    heights = []
    for line in (upper, lower):
        places, offs = turned(points[:, list(line)].transpose(1, 2))
        height = torch.zeros_like(along)
        for k in range(len(line) - 1):
            step = (places[:, k + 1] - places[:, k]).clamp(min=LEAST)[:, None, None]
            share = ((along - places[:, k, None, None]) / step).clamp(0, 1)
            height = height + share * (offs[:, k + 1] - offs[:, k])[:, None, None]
        heights.append(height)
    above, below = away - heights[0], heights[1] - away
    pixels = size / 2
    inside = ((pixels * above + 0.5).clamp(0, 1) + (pixels * below + 0.5).clamp(0, 1) - 1).clamp(min=0)
    return inside, above, below, 2 * along - 1


class Painter(nn.Module):
    """What to add to the finest features, and how far to keep what is seen through the flow."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(2 * MAPS, WIDTH, 3, padding=1)
        self.second = nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.paint = zeroed(nn.Conv2d(WIDTH, width, 1))
        self.keep = zeroed(nn.Conv2d(WIDTH, 1, 1))

    def forward(self, shown: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Of the maps of the reference, seen through the flow, and of the frame: [B, width, n, n], [B, 1, n, n]."""
        x = F.relu(self.second(F.relu(self.first(torch.cat((shown, wanted), 1)))))
        opened = F.relu(wanted - shown)[:, INSIDE].sum(1, keepdim=True)
        return self.paint(x), torch.sigmoid(self.keep(x).float() + KEPT - NEWLY_OPEN * opened)
