"""Coarse motion: a soft choice, pixel by pixel, between the background's motion and each keypoint's own."""

from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.models import affine, beliefs, grid
from facemotion.models.config import ModelConfig
from facemotion.models.keypoints import Keypoints
from facemotion.models.layers import Hourglass, LeanUNet, zeroed

# At first the warp is trusted everywhere, but not so much that what is painted instead would not learn: 0.88.
TRUST: Final = 2.0


class FlowField(NamedTuple):
    """Normalised flow [B, 2, h, h] to the reference and occlusion logits [B, 1, h, h], high where the warp is right.
    Where the motion tells it, logits [B, 1, n, n] of what belongs to the person."""

    flow: Tensor
    occlusion: Tensor
    foreground: Tensor | None = None


class DenseMotion(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.sizes = sizes = config.coarse
        candidates = config.keypoints.count + 1
        inputs = 4 * candidates
        if config.layout == "published":
            self.backbone: Hourglass | LeanUNet = Hourglass(inputs, sizes.widths)
            kernel = 7
        else:
            self.backbone = LeanUNet(inputs, sizes.widths)
            kernel = 3
        width = self.backbone.out_channels
        self.choice = nn.Conv2d(width, candidates, kernel, padding=kernel // 2)
        self.occlusion = zeroed(nn.Conv2d(width, 1, kernel, padding=kernel // 2))
        if sizes.reach is not None:
            self.choice.weight.data.mul_(0.1)

    def bells(self, keypoints: Keypoints) -> Tensor:
        """Where keypoints lie: [B, K, h, h]."""
        return affine.gaussians(keypoints.points, self.sizes.size, self.sizes.variance)

    def forward(
        self, image: Tensor, bells: Tensor, reference: Keypoints, driving: Keypoints, background: Tensor | None
    ) -> FlowField:
        """`image`: the reference [B, 3, h, h] at the flow's size; `bells`: of its keypoints; `background`: affine
        [B, 2, 3], None: at rest."""
        size = self.sizes.size
        maps = self._candidates(reference, driving, background)
        moved = F.pad(self.bells(driving) - bells, (0, 0, 0, 0, 1, 0))
        # What each candidate would show helps to choose; keypoints learn from what is chosen.
        candidates = affine.flows(maps.detach(), size)
        inputs = torch.cat((moved, seen_through(image, candidates) - 0.5), 1)
        features = self.backbone(inputs)
        choice = self.choice(features).float()
        if self.sizes.reach is not None:
            near = beliefs.near(driving.points, size, self.sizes.reach)
            choice = choice + beliefs.with_background(near)
        flow = affine.mixed_flow(F.softmax(choice, 1), maps)
        return FlowField(flow, self.occlusion(features).float() + TRUST)

    def _candidates(self, reference: Keypoints, driving: Keypoints, background: Tensor | None) -> Tensor:
        """Affine maps [B, 1 + K, 2, 3], the background's first."""
        if background is None:
            background = torch.eye(2, 3, device=driving.points.device).expand(driving.points.shape[0], -1, -1)
        return torch.cat((background[:, None], affine.local_maps(reference, driving)), 1)


def seen_through(image: Tensor, flows: Tensor) -> Tensor:
    """An image [B, 3, h, h] through each of its flows [B, K, 2, n, n]: [B, 3 K, n, n]."""
    size = flows.shape[-1]
    # All flows of an image, one above the other, are one: so no image is copied.
    tall = grid.warp(image, flows.transpose(1, 2).flatten(2, 3))
    return tall.reshape(len(image), 3, -1, size, size).transpose(1, 2).flatten(1, 2)
