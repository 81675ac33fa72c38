"""The Inception network that FID was defined with, by the names of its public PyTorch weights: 2048 features an image.

It differs from torchvision's in how it pools: averages leave out the padding, and the last block takes maxima."""

from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.evaluation.weights import read

SIDE: Final = 299  # of the images it was trained on
FEATURES: Final = 2048
NORM_EPS: Final = 0.001

Step = tuple[str, int, tuple[int, int], int]  # name, channels, kernel, stride; kernels with stride 1 keep the size


class Unit(nn.Module):
    """A convolution, its norm and a ReLU."""

    def __init__(self, before: int, width: int, kernel: tuple[int, int], stride: int = 1, padded: bool = True) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if padded and stride == 1 else (0, 0)
        self.conv = nn.Conv2d(before, width, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(width, NORM_EPS)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Branches side by side. A branch may end in two steps, named a and b, whose results stand beside each other. The
    last branch pools: neighbours' averages or maxima, or, where the block halves the size, every second maximum."""

    def __init__(self, before: int, branches: list[list[Step]], pool: str, pooled: int) -> None:
        super().__init__()
        self.pool, self.chains = pool, [[step[0] for step in steps] for steps in branches]
        for steps in branches:
            width = before
            for name, channels, kernel, stride in steps:
                self.add_module(name, Unit(width, channels, kernel, stride))
                if not name.endswith("a"):
                    width = channels
        if pooled:
            self.branch_pool = Unit(before, pooled, (1, 1))

    def forward(self, x: Tensor) -> Tensor:
        found = []
        for chain in self.chains:
            seen = x
            for name in chain:
                if name.endswith("a"):
                    found.append(self.get_submodule(name)(seen))
                else:
                    seen = self.get_submodule(name)(seen)
            found.append(seen)
        match self.pool:
            case "average":
                found.append(self.branch_pool(F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)))
            case "maximum":
                found.append(self.branch_pool(F.max_pool2d(x, 3, 1, 1)))
            case _:
                found.append(F.max_pool2d(x, 3, 2))
        return torch.cat(found, 1)


def _steps(name: str, *sizes: tuple[int, int, int] | tuple[int, int, int, int]) -> list[Step]:
    """Numbered steps of channels, kernel height and width, and stride where it is not 1."""
    return [
        (f"{name}_{k}", size[0], (size[1], size[2]), size[3] if len(size) > 3 else 1) for k, size in enumerate(sizes, 1)
    ]


def _small(before: int, pooled: int) -> Block:
    return Block(
        before,
        [
            [("branch1x1", 64, (1, 1), 1)],
            _steps("branch5x5", (48, 1, 1), (64, 5, 5)),
            _steps("branch3x3dbl", (64, 1, 1), (96, 3, 3), (96, 3, 3)),
        ],
        "average",
        pooled,
    )


def _halved(before: int) -> Block:
    double = _steps("branch3x3dbl", (64, 1, 1), (96, 3, 3), (96, 3, 3, 2))
    return Block(before, [[("branch3x3", 384, (3, 3), 2)], double], "halving", 0)


def _long(before: int, width: int) -> Block:
    return Block(
        before,
        [
            [("branch1x1", 192, (1, 1), 1)],
            _steps("branch7x7", (width, 1, 1), (width, 1, 7), (192, 7, 1)),
            _steps("branch7x7dbl", (width, 1, 1), (width, 7, 1), (width, 1, 7), (width, 7, 1), (192, 1, 7)),
        ],
        "average",
        192,
    )


def _halved_again(before: int) -> Block:
    double = _steps("branch7x7x3", (192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3, 2))
    return Block(before, [_steps("branch3x3", (192, 1, 1), (320, 3, 3, 2)), double], "halving", 0)


def _wide(before: int, pool: str) -> Block:
    def pair(name: str) -> list[Step]:
        return [(f"{name}a", 384, (1, 3), 1), (f"{name}b", 384, (3, 1), 1)]

    return Block(
        before,
        [
            [("branch1x1", 320, (1, 1), 1)],
            [*_steps("branch3x3", (384, 1, 1)), *pair("branch3x3_2")],
            [*_steps("branch3x3dbl", (448, 1, 1), (384, 3, 3)), *pair("branch3x3dbl_3")],
        ],
        pool,
        192,
    )


class Inception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        three = (3, 3)
        self.Conv2d_1a_3x3 = Unit(3, 32, three, 2)
        self.Conv2d_2a_3x3 = Unit(32, 32, three, padded=False)
        self.Conv2d_2b_3x3 = Unit(32, 64, three)
        self.Conv2d_3b_1x1 = Unit(64, 80, (1, 1))
        self.Conv2d_4a_3x3 = Unit(80, 192, three, padded=False)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = _small(192, 32), _small(256, 64), _small(288, 64)
        self.Mixed_6a = _halved(288)
        self.Mixed_6b, self.Mixed_6c = _long(768, 128), _long(768, 160)
        self.Mixed_6d, self.Mixed_6e = _long(768, 160), _long(768, 192)
        self.Mixed_7a = _halved_again(768)
        self.Mixed_7b, self.Mixed_7c = _wide(1280, "average"), _wide(2048, "maximum")
        self.requires_grad_(False).eval()

    @classmethod
    def load(cls, path: Path) -> "Inception":
        found = cls()
        own = {name: value for name, value in found.state_dict().items() if not name.endswith("num_batches_tracked")}
        found.load_state_dict(read(path, {name: tuple(value.shape) for name, value in own.items()}), strict=False)
        return found

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Features [B, 2048] of images [B, 3, H, W] in [0, 1]."""
        x = F.interpolate(images, (SIDE, SIDE), mode="bilinear", align_corners=False) * 2 - 1
        for name, layer in self.named_children():
            x = layer(x)
            if name in ("Conv2d_2b_3x3", "Conv2d_4a_3x3"):
                x = F.max_pool2d(x, 3, 2)
        return x.mean(dim=(2, 3))
