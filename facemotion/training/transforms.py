"""Random smooth transforms of an image, affine and thin-plate spline, with their exact Jacobians: what keypoints must
follow. All points normalised to -1..1 over the image's edges."""

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from facemotion.models import grid

# The published strengths: of the affine map's entries, and of the spline's weights on a grid of controls.
AFFINE_NOISE: Final = 0.05
SPLINE_NOISE: Final = 0.005
CONTROLS: Final = 5
# Normal numbers that one transform is made of.
NORMALS: Final = 6 + 2 * CONTROLS**2
SOFT: Final = 1e-6  # keeps the logarithm finite at a control point


@dataclass(frozen=True)
class Warps:
    """For each of B images, where in the image to look: affine [B, 2, 3] and spline weights [B, CONTROLS^2, 2]."""

    affine: Tensor
    weights: Tensor

    @staticmethod
    def random(normals: Tensor) -> "Warps":
        """From normal numbers [B, NORMALS] or more."""
        eye = torch.eye(2, 3, device=normals.device)
        affine = eye + AFFINE_NOISE * normals[:, :6].reshape(-1, 2, 3)
        return Warps(affine, SPLINE_NOISE * normals[:, 6:NORMALS].reshape(-1, CONTROLS**2, 2))

    def points(self, points: Tensor) -> Tensor:
        """Where the points [B, N, 2], or [1, N, 2], of the transformed image lie in the original."""
        squared = _from_controls(points).square().sum(-1)
        bent = 0.5 * squared * torch.log(squared + SOFT)
        with grid.exactly(bent):
            bent = bent @ self.weights
        return _linear(self.affine[:, None, :, :2], points) + self.affine[:, None, :, 2] + bent

    def jacobians(self, points: Tensor) -> Tensor:
        """Derivatives [B, N, 2, 2] of `points` at the points [B, N, 2]."""
        away = _from_controls(points)
        squared = away.square().sum(-1)
        slope = (torch.log(squared + SOFT) + squared / (squared + SOFT))[..., None] * away
        with grid.exactly(slope):
            bent = torch.einsum("bkc,bnkd->bncd", self.weights, slope)
        return self.affine[:, None, :, :2] + bent

    def images(self, images: Tensor) -> Tensor:
        """The transformed images of [B, C, S, S]."""
        size = images.shape[-1]
        # One set of points for all: the costly part, the splines' shape, is then worked out once.
        here = grid.identity(size, images).permute(0, 2, 3, 1).reshape(1, -1, 2)
        where = self.points(here).view(-1, size, size, 2)
        return F.grid_sample(images, where, padding_mode="reflection", align_corners=False)


def _from_controls(points: Tensor) -> Tensor:
    """[B, N, CONTROLS^2, 2]"""
    centres = (2 * torch.arange(CONTROLS, device=points.device, dtype=points.dtype) + 1) / CONTROLS - 1
    controls = torch.cartesian_prod(centres, centres).flip(-1)
    return points[:, :, None] - controls


def _linear(matrix: Tensor, points: Tensor) -> Tensor:
    return (matrix * points[..., None, :]).sum(-1)
