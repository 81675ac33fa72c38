"""What can go wrong in a step, said so that a person knows where and what to do. Nothing learnt so far is lost."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor

from facemotion.dataset.augmentation import Batch
from facemotion.errors import FacemotionError
from facemotion.training.stream import Clips, Stream


class DivergedError(FacemotionError):
    """The settings lead nowhere: nothing else is wrong."""


def check_finite(values: Mapping[str, float], step: int, batch: Batch, source: Clips, stream: Stream) -> None:
    """Before anything is learnt from them."""
    wrong = [f"{name} is {value}" for name, value in values.items() if not math.isfinite(value)]
    if not wrong:
        return
    whole = torch.stack([torch.isfinite(shown).flatten(1).all(1) for shown in (batch.reference, batch.driving)]).all(0)
    pairs = [stream.pairs.pair(int(k)) for k in batch.index[~whole]]
    clips = sorted({source.clips[pair.clip].clip_id for pair in pairs})
    cause = (
        f"pixels of clips {', '.join(clips)} are not finite: pack them anew"
        if clips
        else "lower the rate or the weight of that term, or set precision to fp32"
    )
    raise DivergedError(f"the loss is not finite at step {step + 1}: {', '.join(wrong)}; {cause}")


def check_gradient(norm: Tensor, step: int) -> None:
    if not math.isfinite(norm.item()):
        raise DivergedError(
            f"the gradient is not finite at step {step + 1} (the loss is): lower the rate, or set precision to fp32"
        )


@contextmanager
def memory(name: str, step: int, batch_size: int, size: int, save: Callable[[], None] | None) -> Iterator[None]:
    """Where memory ends. `save`: what keeps the weights where they are whole then; else the last checkpoint stands."""
    try:
        yield
    except (MemoryError, torch.OutOfMemoryError, RuntimeError) as error:
        if not _is_memory(error):
            raise
        if save is not None:
            save()
        kept = "what was learnt before is saved" if save is not None else "all is saved up to the last checkpoint"
        raise FacemotionError(
            f"{name} ran out of memory at step {step + 1} with batches of {batch_size} pairs of {size} pixels; {kept}. "
            "Raise accumulate, which changes nothing else, and run again to go on from there; or lower batch_size, and "
            "begin anew"
        ) from error


def _is_memory(error: Exception) -> bool:
    text = str(error).lower()
    return (
        not isinstance(error, RuntimeError)
        or isinstance(error, torch.OutOfMemoryError)
        or ("not enough memory" in text or "can't allocate memory" in text or "out of memory" in text)
    )
