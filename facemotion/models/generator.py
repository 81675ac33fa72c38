"""From the reference's features and the motion to the frame, whose last step pastes the warped reference itself.

Where the warp can be trusted the frame is the reference's own pixels, so that pictures are sharp from the first step
on; the network paints what they cannot show. Features are warped by the finest flow; in the published layout, once
there is a refined one, by the coarse flow too.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.models import between, grid
from facemotion.models.blocks import LeanBlock, PublishedBlock, Seen
from facemotion.models.config import ModelConfig
from facemotion.models.dense_motion import FlowField
from facemotion.models.fusion import Mixture
from facemotion.models.layers import ConvNormAct, zeroed


class Openings(NamedTuple):
    """Maps of what lies between lips and lids, see `between`, at the image's size: of each reference, of the frame."""

    shown: Tensor
    wanted: Tensor


class FeaturePyramid(nn.Module):
    """Of the reference alone: features at the image's size, half of it, a quarter, ..."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        widths = config.generator.widths
        self.published = config.layout == "published"
        self.stem = ConvNormAct(3, widths[0], 7 if self.published else 3)
        self.down = nn.ModuleList(ConvNormAct(fine, coarse) for fine, coarse in pairwise(widths))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        levels = [self.stem(image - 0.5)]
        for down in self.down:
            # MRFA convolves before it pools: four times the work.
            x = F.avg_pool2d(down(levels[-1]), 2) if self.published else down(F.avg_pool2d(levels[-1], 2))
            levels.append(x)
        return tuple(levels)


class Generator(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.sizes = config.pyramid[::-1]
        block = PublishedBlock if config.layout == "published" else LeanBlock
        levels = range(len(self.sizes))
        self.blocks = nn.ModuleList(block(config, level) for level in reversed(levels))
        kernel = 7 if config.layout == "published" else 3
        self.paint = zeroed(nn.Conv2d(config.generator.widths[0], 3, kernel, padding=kernel // 2))
        self.between = between.Painter(config.generator.widths[0]) if config.told_openings else None

    def forward(
        self,
        image: Tensor,
        features: tuple[Tensor, ...],
        fields: list[FlowField],
        hint: Tensor | None = None,
        mixture: Mixture | None = None,
        openings: Openings | None = None,
    ) -> Tensor:
        """The frame [B, 3, H, H] in [0, 1]. `image`: the reference, as large or larger; `features`: its pyramid;
        `fields`: coarse first; `hint`: the refiner's own map, at the size of its last level, of a mouth that opens or
        lids that close; `openings`, where landmarks tell of them. Of several references all of these but the frame's
        openings are [B * N], and `mixture` says how they become one."""
        state = None
        if mixture is not None and hint is not None:
            hint = mixture.mean(hint)
        for size, block, source in zip(self.sizes, self.blocks, reversed(features), strict=True):
            fine = _seen(source, at_size(fields, size))
            twice = len(fields) > 1 and block.of_coarse is not None
            coarse = _seen(source, at_size(fields[:1], size)) if twice else None
            if mixture is not None:
                fine = mixture.features(fine)
                coarse = mixture.features(coarse) if coarse is not None else None
            state = block(state, fine, coarse, hint if hint is not None and hint.shape[-1] == size else None)
        finest = at_size(fields, self.sizes[-1])
        warped, trust = grid.warp_picture(image, finest.flow), torch.sigmoid(finest.occlusion)
        if mixture is not None:
            warped, trust = mixture.picture(Seen(warped, trust))
        if self.between is not None and openings is not None:
            shown = grid.warp(openings.shown, finest.flow)
            inside, kept = self.between(mixture.mean(shown) if mixture is not None else shown, openings.wanted)
            state, trust = state + inside, trust * kept
        # A blurred view is what is painted at first: worse than the warp where that is right, better where it is not.
        blurred = grid.resize_image(grid.resize_image(warped.detach(), self.sizes[0]), self.sizes[-1])
        painted = torch.sigmoid(self.paint(state).float() + torch.logit(blurred, 0.02))
        return trust * warped + (1 - trust) * painted


def at_size(fields: list[FlowField], size: int) -> FlowField:
    """The last field, resized."""
    return FlowField(grid.resize(fields[-1].flow, size), grid.resize_image(fields[-1].occlusion, size))


def _seen(features: Tensor, field: FlowField) -> Seen:
    return Seen(grid.warp(features, field.flow), torch.sigmoid(field.occlusion).to(features.dtype))
