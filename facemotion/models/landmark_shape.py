"""How the points of a face lie together: a usual face, its affine map to the one seen, and points that were not found.

All in closed form, batched, differentiable, and finite for coincident and collinear points. Points [B, 70, 2],
normalised, NaN where not found; a shape has points in some frame of its own."""

from typing import Final, NamedTuple

import torch
from torch import Tensor

from facemotion.landmarks.layout import GROUPS, LIPS, RIGID
from facemotion.landmarks.pose import MODEL
from facemotion.models import affine, grid

# The mean of unturned, resting faces: between the outer corners of the eyes, in their distance.
USUAL: Final = (
    (-0.82, -0.01), (-0.81, 0.21), (-0.78, 0.42), (-0.73, 0.64), (-0.65, 0.84), (-0.53, 1.02), (-0.38, 1.18),
    (-0.20, 1.29), (0.00, 1.32), (0.20, 1.29), (0.38, 1.18), (0.53, 1.02), (0.65, 0.84), (0.73, 0.64), (0.78, 0.42),
    (0.81, 0.21), (0.82, -0.01), (-0.67, -0.20), (-0.57, -0.30), (-0.42, -0.34), (-0.27, -0.32), (-0.14, -0.25),
    (0.14, -0.25), (0.27, -0.32), (0.42, -0.34), (0.57, -0.30), (0.67, -0.20), (0.00, -0.02), (0.00, 0.13),
    (0.00, 0.27), (0.00, 0.42), (-0.13, 0.54), (-0.07, 0.56), (0.00, 0.57), (0.07, 0.56), (0.13, 0.54), (-0.50, 0.00),
    (-0.41, -0.06), (-0.30, -0.05), (-0.21, 0.03), (-0.31, 0.06), (-0.42, 0.06), (0.21, 0.03), (0.30, -0.05),
    (0.41, -0.06), (0.50, 0.00), (0.42, 0.06), (0.31, 0.06), (-0.29, 0.83), (-0.19, 0.75), (-0.08, 0.71),
    (0.00, 0.73), (0.08, 0.71), (0.19, 0.75), (0.29, 0.83), (0.19, 0.93), (0.08, 0.98), (0.00, 0.99), (-0.08, 0.98),
    (-0.19, 0.93), (-0.25, 0.83), (-0.08, 0.79), (0.00, 0.80), (0.08, 0.79), (0.25, 0.83), (0.08, 0.87), (0.00, 0.88),
    (-0.08, 0.87), (-0.36, -0.01), (0.36, -0.01),
)  # fmt: skip
# How much a point that moves by itself, or, as the jaw's and the lips', far, counts for where the head is,
# relative to a stiff one. With the next three found on rendered clips, by how far detected points lead the head astray.
LOOSE: Final = 0.1
FAR: Final = 0.03
# Rounds of reweighting, and the residual, in the shape's units, that halves a point's say.
ROUNDS: Final = 3
DOUBT: Final = 0.12
# What keeps an affine map near the similarity where the points do not tell: in squared units of the shape.
RIDGE: Final = 0.1
# How far around itself a point tells of others that were not found.
KIN: Final = 0.15
TINY: Final = 1e-6
# The stiff points in space, in the frame of the usual face, and what keeps the head from turning by their noise.
STIFF: Final = tuple(point for point in RIGID if point in MODEL)
EYE_DISTANCE: Final = MODEL[45][0] - MODEL[36][0]
SOLID: Final = tuple(tuple(value / EYE_DISTANCE for value in MODEL[point]) for point in STIFF)
DEPTH_RIDGE: Final = 0.02


class HeadMap(NamedTuple):
    """An affine map, matrix [B, 2, 2] and shift [B, 2], from a shape's frame to the image's."""

    matrix: Tensor
    shift: Tensor

    def of(self, points: Tensor) -> Tensor:
        return affine.transform(self.matrix[:, None], points) + self.shift[:, None]


def usual(like: Tensor) -> Tensor:
    """The usual face [1, 70, 2]."""
    return torch.tensor(USUAL, device=like.device, dtype=torch.promote_types(like.dtype, torch.float32))[None]


def seen(points: Tensor) -> Tensor:
    """1 where a point was found: [B, 70]."""
    return torch.isfinite(points).all(-1).to(points.dtype)


