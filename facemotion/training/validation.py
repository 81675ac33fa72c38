"""How well a model animates people it never learnt from: the first frame of a clip driven by others of it."""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from facemotion.dataset.augmentation import Batch, prepare, told
from facemotion.dataset.sampling import NORMALS, UNIFORMS, Other, Pair, unlike
from facemotion.models import grid
from facemotion.models.animator import Animator
from facemotion.training import regions
from facemotion.training.stream import Clips, decode

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Validation:
    """Fixed pairs, decoded once. The score that decides on `best` is the mean of three errors relative to repeating the
    reference: of all pixels, of lips and of eyes; lower is better, 1 is no gain. Where pairs have several references,
    the errors with all of them count as much as those with the first alone."""

    batches: list[Batch]

    @torch.no_grad()
    def measure(self, model: Animator, *, bf16: bool) -> dict[str, float]:
        sums: dict[str, list[Tensor]] = {}
        counts = sorted({1, self.batches[0].references})
        suffixes = {count: f"_n{count}" if count > 1 else "" for count in counts}
        for batch in self.batches:
            images = {"_reference": repeated(batch)}
            for count, suffix in suffixes.items():
                with torch.autocast(batch.driving.device.type, torch.bfloat16, enabled=bf16):
                    images[suffix] = model(*told(batch, references=count))[0].float()
            for name, image in images.items():
                for part, values in errors(image, batch).items():
                    sums.setdefault(part + name, []).append(values)
        means = {name: float(torch.cat(values).nanmean()) for name, values in sums.items()}
        parts = [part for part in ("l1", "l1_lips", "l1_eyes") if np.isfinite(means[part])]
        still = {part: max(means[part + "_reference"], 1e-6) for part in parts}
        ratios = [means[part + suffix] / still[part] for part in parts for suffix in suffixes.values()]
        return {name: value for name, value in means.items() if np.isfinite(value)} | {"score": float(np.mean(ratios))}


def repeated(batch: Batch) -> Tensor:
    """The reference in the place of every frame that a model would make."""
    return grid.resize_image(batch.reference, batch.driving.shape[-1])


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


def build(
    source: Clips, pairs: int, batch_size: int, size: int, device: torch.device, references: int = 1
) -> Validation | None:
    """Pairs spread evenly over the clips and their frames, each with so many references; None where no clip has two
    frames."""
    usable = [index for index, clip in enumerate(source.clips) if clip.frames >= 2]
    if not usable:
        return None
    spread = np.linspace(0, len(usable) - 1, min(pairs, len(usable))).round()
    chosen = [usable[int(i)] for i in spread]
    each = max(pairs // len(chosen), 1)
    numbers = np.zeros(UNIFORMS, np.float32), np.zeros(NORMALS, np.float32)
    wanted = [
        Pair(0, clip, 0, driving, *numbers, _others(source, clip, driving, references - 1))
        for share in np.linspace(0, 1, each + 1)[1:]
        for clip in chosen
        for driving in [_at(share, source.clips[clip].frames)]
    ]
    pieces = [wanted[start : start + batch_size] for start in range(0, len(wanted), batch_size)]
    return Validation([prepare(decode(source, piece).to(device), size, None) for piece in pieces])


def _others(source: Clips, clip: int, driving: int, count: int) -> tuple[Other, ...]:
    """Frames of the clip that are least like the first one and each other."""
    frames = np.arange(source.clips[clip].frames)
    chosen = [0]
    for _ in range(count):
        chosen.append(unlike(source.clips[clip], chosen, frames[frames != driving]))
    return tuple(Other(clip, frame) for frame in chosen[1:])


def _at(share: float, frames: int) -> int:
    return round(share * (frames - 1))
