"""What the camera did: one affine motion for all that is not the person, regressed from the two images."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.models.config import ModelConfig
from facemotion.models.layers import ConvNormAct, Residual, zeroed


class BackgroundMotion(nn.Module):
    """The first convolution is split in two, so that the reference's half of it is computed once."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        widths = config.coarse.background_widths
        self.of_reference = nn.Conv2d(3, widths[0], 7, 2, 3)
        self.of_driving = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False)
        body: list[nn.Module] = []
        for before, width in pairwise(widths):
            body.append(ConvNormAct(before, width, stride=2))
            if config.layout == "published":
                body += [Residual(width), Residual(width)]
        self.body = nn.Sequential(*body)
        self.head = zeroed(nn.Linear(widths[-1], 6))

    def encode(self, reference: Tensor) -> Tensor:
        """Of a small reference [B, 3, h, h] in [0, 1]: what `forward` needs of it."""
        encoded: Tensor = self.of_reference(reference - 0.5)
        return encoded

    def forward(self, reference: Tensor, driving: Tensor) -> Tensor:
        """Affine map [B, 2, 3] of normalised points, driving to reference, from `encode`'s map and a small
        driving image."""
        features = self.body(F.relu(reference + self.of_driving(driving - 0.5)))
        change: Tensor = self.head(features.mean((2, 3))).float().view(-1, 2, 3)
        return change + torch.eye(2, 3, device=change.device)
