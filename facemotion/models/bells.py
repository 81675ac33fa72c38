"""Round bells about many points, kept as their two factors, since what is wanted of them is sums of a few alone.

Normalised coordinates."""

from typing import NamedTuple

import torch
from torch import Tensor

from facemotion.models import grid
from facemotion.models.many import each


class Bells(NamedTuple):
    """Of height 1 about P points: a bell is the product of what it is across and down."""

    across: Tensor  # [B, P, n]
    down: Tensor  # [B, P, n]

    def of_each(self, count: int) -> "Bells":
        """Those of a frame, for each of its references."""
        return Bells(each(self.across, count), each(self.down, count))

    def mixed(self, weights: Tensor) -> Tensor:
        """Weighted sums [B, K, n, n], by weights [K, P] or [B, K, P]."""
        count, side = weights.shape[-2], self.across.shape[-1]
        with grid.exactly(self.across):
            rows = weights[..., :, None, :] * self.down.mT[:, None]
            return (rows.flatten(1, 2) @ self.across).view(-1, count, side, side)


def bells_about(points: Tensor, reach: Tensor, size: int) -> Bells:
    """About points [B, P, 2], whose heights at `reach` [B, P] are exp(-1/2)."""
    centres = grid.identity(size, points)[0, 0, 0]
    x, y = torch.exp((centres - points[..., None]).square() / (-2 * reach.square()[..., None, None])).unbind(2)
    return Bells(x, y)
