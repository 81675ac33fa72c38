"""How well a model animates people it never learnt from: the first frame of a clip driven by others of it."""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from facemotion.dataset.augmentation import Batch, prepare, told
from facemotion.dataset.sampling import NORMALS, UNIFORMS, Pair
from facemotion.models.animator import Animator
from facemotion.training import regions
from facemotion.training.stream import Clips, decode

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Validation:
    """Fixed pairs, decoded once. The score that decides on `best` is the mean of three errors relative to repeating the
    reference: of all pixels, of lips and of eyes; lower is better, 1 is no gain."""

    batches: list[Batch]

    @torch.no_grad()
    def measure(self, model: Animator, *, bf16: bool) -> dict[str, float]:
        sums: dict[str, list[Tensor]] = {}
        for batch in self.batches:
            with torch.autocast(batch.driving.device.type, torch.bfloat16, enabled=bf16):
                frame = model(*told(batch))[0]
            for name, image in (("", frame.float()), ("_reference", batch.reference)):
                for part, values in errors(image, batch).items():
                    sums.setdefault(part + name, []).append(values)
        means = {name: float(torch.cat(values).nanmean()) for name, values in sums.items()}
        parts = [part for part in ("l1", "l1_lips", "l1_eyes") if np.isfinite(means[part])]
        ratios = [means[part] / max(means[part + "_reference"], 1e-6) for part in parts]
        return {name: value for name, value in means.items() if np.isfinite(value)} | {"score": float(np.mean(ratios))}


def errors(image: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Mean absolute differences [B] from the driving frame; NaN where lips or eyes were not found."""
    apart = (image - batch.driving).abs().mean(1, keepdim=True)
    size = apart.shape[-1]
    found = {"l1": apart.mean((1, 2, 3))}
    for name, mask in (
        ("l1_lips", regions.lips_mask(batch.driving_points, size)),
        ("l1_eyes", regions.eyes_mask(batch.driving_points, size)),
    ):
        found[name] = (apart * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3))
    return found


def build(source: Clips, pairs: int, batch_size: int, size: int, device: torch.device) -> Validation | None:
    """Pairs spread evenly over the clips and their frames; None where no clip has two frames."""
    usable = [index for index, clip in enumerate(source.clips) if clip.frames >= 2]
    if not usable:
        return None
    spread = np.linspace(0, len(usable) - 1, min(pairs, len(usable))).round()
    chosen = [usable[int(i)] for i in spread]
    each = max(pairs // len(chosen), 1)
    numbers = np.zeros(UNIFORMS, np.float32), np.zeros(NORMALS, np.float32)
    wanted = [
        Pair(0, clip, 0, _at(share, source.clips[clip].frames), *numbers)
        for share in np.linspace(0, 1, each + 1)[1:]
        for clip in chosen
    ]
    pieces = [wanted[start : start + batch_size] for start in range(0, len(wanted), batch_size)]
    return Validation([prepare(decode(source, piece).to(device), size, None) for piece in pieces])


def _at(share: float, frames: int) -> int:
    return round(share * (frames - 1))
