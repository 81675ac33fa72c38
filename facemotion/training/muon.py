"""Muon: momentum made orthogonal, for the matrices of hidden layers, so that a layer moves as fast along directions
that hardly show in its gradients as along those that rule them."""

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

# Of the quintic that, round by round, takes singular values from a few thousandths on to between 0.7 and 1.2.
QUINTIC: Final = (3.4445, -4.7750, 2.0315)
ROUNDS: Final = 5
# The root mean square of an update over its rate: about that of AdamW's.
LIKE_ADAM: Final = 0.2


class Muon(Optimizer):
    """A convolution counts as the matrix of its outputs by all that each of them reads."""

    def __init__(self, groups: Iterable[dict[str, Any]], lr: float, momentum: float) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            learnt = [weight for weight in group["params"] if weight.grad is not None]
            changes = orthogonal([self._moved(weight, group["momentum"]).flatten(1) for weight in learnt])
            for weight, change in zip(learnt, changes, strict=True):
                scale = LIKE_ADAM * max(change.shape) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.sub_(change.view(weight.shape), alpha=group["lr"] * scale)

    def _moved(self, weight: nn.Parameter, momentum: float) -> Tensor:
        """Its gradient, Nesterov's way: as the mean over the last steps will have it after this one."""
        assert weight.grad is not None
        state = self.state[weight]
        if not state:
            state["mean"] = torch.zeros_like(weight)
        mean: Tensor = state["mean"].lerp_(weight.grad, 1 - momentum)
        return weight.grad.lerp(mean, momentum)


def orthogonal(matrices: Iterable[Tensor]) -> list[Tensor]:
    """Those [rows, columns] next to them, about, whose rows (or columns, where these are fewer) are orthonormal."""
    given = list(matrices)
    lying = [matrix if matrix.shape[0] <= matrix.shape[1] else matrix.mT for matrix in given]
    lying = [matrix / matrix.norm().clamp(min=1e-12) for matrix in lying]
    # All rounds are of the square of the short side, so that they cost next to nothing; those of one size go together.
    turned = list(lying)
    order = sorted(range(len(lying)), key=lambda place: len(lying[place]))
    for _, alike in groupby(order, key=lambda place: len(lying[place])):
        places = list(alike)
        turns = _turns(torch.stack([lying[place] @ lying[place].mT for place in places]))
        for place, turn in zip(places, turns, strict=True):
            turned[place] = turn @ lying[place]
    return [matrix if own.shape == matrix.shape else matrix.mT for matrix, own in zip(turned, given, strict=True)]


def _turns(gram: Tensor) -> Tensor:
    """What makes matrices orthonormal, from their products with themselves [N, rows, rows]."""
    a, b, c = QUINTIC
    straight = a * torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    turned = step = straight + torch.baddbmm(b * gram, gram, gram, alpha=c)
    for _ in range(ROUNDS - 1):
        gram = torch.bmm(torch.bmm(step, gram), step)
        step = straight + torch.baddbmm(b * gram, gram, gram, alpha=c)
        turned = torch.bmm(step, turned)
    return turned
