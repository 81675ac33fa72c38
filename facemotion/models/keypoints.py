"""Unsupervised keypoints: where K parts of a face lie, and how space around each is turned and stretched."""

import math
from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.models import grid
from facemotion.models.config import ModelConfig
from facemotion.models.layers import Hourglass, LeanUNet, zeroed

# Where the parts of a face are about in a face-centred crop, most telling first; normalised.
FACE: Final = (
    (-0.27, -0.25), (0.27, -0.25), (0.0, 0.27), (0.0, 0.41), (-0.2, 0.33), (0.2, 0.33), (0.0, 0.06), (0.0, 0.64),
    (-0.27, -0.43), (0.27, -0.43), (-0.5, 0.25), (0.5, 0.25), (0.0, -0.7), (-0.6, 0.85), (0.6, 0.85), (-0.6, -0.35),
    (0.6, -0.35),
)  # fmt: skip
# How much an entry of a Jacobian may differ from the identity's: below one half, so that it can always be inverted.
MAX_STRAIN: Final = 0.49


class Keypoints(NamedTuple):
    """Normalised points [B, K, 2] and Jacobians [B, K, 2, 2]."""

    points: Tensor
    jacobians: Tensor

    def first(self, count: int) -> "Keypoints":
        return self.part(slice(count))

    def part(self, which: slice) -> "Keypoints":
        return Keypoints(self.points[:, which], self.jacobians[:, which])

    def replaced(self, which: slice, others: "Keypoints") -> "Keypoints":
        """With those of a slice taken from others, which are as many in all."""
        pairs = zip(self, others, strict=True)
        parts = ((own[:, : which.start], other[:, which], own[:, which.stop :]) for own, other in pairs)
        return Keypoints(*(torch.cat(part, 1) for part in parts))

    def inserted(self, place: int, others: "Keypoints") -> "Keypoints":
        pairs = zip(self, others, strict=True)
        return Keypoints(*(torch.cat((own[:, :place], other, own[:, place:]), 1) for own, other in pairs))


def layout(count: int) -> Tensor:
    """First places [count, 2], normalised: the parts of a face, then a sunflower's seeds over the rest."""
    seeds = [
        (
            0.9 * math.sqrt((i + 0.5) / count) * math.cos(i * 2.399963),
            0.9 * math.sqrt((i + 0.5) / count) * math.sin(i * 2.399963),
        )
        for i in range(count)
    ]
    return torch.tensor([*FACE[:count], *seeds[len(FACE) :]], dtype=torch.float32)


def expected_points(heatmaps: Tensor) -> Tensor:
    """Mean place [B, K, 2], normalised, of heatmaps [B, K, H, H] that each sum to one."""
    centres = grid.identity(heatmaps.shape[-1], heatmaps)[0, 0, 0]
    return torch.stack(((heatmaps.sum(-2) * centres).sum(-1), (heatmaps.sum(-1) * centres).sum(-1)), -1)


def strained(heatmaps: Tensor, strain: Tensor) -> Tensor:
    """Jacobians [B, K, 2, 2]: the identity and what maps [B, 4 K, H, H] tell where each heatmap [B, K, H, H] lies."""
    batch, count, height, width = heatmaps.shape
    entries = strain.float().reshape(batch, count, 4, height, width)
    mean = (heatmaps[:, :, None] * entries).sum((-1, -2)).reshape(batch, count, 2, 2)
    return torch.eye(2, device=heatmaps.device) + MAX_STRAIN * torch.tanh(mean / MAX_STRAIN)


class KeypointDetector(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.sizes = sizes = config.keypoints
        if config.layout == "published":
            self.backbone: Hourglass | LeanUNet = Hourglass(3, sizes.widths)
            kernel = 7
        else:
            self.backbone = LeanUNet(3, sizes.widths, kernel=5, stride=sizes.stride)
            kernel = 1
        width = self.backbone.out_channels
        self.heat = nn.Conv2d(width, sizes.count, kernel, padding=kernel // 2)
        self.strain = zeroed(nn.Conv2d(width, 4 * sizes.count, kernel, padding=kernel // 2))
        if sizes.leash is not None:
            self.heat.weight.data.mul_(0.1)
            around = grid.identity(sizes.size // sizes.stride, self.heat.weight) - layout(sizes.count)[..., None, None]
            self.register_buffer("leash", around.square().sum(1)[None] / (-2 * sizes.leash**2), persistent=False)

    def forward(self, image: Tensor) -> Keypoints:
        """Of an image [B, 3, H, H] in [0, 1]."""
        features = self.backbone(grid.resize_image(image, self.sizes.size) - 0.5)
        logits = self.heat(features).float() / self.sizes.temperature
        if self.sizes.leash is not None:
            logits = logits + self.leash
        heatmaps = F.softmax(logits.flatten(2), -1).view_as(logits)
        return Keypoints(expected_points(heatmaps), strained(heatmaps, self.strain(features)))
