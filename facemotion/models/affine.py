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


def transform(matrix: Tensor, points: Tensor) -> Tensor:
    """`matrix` [..., 2, 2] times vectors [..., 2]."""
    return (matrix * points[..., None, :]).sum(-1)


def affine_flow(affine: Tensor, size: int) -> Tensor:
    """The flow [B, 2, size, size] of an affine map [B, 2, 3] of normalised points: driving to reference."""
    here = grid.identity(size, affine)
    return apply(affine[..., :2], here) + affine[..., 2, None, None]


def chained(outer: Tensor, inner: Tensor) -> Tensor:
    """The affine map [..., 2, 3] that does `inner` and then `outer`."""
    linear = product(outer[..., :2], inner[..., :2])
    shift = transform(outer[..., :2], inner[..., 2]) + outer[..., 2]
    return torch.cat((linear, shift[..., None]), -1)


def undone(affine: Tensor) -> Tensor:
    """The inverse of affine maps [..., 2, 3]."""
    linear = inverse(affine[..., :2])
    return torch.cat((linear, -transform(linear, affine[..., 2])[..., None]), -1)


def local_maps(reference: tuple[Tensor, Tensor], driving: tuple[Tensor, Tensor]) -> Tensor:
    """Around each keypoint, the affine map [B, K, 2, 3] of normalised points that it tells of, driving to reference.

    Points [B, K, 2] and Jacobians [B, K, 2, 2]: T_k(z) = p_ref + J_ref J_drv^-1 (z - p_drv)."""
    (reference_points, reference_jacobians), (driving_points, driving_jacobians) = reference, driving
    local = product(reference_jacobians, inverse(driving_jacobians))
    shift = reference_points - transform(local, driving_points)
    return torch.cat((local, shift[..., None]), -1)


def mixed_flow(weights: Tensor, maps: Tensor) -> Tensor:
    """The flow [B, 2, n, n] that goes, at each pixel, the weighted mean way of affine maps [B, K, 2, 3], normalised.

    Weights [B, K, n, n] sum to one or less. The mean map is worked out first: no K flows are ever made."""
    size = weights.shape[-1]
    with grid.exactly(weights):
        means = torch.bmm(maps.flatten(2).transpose(1, 2), weights.flatten(2)).reshape(-1, 6, size, size)
    x, y = grid.identity(size, weights)[0]
    return torch.stack([means[:, i] * x + means[:, i + 1] * y + means[:, i + 2] for i in (0, 3)], 1)


def flows(maps: Tensor, size: int) -> Tensor:
    """The flows [B, K, 2, size, size] of affine maps [B, K, 2, 3] of normalised points."""
    x, y = grid.identity(size, maps)[0]
    a, b, c = maps[..., None, None].unbind(3)
    made: Tensor = a * x + b * y + c
    return made


def distances(points: Tensor, size: int, jacobians: Tensor | None = None) -> Tensor:
    """Squared distances [B, K, size, size] of the pixels from normalised points [B, K, 2].

    With Jacobians the unit circle about a point is the ellipse that J makes of it."""
    centres = grid.identity(size, points)[0, 0, 0]
    x, y = (centres - points[..., None]).unbind(2)
    if jacobians is None:
        return y.square()[..., :, None] + x.square()[..., None, :]
    back = inverse(jacobians)
    gram = product(back.transpose(-1, -2), back)[..., None, None]
    across = (x.square()[..., None, :] * gram[..., 0, 0, :, :]) + y.square()[..., :, None] * gram[..., 1, 1, :, :]
    return across + (x[..., None, :] * (2 * gram[..., 0, 1, :, :])) * y[..., :, None]


def gaussians(points: Tensor, size: int, variance: float, jacobians: Tensor | None = None) -> Tensor:
    """A bell of height 1 around each normalised point [B, K, 2]: [B, K, size, size].

    With Jacobians its level lines are the ellipses J makes of circles, so that the map tells of J too."""
    return torch.exp(distances(points, size, jacobians) / (-2 * variance))
