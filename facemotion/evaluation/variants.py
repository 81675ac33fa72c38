"""What is evaluated: anything that makes frames of a reference and driving frames, and says where pixels come from."""

from pathlib import Path
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from facemotion.models.animator import Animator
from facemotion.models.weights import load_model


class Made(NamedTuple):
    """Frames [B, 3, S, S] in [0, 1], flows [B, 2, h, h], normalised and backward, coarse first, and the last one's
    occlusion as logits [B, 1, h, h], high where the warp is trusted; None where nothing is said of it."""

    frames: Tensor
    flows: list[Tensor]
    occlusion: Tensor | None = None


class Variant(Protocol):
    @property
    def size(self) -> int:
        """Of the frames that it takes and makes."""

    def make(self, reference: Tensor, driving: Tensor) -> Made:
        """From images [B, 3, S, S] in [0, 1]."""


class Animated:
    """A trained model."""

    def __init__(self, model: Animator) -> None:
        self.model, self.size = model, model.config.image_size

    @classmethod
    def load(cls, folder: Path) -> "Animated":
        return cls(load_model(folder).eval())

    @torch.no_grad()
    def make(self, reference: Tensor, driving: Tensor) -> Made:
        frames, _, motion = self.model(reference[:, None], driving)
        flows = [field.flow.float() for field in motion.fields]
        return Made(frames.float(), flows, motion.fields[-1].occlusion.float())
