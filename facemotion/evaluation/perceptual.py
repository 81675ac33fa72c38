"""LPIPS 0.1 over AlexNet, where its weights are at hand: how different two frames look to a network, weighted by what
people judged. Images in [0, 1] are brought to [-1, 1] as it was published."""

from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from facemotion import weights
from facemotion.evaluation.images import Frame
from facemotion.evaluation.weights import read

# AlexNet's convolutions: place in torchvision's `features`, channels in and out, kernel, stride, padding, and whether
# it is pooled before. What follows their ReLUs is compared.
LAYERS: Final = (
    (0, 3, 64, 11, 4, 2, False),
    (3, 64, 192, 5, 1, 2, True),
    (6, 192, 384, 3, 1, 1, True),
    (8, 384, 256, 3, 1, 1, False),
    (10, 256, 256, 3, 1, 1, False),
)
# Of images in [-1, 1].
SHIFT: Final = (-0.030, -0.088, -0.188)
SPREAD: Final = (0.458, 0.448, 0.450)
TINY: Final = 1e-10


def lpips(own: Path | None = None) -> "Lpips | None":
    """None where its weights are not on this machine; they may be in a folder of one's own."""
    network, linear = weights.find(weights.ALEXNET, own), weights.find(weights.LPIPS, own)
    return Lpips(network, linear) if network is not None and linear is not None else None


class Lpips:
    def __init__(self, network: Path, linear: Path) -> None:
        shapes: dict[str, tuple[int, ...]] = {}
        for place, before, width, kernel, *_ in LAYERS:
            shapes[f"features.{place}.weight"] = (width, before, kernel, kernel)
            shapes[f"features.{place}.bias"] = (width,)
        self._features = read(network, shapes)
        names = {f"lin{k}.model.1.weight": (1, layer[2], 1, 1) for k, layer in enumerate(LAYERS)}
        self._linear = list(read(linear, names).values())
        self._shift, self._spread = torch.tensor(SHIFT)[:, None, None], torch.tensor(SPREAD)[:, None, None]

    def scores(self, generated: Frame, driving: Frame) -> dict[str, float]:
        both = torch.from_numpy(generated), torch.from_numpy(driving)
        return {"lpips_alex": float(self.distances(*(frame.permute(2, 0, 1)[None] for frame in both)))}

    @torch.no_grad()
    def distances(self, one: Tensor, other: Tensor) -> Tensor:
        """[B] of images [B, 3, H, W] in [0, 1]."""
        x = (torch.cat((one, other)) * 2 - 1 - self._shift) / self._spread
        found = torch.zeros(len(one))
        for (place, _, _, _, stride, padding, pooled), linear in zip(LAYERS, self._linear, strict=True):
            if pooled:
                x = F.max_pool2d(x, 3, 2)
            weight, bias = (self._features[f"features.{place}.{name}"] for name in ("weight", "bias"))
            x = F.relu(F.conv2d(x, weight, bias, stride, padding))
            unit = x / (x.square().sum(1, keepdim=True).sqrt() + TINY)
            apart = (unit[: len(one)] - unit[len(one) :]).square()
            found += F.conv2d(apart, linear).mean(dim=(1, 2, 3))
        return found
