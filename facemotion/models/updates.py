"""One update of flow and occlusion at one level of the refiner: ours, and MRFA's."""

from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.models import grid
from facemotion.models.config import ModelConfig
from facemotion.models.layers import norm, zeroed

# Of a map one pixel wide, normalised. The heads' unit: an optimiser's first steps must not throw the flow about.
QUARTER_PIXEL: Final = 2 / 4
SUGGESTED: Final = 6  # channels of the suggestions


class Evidence(NamedTuple):
    """What an update sees. The first two may be coarser than its level."""

    correlation: Tensor  # the volume around the flow so far
    driving: Tensor  # the driving side's structure
    suggestions: Tensor  # what others would change about the flow, in pixels of this level: `Offers.suggestions`
    displacement: Tensor  # the flow so far minus the identity, in pixels of this level
    occlusion: Tensor  # its logits
    context: Tensor  # the reference's features seen through the flow so far


class Step(NamedTuple):
    change: Tensor  # [B, 3, n, n], added to the displacement, normalised, and to the occlusion logit
    hidden: Tensor | None  # what to tell the next level
    choice: Tensor | None = None  # [B, 2 + F, n, n] logits among what `Offers` has


def step(flow: Tensor, occlusion: Tensor, hidden: Tensor | None) -> Step:
    """From the heads' flow, in quarter pixels of their level, and occlusion."""
    return Step(torch.cat((flow.float() * (QUARTER_PIXEL / flow.shape[-1]), occlusion.float()), 1), hidden)


class LeanUpdate(nn.Module):
    """All evidence is squeezed into one narrow map, which the next level inherits: a recurrence over resolutions."""

    def __init__(self, config: ModelConfig, level: int) -> None:
        super().__init__()
        sizes = config.refiner
        width = sizes.widths[level]
        context = config.generator.widths[config.pyramid.index(sizes.levels[level])]
        self.of_correlation = nn.Conv2d(sizes.scales * (2 * sizes.radius + 1) ** 2, width, 1)
        self.of_driving = nn.Conv2d(sizes.channels, width, 1, bias=False)
        self.of_warp = nn.Conv2d(SUGGESTED + 3 + context, width, 1, bias=False)
        self.inherit = nn.Conv2d(sizes.widths[level - 1], width, 1, bias=False) if level else None
        self.norm = norm(width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.head = zeroed(nn.Conv2d(width, 3, 3, padding=1))
        self.choice = zeroed(nn.Conv2d(width, 2 + config.keypoint_count - config.coarse_count, 3, padding=1))

    def forward(self, evidence: Evidence, hidden: Tensor | None) -> Step:
        # One convolution of all side by side would be the same sum, but at the finest size.
        x = self.of_warp(torch.cat(evidence[2:], 1))
        x = x + F.interpolate(self.of_correlation(evidence.correlation), x.shape[-2:])
        x = x + F.interpolate(self.of_driving(evidence.driving), x.shape[-2:])
        if self.inherit is not None and hidden is not None:
            x = x + F.interpolate(self.inherit(hidden), x.shape[-2:])
        x = F.relu(self.norm(x))
        x = x + self.conv2(F.relu(self.conv1(x)))
        read = F.relu(x)
        change = self.head(read)
        return step(change[:, :2], change[:, 2:], x)._replace(choice=self.choice(read))


class SharedUpdate(nn.Module):
    """RAFT's motion encoder and two heads: the same weights at every level but for what reads the context."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes = config.refiner
        self.correlation1 = nn.Conv2d(sizes.scales * (2 * sizes.radius + 1) ** 2, 128, 1)
        self.correlation2 = nn.Conv2d(128, 96, 3, padding=1)
        self.flow1 = nn.Conv2d(2, 128, 7, padding=3)
        self.flow2 = nn.Conv2d(128, 64, 3, padding=1)
        self.join = nn.Conv2d(160, 126, 3, padding=1)
        self.context = nn.Conv2d(192, 128, 3, padding=1)
        self.flow_head = nn.Sequential(
            nn.Conv2d(128, 256, 3, padding=1), nn.ReLU(), zeroed(nn.Conv2d(256, 2, 3, padding=1))
        )
        self.occlusion_head = nn.Sequential(
            nn.Conv2d(128, 256, 3, padding=1), nn.ReLU(), zeroed(nn.Conv2d(256, 1, 3, padding=1))
        )

    def forward(self, evidence: Evidence, context: Tensor) -> Step:
        """`context`: 192 channels, from this level's own 1x1 convolution."""
        window = grid.resize_image(evidence.correlation, evidence.displacement.shape[-1])
        correlation = F.relu(self.correlation2(F.relu(self.correlation1(window))))
        flow = F.relu(self.flow2(F.relu(self.flow1(evidence.displacement))))
        motion = F.relu(self.join(torch.cat((correlation, flow), 1)))
        motion = torch.cat((motion, evidence.displacement.to(motion.dtype)), 1)
        motion = F.relu(motion + self.context(F.relu(context)))
        return step(self.flow_head(motion), self.occlusion_head(motion), None)


class PublishedUpdate(nn.Module):
    """What a level has of its own: a 1x1 convolution of its context, for the update that all levels share."""

    def __init__(self, config: ModelConfig, level: int) -> None:
        super().__init__()
        width = config.generator.widths[config.pyramid.index(config.refiner.levels[level])]
        self.read = nn.Conv2d(width, 192, 1)

    def forward(self, evidence: Evidence) -> Tensor:
        context: Tensor = self.read(evidence.context)
        return context
