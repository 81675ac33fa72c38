"""Thin-plate splines in closed form: the least bent map that takes some points to others. Batched, differentiable.

Points are normalised. What is fitted is how far the points are moved, so that nothing moves where nothing is known."""

from typing import Final, NamedTuple

import torch
from torch import Tensor

from facemotion.models import affine, grid
from facemotion.models.many import by_frame

# Rounds off the kernel's cusp, so that gradients are finite where two points coincide: far below a pixel, squared.
CUSP: Final = 1e-9
# Keeps the affine part finite where points are too few, or lie on a line, to tell it; so little that elsewhere affine
# maps come out exact to a few hundredths of a pixel. A shift is readily believed, a slope less so.
LEVEL: Final = (1e-10, 1e-5, 1e-5)


class ThinPlate(NamedTuple):
    """A map of normalised points: z + affine [B, 3, 2] of (1, z) + bends [B, N, 2] of the kernel about centres
    [B, N, 2]."""

    centres: Tensor
    bends: Tensor
    affine: Tensor


def fit(centres: Tensor, targets: Tensor, ridge: float) -> ThinPlate:
    """The spline that takes centres to targets, both [B, N, 2]; pairs that are not finite have no say.

    `ridge` is how much a miss may save of bending: 0 goes through all targets. A positive one gives finite values and
    gradients whatever the points, coincident ones and those on a line too. The solution is worked out in double
    precision, since neighbouring points make its equations nearly equal."""
    known = (torch.isfinite(centres) & torch.isfinite(targets)).all(-1, keepdim=True)
    at = torch.where(known, centres, 0).double()
    moved = torch.where(known, targets, 0).double() - at
    said = known.double()
    with grid.exactly(at):
        kernel = _kernel(_squares(at, at)) * (said * said.mT)
        # An unknown point's own equation says that it bends nothing.
        kernel = kernel + torch.diag_embed((ridge * said + (1 - said))[..., 0])
        plane = _plane(at) * said
        corner = -torch.diag(at.new_tensor(LEVEL)).expand(len(at), 3, 3)
        equations = torch.cat((torch.cat((kernel, plane), -1), torch.cat((plane.mT, corner), -1)), -2)
        wanted = torch.cat((moved, moved.new_zeros(len(at), 3, 2)), 1)
        solved = torch.linalg.solve_ex(equations, wanted).result.to(targets.dtype)
    count = centres.shape[1]
    return ThinPlate(at.to(targets.dtype), solved[:, :count], solved[:, count:])


def mapped(spline: ThinPlate, points: Tensor) -> Tensor:
    """Where normalised points [B, M, 2] go."""
    with grid.exactly(points):
        kernel = _kernel(_squares(points, spline.centres))
        return points + _plane(points) @ spline.affine + kernel @ spline.bends


def flow(spline: ThinPlate, size: int, shared: int = 1) -> Tensor:
    """As a normalised flow [B, 2, size, size]. `shared`: so many neighbours in the batch have the same centres."""
    count = len(spline.centres)
    identity = grid.identity(size, spline.centres)
    with grid.exactly(identity):
        kernel = _kernel(affine.distances(spline.centres[::shared], size)).flatten(2)
        bent = by_frame(spline.bends.mT, shared).flatten(1, 2) @ kernel
        straight = (_plane(identity.flatten(2).mT) @ spline.affine).mT
    return identity + (bent.reshape(count, 2, -1) + straight).view(count, 2, size, size)


def _plane(points: Tensor) -> Tensor:
    return torch.cat((torch.ones_like(points[..., :1]), points), -1)


def _squares(points: Tensor, centres: Tensor) -> Tensor:
    """Squared distances [B, M, N]."""
    across, down = (points[..., :, None, :] - centres[..., None, :, :]).unbind(-1)
    return across.square() + down.square()


def _kernel(squares: Tensor) -> Tensor:
    return squares * torch.log(squares + CUSP)
