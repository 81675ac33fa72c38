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
            for _, alike in groupby(sorted(learnt, key=_shape), key=_shape):
                self._step(list(alike), group["lr"], group["momentum"], group["weight_decay"])

    def _step(self, weights: list[nn.Parameter], rate: float, momentum: float, decay: float) -> None:
        moved = orthogonal(torch.stack([self._moved(weight, momentum).flatten(1) for weight in weights]))
        scale = LIKE_ADAM * max(moved.shape[1:]) ** 0.5
        for weight, change in zip(weights, moved, strict=True):
            weight.mul_(1 - rate * decay).sub_(change.view(weight.shape), alpha=rate * scale)

    def _moved(self, weight: nn.Parameter, momentum: float) -> Tensor:
        """Its gradient, Nesterov's way: as the mean over the last steps will have it after this one."""
        assert weight.grad is not None
        state = self.state[weight]
        if not state:
            state["mean"] = torch.zeros_like(weight)
        mean: Tensor = state["mean"].lerp_(weight.grad, 1 - momentum)
        return weight.grad.lerp(mean, momentum)


def _shape(weight: nn.Parameter) -> tuple[int, ...]:
    return tuple(weight.shape)


def orthogonal(matrices: Tensor) -> Tensor:
    """Those [N, rows, columns] next to them, about, whose rows (or columns, where these are fewer) are orthonormal. All
    rounds are of the square of the short side, so that they cost next to nothing."""
    if matrices.shape[1] > matrices.shape[2]:
        return orthogonal(matrices.mT).mT
    x = matrices / matrices.norm(dim=(1, 2), keepdim=True).clamp(min=1e-12)
    a, b, c = QUINTIC
    gram = x @ x.mT
    one = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    turned = one.expand_as(gram)
    for _ in range(ROUNDS):
        step = a * one + torch.baddbmm(b * gram, gram, gram, alpha=c)
        turned, gram = step @ turned, step @ gram @ step
    near: Tensor = turned @ x
    return near
