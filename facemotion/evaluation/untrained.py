"""The reference bent through its landmarks, nothing learnt: a thin-plate spline takes them to where they are to lie,
and the picture's border stays. What a model of landmarks must beat."""

from typing import Final

import torch
from torch import Tensor

from facemotion.evaluation.carried import carried
from facemotion.evaluation.variants import ABSOLUTE, Made
from facemotion.models import grid, thin_plate
from facemotion.models.face import Face

# Chosen on rendered people held out for validation: half as many anchors are 3 % worse in l1, twice as many no better.
ANCHORS_A_SIDE: Final = 4
# Of neighbouring points that disagree, as those of a closing lid do, each gives way a little.
RIDGE: Final = 1e-3


class Untrained:
    def __init__(self, size: int) -> None:
        self.size = size

    def make(self, reference: Face, driving: Face) -> Made:
        return self._bent(reference, driving.points)

    def across(self, reference: Face, start: Face, driving: Face) -> dict[str, Made]:
        ways = {"": carried(reference, start, driving), ABSOLUTE: driving.points}
        return {way: self._bent(reference, points) for way, points in ways.items()}

    def _bent(self, reference: Face, points: Tensor) -> Made:
        """So that the reference's landmarks come to lie at these points [B, 70, 2]."""
        count = len(points)
        border = anchors(points).expand(count, -1, -1)
        own = reference.points.expand(count, -1, -1)
        spline = thin_plate.fit(torch.cat((points, border), 1), torch.cat((own, border), 1), RIDGE)
        flow = thin_plate.flow(spline, self.size)
        return Made(grid.warp_picture(reference.image.expand(count, -1, -1, -1), flow), [flow])


def anchors(like: Tensor) -> Tensor:
    """Points [4 ANCHORS_A_SIDE, 2] on the picture's border, normalised, evenly around it from its corners on."""
    along = torch.linspace(-1, 1, ANCHORS_A_SIDE + 1, device=like.device, dtype=like.dtype)[:-1]
    edge = torch.ones_like(along)
    sides = ((along, -edge), (edge, along), (-along, edge), (-edge, -along))
    return torch.cat([torch.stack(side, 1) for side in sides])
