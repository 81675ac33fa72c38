"""Two-by-two algebra, local affine candidates and Gaussian maps; all points normalised. Written out by element,
so that autocast never rounds geometry to bfloat16 as it would in a matrix product."""

import torch
from torch import Tensor

from facemotion.models import grid


def inverse(matrix: Tensor) -> Tensor:
    """Of [..., 2, 2] with a determinant other than zero."""
    a, b, c, d = matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 1, 0], matrix[..., 1, 1]
    adjugate = torch.stack((torch.stack((d, -b), -1), torch.stack((-c, a), -1)), -2)
    return adjugate / (a * d - b * c)[..., None, None]


def product(left: Tensor, right: Tensor) -> Tensor:
    """left @ right for [..., 2, 2]."""
    return (left[..., :, :, None] * right[..., None, :, :]).sum(-2)


def apply(matrix: Tensor, flow: Tensor) -> Tensor:
    """`matrix` [..., 2, 2] times every vector of a map [..., 2, H, W]."""
    x, y = flow[..., 0, :, :], flow[..., 1, :, :]
    rows = [matrix[..., i, 0, None, None] * x + matrix[..., i, 1, None, None] * y for i in (0, 1)]
    return torch.stack(rows, -3)


def affine_flow(affine: Tensor, size: int) -> Tensor:
    """The flow [B, 2, size, size] of an affine map [B, 2, 3] of normalised points: driving to reference."""
    here = grid.identity(size, affine)
    return apply(affine[..., :2], here) + affine[..., 2, None, None]


def local_flows(reference: tuple[Tensor, Tensor], driving: tuple[Tensor, Tensor], size: int) -> Tensor:
    """Around each keypoint, the affine flow that it tells of: [B, K, 2, size, size], normalised.

    Points [B, K, 2] and Jacobians [B, K, 2, 2]: T_k(z) = p_ref + J_ref J_drv^-1 (z - p_drv)."""
    (reference_points, reference_jacobians), (driving_points, driving_jacobians) = reference, driving
    around = grid.identity(size, driving_points)[:, None] - driving_points[..., None, None]
    local = product(reference_jacobians, inverse(driving_jacobians))
    return reference_points[..., None, None] + apply(local, around)


def gaussians(points: Tensor, size: int, variance: float, jacobians: Tensor | None = None) -> Tensor:
    """A bell of height 1 around each normalised point [B, K, 2]: [B, K, size, size].

    With Jacobians its level lines are the ellipses J makes of circles, so that the map tells of J too."""
    around = grid.identity(size, points)[:, None] - points[..., None, None]
    if jacobians is not None:
        around = apply(inverse(jacobians), around)
    return torch.exp(around.square().sum(-3) / (-2 * variance))
