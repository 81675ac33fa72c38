"""One level of the generator: ours, and MRFA's."""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.models.config import ModelConfig
from facemotion.models.layers import ConvNormAct, Residual, norm, zeroed


class Seen(NamedTuple):
    """The reference's features of a level through a flow, and how far to trust them, 0 to 1."""

    features: Tensor
    trust: Tensor


class LeanBlock(nn.Module):
    """Everything is narrowed to the level's width before it grows, and added."""

    def __init__(self, config: ModelConfig, level: int) -> None:
        super().__init__()
        widths = config.generator.widths
        width = widths[level]
        self.of_fine = nn.Conv2d(width, width, 3, padding=1)
        self.of_coarse = None
        hinted = config.refined and config.pyramid[level] == config.refiner.levels[-1]
        self.of_hint = zeroed(nn.Conv2d(config.refiner.widths[-1], width, 1, bias=False)) if hinted else None
        self.of_state = nn.Conv2d(widths[level + 1], width, 1, bias=False) if level + 1 < len(widths) else None
        self.norm = norm(width)
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, state: Tensor | None, fine: Seen, coarse: Seen | None, hint: Tensor | None) -> Tensor:
        x: Tensor = self.of_fine(fine.features * fine.trust)
        if self.of_hint is not None and hint is not None:
            x = x + self.of_hint(F.relu(hint))
        if self.of_state is not None and state is not None:
            x = x + F.interpolate(self.of_state(state), scale_factor=2.0)
        change: Tensor = self.conv(F.relu(self.norm(x)))
        return x + F.relu(change)


class PublishedBlock(nn.Module):
    """Fills what cannot be trusted from the level below, joins fine and coarse, halves the channels, grows.

    A convolution of two maps side by side is the sum of two: the coarse half stands apart, so that a model without
    refinement has the same other weights."""

    def __init__(self, config: ModelConfig, level: int) -> None:
        super().__init__()
        width = config.generator.widths[level]
        self.last = level == 0
        self.of_coarse = None
        if self.last:
            return
        self.of_fine = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.of_coarse = zeroed(nn.Conv2d(width, width, 3, padding=1, bias=False)) if config.refined else None
        self.norm = norm(width)
        self.residual = Residual(width)
        self.grow = ConvNormAct(width, config.generator.widths[level - 1])

    def forward(self, state: Tensor | None, fine: Seen, coarse: Seen | None, hint: Tensor | None) -> Tensor:
        if self.last:
            return _filled(fine, state)
        x = self.of_fine(_filled(fine, state))
        if self.of_coarse is not None and coarse is not None:
            x = x + self.of_coarse(_filled(coarse, state))
        x = self.residual(F.relu(self.norm(x)))
        grown: Tensor = self.grow(F.interpolate(x, scale_factor=2.0))
        return grown


def _filled(seen: Seen, state: Tensor | None) -> Tensor:
    trusted = seen.features * seen.trust
    return trusted if state is None else trusted + state * (1 - seen.trust)
