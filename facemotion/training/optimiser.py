"""What moves the weights, the course of its learning rate, and the moving average of the weights."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from facemotion.training.config import Training
from facemotion.training.muon import Muon

HIDDEN: Final = 16  # channels, at least


class Optimiser:
    """Muon for the convolutions between hidden layers, AdamW for all else: narrow heads, first layers, scales, biases.

    Matrices decay, biases and scales do not; the coarse motion's rate is `coarse_rate` of the others'."""

    def __init__(self, trainee: nn.Module, settings: Training, coarse_rate: float) -> None:
        hidden: list[tuple[float, nn.Parameter]] = []
        others: list[tuple[float, nn.Parameter]] = []
        for name, weight in trainee.named_parameters():
            share = coarse_rate if name.startswith("model.coarse.") else 1.0
            if share == 0:
                weight.requires_grad_(False)
            elif weight.requires_grad:
                ours = settings.muon > 0 and is_hidden(weight)
                (hidden if ours else others).append((share * settings.muon if ours else share, weight))
        decay = settings.weight_decay
        adam = AdamW(_groups(others, decay), settings.rate, (settings.beta1, settings.beta2), fused=True)
        muon = [Muon(_groups(hidden, decay), settings.rate, settings.momentum)] if hidden else []
        self.parts: list[Optimizer] = [adam, *muon]

    def step(self, rate: float) -> None:
        """By the gradients that the weights have, which are then gone."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate * group["share"]
            part.step()
            part.zero_grad(set_to_none=True)


def is_hidden(weight: nn.Parameter) -> bool:
    """Whether it is of a convolution with many channels on both sides: few have few directions to even out."""
    return weight.ndim == 4 and min(weight.shape[:2]) >= HIDDEN


def _groups(weights: list[tuple[float, nn.Parameter]], decay: float) -> list[dict[str, Any]]:
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for share, weight in weights:
        groups.setdefault((share, decay if weight.ndim > 1 else 0.0), []).append(weight)
    return [{"params": own, "share": share, "weight_decay": decay} for (share, decay), own in sorted(groups.items())]


def rate(step: int, settings: Training) -> float:
    """Of the step with this number, from 0: a straight rise, then half a cosine."""
    if step < settings.warmup:
        return settings.rate * (step + 1) / settings.warmup
    done = (step - settings.warmup) / max(settings.steps - settings.warmup, 1)
    low = settings.final_rate
    return settings.rate * (low + (1 - low) * (1 + math.cos(math.pi * min(done, 1.0))) / 2)


class Average:
    """The exponential moving average of a model's weights, in which early steps are soon forgotten."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model, self.decay = model, decay
        self.weights = {name: weight.detach().clone() for name, weight in model.state_dict().items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """After the step with this number, from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        pairs = [(self.weights[name], now) for name, now in self.model.state_dict().items()]
        moving = [(mean, now) for mean, now in pairs if now.is_floating_point()]
        torch._foreach_lerp_([mean for mean, _ in moving], [now for _, now in moving], 1 - decay)
        for mean, now in pairs:
            if not now.is_floating_point():
                mean.copy_(now)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model with the averaged weights, for a while."""
        kept = {name: weight.clone() for name, weight in self.model.state_dict().items()}
        self._fill(self.weights)
        try:
            yield
        finally:
            self._fill(kept)

    @torch.no_grad()
    def _fill(self, weights: dict[str, Tensor]) -> None:
        for name, own in self.model.state_dict().items():
            own.copy_(weights[name])
