"""What stands where, on either side: maps of the keypoints read by a network. No driving image enters."""

import torch
from torch import Tensor, nn

from facemotion.models import affine, grid
from facemotion.models.config import ModelConfig
from facemotion.models.keypoints import Keypoints
from facemotion.models.layers import Hourglass, LeanUNet


class StructureEncoder(nn.Module):
    """Features [B, C, h, h] of the two sides whose products say what of the reference belongs where in the output."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes, count = config.refiner, config.keypoint_count
        self.size, self.variance = sizes.structure, sizes.variance
        # MRFA's bells are round; ours take the shape of the Jacobians, which tell of lids and lips.
        self.shaped = config.layout == "lean"
        network = Hourglass if config.layout == "published" else LeanUNet
        self.common = nn.Parameter(torch.zeros(1, count, sizes.structure, sizes.structure))
        self.of_reference = network(2 * count + 3, sizes.structure_widths)
        self.of_driving = network(2 * count, sizes.structure_widths)
        self.reference_head = nn.Conv2d(self.of_reference.out_channels, sizes.channels, 1)
        self.driving_head = nn.Conv2d(self.of_driving.out_channels, sizes.channels, 1)

    def encode(self, image: Tensor, keypoints: Keypoints) -> Tensor:
        """Of the reference [B, 3, H, H] in [0, 1]: its side of the volume, which no driving frame changes."""
        image = grid.resize_image(image, self.size) - 0.5
        features: Tensor = self.reference_head(self.of_reference(torch.cat((image, self._maps(keypoints)), 1)))
        return features

    def forward(self, keypoints: Keypoints) -> Tensor:
        """Of the driving frame, from its keypoints alone."""
        features: Tensor = self.driving_head(self.of_driving(self._maps(keypoints)))
        return features

    def _maps(self, keypoints: Keypoints) -> Tensor:
        jacobians = keypoints.jacobians if self.shaped else None
        bells = affine.gaussians(keypoints.points, self.size, self.variance, jacobians)
        return torch.cat((bells, self.common.expand(bells.shape[0], -1, -1, -1)), 1)
