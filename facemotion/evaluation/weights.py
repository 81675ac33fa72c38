"""Weights of judging networks, which cannot be shipped: where they would lie, and reading them. What is not there makes
a metric absent, never another one."""

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from facemotion.errors import FacemotionError

ALEXNET: Final = "alexnet-owt-7be5be79.pth"  # torchvision's
LPIPS_LINEAR: Final = "alex.pth"  # LPIPS 0.1's weights of AlexNet's layers
INCEPTION: Final = (
    "pt_inception-2015-12-05-6726825d.pth"  # the network that FID was defined with, as pytorch-fid has it
)
# Packages that bring the linear weights along; they are never imported.
LPIPS_PACKAGES: Final = {"lpips": "weights/v0.1", "torchmetrics": "functional/image/lpips_models"}


def find_alexnet() -> Path | None:
    return _existing(hub_folder() / ALEXNET)


def find_lpips_linear() -> Path | None:
    found = _existing(hub_folder() / LPIPS_LINEAR)
    for name, folder in LPIPS_PACKAGES.items():
        package = importlib.util.find_spec(name)
        for place in (package.submodule_search_locations or []) if package else []:
            found = found or _existing(Path(place) / folder / LPIPS_LINEAR)
    return found


def find_inception() -> Path | None:
    return _existing(hub_folder() / INCEPTION)


def hub_folder() -> Path:
    """Torch hub's cache."""
    return Path(os.environ.get("TORCH_HOME", Path.home() / ".cache" / "torch")) / "hub" / "checkpoints"


def read(path: Path, wanted: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The tensors of these names and shapes in a state dict; others in it are left aside."""
    try:
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        wrong = [name for name, shape in wanted.items() if name not in state or tuple(state[name].shape) != shape]
    except Exception as error:  # any reader error means the same to the person: this file is not what it should be
        raise FacemotionError(f"{path} cannot be read as a state dict ({error}); fetch it again") from error
    if wrong:
        raise FacemotionError(
            f"{path} does not hold what its name says: {wrong[0]} is missing or of another shape than "
            f"{wanted[wrong[0]]}; fetch it again, or move it away to do without"
        )
    return {name: state[name].float() for name in wanted}


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None
