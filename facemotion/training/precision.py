"""In which numbers a device multiplies: bfloat16 where it has instructions for that, which is faster there."""

import logging
from typing import Final, Literal

import torch

from facemotion.training.config import Precision

log = logging.getLogger(__name__)

# Of a CPU, any of which does it. Without them bfloat16 is emulated, and a step takes ten times as long.
CPU_INSTRUCTIONS: Final = ("avx512_bf16", "amx_bf16", "arm_bf16")


def chosen(wanted: Precision, device: torch.device) -> Literal["fp32", "bf16"]:
    """`auto` settled for a device; what was asked for by name is done, and said where it is slow."""
    if wanted == "fp32":
        return "fp32"
    fast = has_bf16(device)
    if wanted == "bf16" and not fast:
        log.warning("this %s only emulates bfloat16, slowly: set precision to auto or fp32", device.type)
    return "bf16" if fast or wanted == "bf16" else "fp32"


def has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in CPU_INSTRUCTIONS)