def filled(points: Tensor) -> Tensor:
    """With zeros for what was not found, so that weights of zero can leave it out."""
    return torch.nan_to_num(points, 0.0, 0.0, 0.0)


def head(points: Tensor, shape: Tensor) -> HeadMap:
    """The map of a shape [B or 1, 70, 2] to points that the stiff points agree on; without any, the identity."""
    base = torch.full_like(points[:1, :, 0], LOOSE)
    base[:, list(RIGID)] = 1.0
    base[:, list(GROUPS["jaw"] + LIPS)] = FAR
    base, points = base * seen(points), filled(points)
    weights = base
    for _ in range(ROUNDS):
        found = _fit(points, shape, weights)
        apart = (found.of(shape) - points).square().sum(-1)
        size = found.matrix.square().sum((1, 2))[:, None] / 2
        weights = base / (1 + apart / (DOUBT**2 * size + TINY))
    return _fit(points, shape, weights)


def _fit(points: Tensor, shape: Tensor, weights: Tensor) -> HeadMap:
    """The similarity nearest to weighted points, and from there the affine map as far as the points tell."""
    total = weights.sum(1, keepdim=True)[..., None]
    share = weights[..., None] / (total + TINY)
    middle, centre = (share * points).sum(1), (share * shape).sum(1)
    there, here = points - middle[:, None], shape - centre[:, None]
    spread = (share * here.square()).sum((1, 2))
    along = ((share * here * there).sum((1, 2)) + TINY) / (spread + TINY)
    across = (share[..., 0] * (here[..., 0] * there[..., 1] - here[..., 1] * there[..., 0])).sum(1) / (spread + TINY)
    similarity = torch.stack((torch.stack((along, -across), -1), torch.stack((across, along), -1)), -2)
    rest = there - affine.transform(similarity[:, None], here)
    matrix = similarity + stretched(rest, here, share[..., 0], RIDGE)
    return HeadMap(matrix, middle - affine.transform(matrix, centre))


class Turn(NamedTuple):
    """How a stiff head lies in the picture under weak perspective: [B, 2, 3] and [B, 2]."""

    matrix: Tensor
    shift: Tensor

    def of(self, place: tuple[float, float, float]) -> Tensor:
        """Where a place of the usual face, z towards the camera, is seen [B, 2]."""
        return (self.matrix * self.matrix.new_tensor(place)).sum(-1) + self.shift


def turn(points: Tensor) -> Turn:
    """Of complete points."""
    solid = torch.tensor(SOLID, device=points.device, dtype=points.dtype)
    middle, own = solid.mean(0), points[:, list(STIFF)]
    around = solid - middle
    spread = around.T @ around + DEPTH_RIDGE * torch.diag(solid.new_tensor([0.0, 0.0, 1.0]))
    with grid.exactly(points):
        matrix = own.transpose(1, 2) @ (around @ torch.linalg.inv(spread))
    return Turn(matrix, own.mean(1) - (matrix * middle).sum(-1))


def stretched(rest: Tensor, around: Tensor, weights: Tensor, ridge: float) -> Tensor:
    """The matrix [B, 2, 2] that best makes vectors `rest` [B, n, 2] of vectors `around`, and is small."""
    with grid.exactly(rest):
        weighted = weights[..., None] * around
        cross = rest.transpose(1, 2) @ weighted
        spread = around.transpose(1, 2) @ weighted
    spread = spread + ridge * torch.eye(2, device=rest.device, dtype=rest.dtype)
    return affine.product(cross, affine.inverse(spread))


def complete(points: Tensor, shape: Tensor) -> Tensor:
    """All points [B, 70, 2]: those that were not found lie where the shape has them, moved as the head and as the found
    ones around them. `shape`: another frame of the person, complete, or the usual face."""
    found = head(points, shape)
    expected, there = found.of(shape), seen(points)
    apart = (filled(points) - expected) * there[..., None]
    # Distances in the usual face: whatever frame the shape is in, its points are these.
    places = usual(points)[0]
    kin = torch.exp((places[:, None] - places[None]).square().sum(-1) / (-2 * KIN**2))
    with grid.exactly(points):
        moved = (kin @ apart) / (kin @ there[..., None] + 0.1)
    return torch.where(there[..., None] > 0, filled(points), expected + moved)
