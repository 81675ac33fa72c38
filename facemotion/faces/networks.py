"""Running networks of others: the device, its precision, and state dicts that are what their names say."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

import torch
from torch import nn

from facemotion.errors import FacemotionError, complaint
from facemotion.faces.interfaces import Running

HALF: Final = {"bf16": torch.bfloat16, "fp16": torch.float16}


def device_of(running: Running) -> torch.device:
    name = running.device
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise FacemotionError(f"networks.device is {name}, but torch sees no GPU here; set it to auto or cpu")
    return torch.device(name)


def precision_of(running: Running, device: torch.device) -> torch.dtype | None:
    """The type of the products that may be short; None: all in full."""
    if running.precision == "auto":
        return torch.float16 if device.type == "cuda" else None
    return HALF.get(running.precision)


def short(device: torch.device, precision: torch.dtype | None) -> AbstractContextManager[object]:
    """Half precision where it does no harm: norms and sums, which overflow in it, stay in full."""
    return torch.autocast(device.type, precision) if precision is not None else nullcontext()


def filled(network: nn.Module, path: Path, device: torch.device) -> nn.Module:
    """The network with the state dict in a file, ready to look."""
    torch.set_num_threads(1)  # work is spread over processes, and another count gives other last bits
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(state)
    except Exception as error:  # whatever the reason, it means the same to the person
        raise FacemotionError(
            f"{path} is not what its name says ({complaint(error)}); fetch it again: `facemotion weights`"
        ) from error
    return network.requires_grad_(False).eval().to(device)
