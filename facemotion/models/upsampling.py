"""From the finest update to the image: each new pixel takes a learned mean of the nine around its old one."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.models.layers import zeroed


def bilinear_logits(factor: int) -> Tensor:
    """Log weights [9 * factor^2] of the neighbours, row by row, for each of the new pixels; nearly bilinear."""
    offset = (torch.arange(factor) + 0.5) / factor - 0.5
    axis = torch.stack(((-offset).clamp(min=0), 1 - offset.abs(), offset.clamp(min=0)))
    return torch.log(axis[:, None, :, None] * axis[None, :, None, :] + 0.01).flatten()


class LearnedUpsampling(nn.Module):
    """As in RAFT, but it begins as a bilinear enlargement instead of a mean of nine."""

    def __init__(self, width: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.weigh = zeroed(nn.Conv2d(width, 9 * factor * factor, 1))
        self.register_buffer("bilinear", bilinear_logits(factor)[:, None, None], persistent=False)

    def forward(self, values: Tensor, hidden: Tensor) -> Tensor:
        """`values` [B, C, h, h], read as they are: displacements keep their unit. To [B, C, factor h, factor h]."""
        logits = self.weigh(F.relu(hidden)).float() + self.bilinear
        weights = logits.unflatten(1, (1, 9, self.factor, self.factor)).softmax(2)
        if torch.compiler.is_compiling():
            # Compiled, the gradient of this padding is wrong about how channels_last tensors lie in memory.
            values = values.contiguous()
        near = F.pad(values, (1, 1, 1, 1), mode="replicate")
        size = values.shape[-1]
        nine = [near[:, :, y : y + size, x : x + size] for y in range(3) for x in range(3)]
        return F.pixel_shuffle(
            sum(weights[:, :, i] * nine[i][:, :, None, None] for i in range(9)).flatten(1, 3), self.factor
        )
