"""How the camera moved: the similarity that carries the background of one frame to that of another.

Gauss-Newton over an image pyramid on pixels that no keypoint is near, robust to what moves by itself. Nothing here is
learnt and no gradient goes through; ours, MRFA regresses an affine map by a network. All in normalised coordinates;
a similarity is [B, 4], (a, b, x, y): z -> z + (a z_x - b z_y + x, b z_x + a z_y + y).
"""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from facemotion.models import affine, grid

# Sizes of the pyramid, coarse to fine, and the steps taken at each.
PYRAMID: Final = ((16, 3), (32, 2), (64, 2))
# A difference of colours that halves a pixel's say; and what a map's quality is judged by.
DOUBT: Final = 0.03
# Of how much motion there is to expect: keeps walls without a mark from sliding.
EXPECTED: Final = 0.05
TRUST: Final = 0.02
# Both systems below have a ridge, so that they can be solved: no check, which would make a GPU wait for the CPU.
# Turns and zooms move a frame's border by as much as shifts do, pans are commoner than turns.
RIDGE: Final = (4.0, 16.0, 1.0, 1.0)


def view(image: Tensor, belief: Tensor) -> tuple[Tensor, ...]:
    """Of the reference, once: for each size its image [B, 3, n, n], slopes across and down, and belief, side by side.

    `belief` [B, 1, m, m]: how much each pixel is thought to be background."""
    return tuple(_level(image.float(), belief, size) for size, _ in PYRAMID)


def _level(image: Tensor, belief: Tensor, size: int) -> Tensor:
    image = grid.resize_image(image, size)
    wide = F.pad(image, (1, 1, 1, 1), mode="replicate")
    across = (wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]) * (size / 4)
    down = (wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]) * (size / 4)
    return torch.cat((image, across, down, grid.resize_image(belief, size)), 1)


def align(reference: tuple[Tensor, ...], driving: Tensor, belief: Tensor, guess: Tensor) -> Tensor:
    """Affine maps [B, 2, 3] of the background, driving to reference, as `similarity` finds them."""
    return maps(similarity(reference, driving, belief, guess))


@torch.no_grad()
def similarity(
    reference: tuple[Tensor, ...], driving: Tensor, belief: Tensor, guess: Tensor, *, sure: bool = False
) -> Tensor:
    """Of the background, driving to reference [B, 4]: from the reference's `view`, the driving frame [B, 3, H, H],
    where that is thought to show background [B, 1, m, m], and a flow that may be, or surely is, about right there."""
    with grid.exactly(driving):
        driving, belief = driving.float(), belief.float()
        levels = [(grid.resize_image(driving, size), grid.resize_image(belief, size)) for size, _ in PYRAMID]
        start = _fit(guess.float(), belief)
        if not sure:
            start = _better(torch.zeros_like(start), start, reference[1], *levels[1])
        found = start
        for known, (image, weight), (_, steps) in zip(reference, levels, PYRAMID, strict=True):
            for _ in range(steps):
                found = found - _step(found, known, image, weight)
        return _better(start, found, reference[1], *levels[1])


def maps(similarity: Tensor) -> Tensor:
    """As affine maps [B, 2, 3]."""
    a, b, x, y = similarity.unbind(1)
    return torch.stack((torch.stack((1 + a, -b, x), -1), torch.stack((b, 1 + a, y), -1)), 1)


def followed(outer: Tensor, inner: Tensor) -> Tensor:
    """The similarity that does `inner` and then `outer`."""
    both = affine.chained(maps(outer), maps(inner))
    return torch.stack((both[:, 0, 0] - 1, both[:, 1, 0], both[:, 0, 2], both[:, 1, 2]), 1)


def _seen(similarity: Tensor, known: Tensor, image: Tensor, belief: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What the reference's level shows through the map, by how much its picture differs, and each pixel's say."""
    flow = affine.affine_flow(maps(similarity), image.shape[-1])
    seen = grid.warp(known, flow)
    inside = (flow.abs() <= 1).all(1, keepdim=True)
    return seen, seen[:, :3] - image, seen[:, 9:] * belief * inside


def _step(similarity: Tensor, known: Tensor, image: Tensor, belief: Tensor) -> Tensor:
    """One of Gauss-Newton, reweighted by the differences."""
    seen, apart, weight = _seen(similarity, known, image, belief)
    weight = weight / (1 + apart.square().mean(1, keepdim=True) / DOUBT**2)
    across, down = seen[:, 3:6], seen[:, 6:9]
    x, y = grid.identity(image.shape[-1], image)[0]
    slopes = torch.stack((across * x + down * y, down * x - across * y, across, down), 1)
    weighted = (slopes * weight[:, None]).flatten(2) / image[0, 0].numel()
    ridge = torch.diag(slopes.new_tensor(RIDGE)) * (TRUST * DOUBT**2 / EXPECTED**2)
    normal = weighted @ slopes.flatten(2).transpose(1, 2) + ridge
    step: Tensor = torch.linalg.solve_ex(normal, (weighted @ apart.flatten(1)[..., None])[..., 0]).result
    return step


def _better(one: Tensor, other: Tensor, known: Tensor, image: Tensor, belief: Tensor) -> Tensor:
    """Of two similarities, for each pair, the one that leaves less difference."""
    costs = []
    for similarity in (one, other):
        seen, apart, weight = _seen(similarity, known, image, belief)
        squared, most = apart.square().mean(1, keepdim=True), (2 * DOUBT) ** 2
        # What looks past the reference's border is as wrong as can be: a map that shows nothing must not win.
        inside = weight > 0
        cost = torch.where(inside, weight * squared / (1 + squared / most), belief * seen[:, 9:] * most)
        costs.append(cost.sum((1, 2, 3)) / (belief * seen[:, 9:]).sum((1, 2, 3)).clamp(min=1e-3))
    return torch.where((costs[1] < costs[0])[:, None], other, one)


def _fit(flow: Tensor, belief: Tensor) -> Tensor:
    """The similarity nearest to a flow where background is believed in."""
    size = flow.shape[-1]
    x, y = grid.identity(size, flow)[0]
    one, none = torch.ones_like(x), torch.zeros_like(x)
    basis = torch.stack((torch.stack((x, -y, one, none)), torch.stack((y, x, none, one))), 1).flatten(1)
    weight = grid.resize_image(belief, size).expand(-1, 2, -1, -1).flatten(1)
    moved = (flow - grid.identity(size, flow)).flatten(1)
    weighted = basis * weight[:, None]
    normal = weighted @ basis.T + 1e-3 * torch.eye(4, device=flow.device)
    fitted: Tensor = torch.linalg.solve_ex(normal, (weighted @ moved[..., None])[..., 0]).result
    return fitted
