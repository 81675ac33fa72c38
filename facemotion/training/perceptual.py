"""Images compared by what a fixed network sees in them: VGG19's features where its weights are at hand, or those of
random convolutions, which need no download."""

import logging
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from facemotion import weights
from facemotion.errors import FacemotionError, complaint

log = logging.getLogger(__name__)

# VGG19 up to relu5_1: the widths of its convolutions, None where it pools. Compared at the first of each block.
VGG19: Final = (64, 64, None, 128, 128, None, 256, 256, 256, 256, None, 512, 512, 512, 512, None, 512)
VGG_MEAN: Final = (0.485, 0.456, 0.406)
VGG_STD: Final = (0.229, 0.224, 0.225)
RANDOM_WIDTHS: Final = (24, 48, 64)
RANDOM_SEED: Final = 19


class RandomFeatures(nn.Module):
    """Random convolutions keep what is where, at several sizes; channels are scaled to count alike."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(RANDOM_SEED)
        before = 3
        for level, width in enumerate(RANDOM_WIDTHS):
            weight = torch.randn(width, before, 3, 3, generator=generator) * (2 / (9 * before)) ** 0.5
            self.register_buffer(f"weight{level}", weight, persistent=False)
            before = width

    def forward(self, images: Tensor) -> list[Tensor]:
        x, seen = images - 0.5, []
        for level in range(len(RANDOM_WIDTHS)):
            x = F.leaky_relu(F.conv2d(x, self.get_buffer(f"weight{level}"), padding=1), 0.2)
            seen.append(x)
            x = F.avg_pool2d(x, 2)
        return seen


class Vgg19Features(nn.Module):
    """relu1_1, relu2_1, ... relu5_1 of torchvision's VGG19, from its state dict: the one named, or where the weights of
    others' networks are looked for, which may be a folder of one's own."""

    def __init__(self, named: str | None, own: Path | None = None) -> None:
        super().__init__()
        path = find_vgg19(named, own)
        state = _load(path)
        layers: list[nn.Module] = []
        before = 3
        for width in VGG19:
            layers += [nn.MaxPool2d(2)] if width is None else [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
            before = width or before
        self.features = nn.Sequential(*layers)
        wanted = {f"features.{name}": tuple(tensor.shape) for name, tensor in self.features.state_dict().items()}
        wrong = [name for name, shape in wanted.items() if name not in state or tuple(state[name].shape) != shape]
        if wrong:
            raise FacemotionError(
                f"{path} is no VGG19 in torchvision's layout: {wrong[0]} is missing or of another shape; fetch it "
                "again: `facemotion weights`"
            )
        self.load_state_dict({name: state[name] for name in wanted})
        self.requires_grad_(False).eval()
        log.info("perceptual loss: VGG19 from %s", path)

    def forward(self, images: Tensor) -> list[Tensor]:
        mean, std = images.new_tensor(VGG_MEAN), images.new_tensor(VGG_STD)
        x, seen = (images - mean[:, None, None]) / std[:, None, None], []
        first = True
        for layer in self.features:
            if isinstance(layer, nn.MaxPool2d) and x.shape[-1] < 2:
                break
            x = layer(x)
            if isinstance(layer, nn.ReLU) and first:
                seen.append(x)
            first = isinstance(layer, nn.MaxPool2d) or (first and isinstance(layer, nn.Conv2d))
        return seen


def difference(network: nn.Module, one: list[Tensor], other: list[Tensor]) -> Tensor:
    """Mean absolute difference of the features of two image pyramids, over levels and layers."""
    terms = []
    for a, b in zip(one, other, strict=True):
        with torch.no_grad():
            wanted = network(b)
        terms += [(x - y).abs().mean() for x, y in zip(network(a), wanted, strict=True)]
    return torch.stack(terms).mean()


def find_vgg19(named: str | None, own: Path | None = None) -> Path:
    path = weights.find(weights.VGG19, own) if named is None else Path(named)
    if path is None or not path.is_file():
        places = [path] if path is not None else weights.places(weights.VGG19, own)
        raise FacemotionError(
            f"there are no VGG19 weights at {' or '.join(map(str, places))}: get them with "
            f"`{weights.VGG19.get(places[0])}`, name their path in losses.vgg19, or set losses.features to random, "
            "which needs none"
        )
    return path


def _load(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # any reader error means the same to the person: this file is not what it should be
        raise FacemotionError(
            f"{path} cannot be read as a state dict ({complaint(error)}); fetch it again: `facemotion weights`"
        ) from error
    return state
