"""Reading weights of judging networks. What is not there makes a metric absent, never another one."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from facemotion.errors import FacemotionError, complaint


def read(path: Path, wanted: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """The tensors of these names and shapes in a state dict; others in it are left aside."""
    try:
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        wrong = [name for name, shape in wanted.items() if name not in state or tuple(state[name].shape) != shape]
    except Exception as error:  # any reader error means the same to the person: this file is not what it should be
        raise FacemotionError(
            f"{path} cannot be read as a state dict ({complaint(error)}); fetch it again: `facemotion weights`"
        ) from error
    if wrong:
        raise FacemotionError(
            f"{path} does not hold what its name says: {wrong[0]} is missing or of another shape than "
            f"{wanted[wrong[0]]}; fetch it again, or move it away to do without"
        )
    return {name: state[name].float() for name in wanted}
