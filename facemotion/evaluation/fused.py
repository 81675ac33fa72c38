"""A trained model that takes several references, and what it makes of them if they are fused by another strategy."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch

from facemotion.evaluation.variants import Animated, Made
from facemotion.models.animator import Animator
from facemotion.models.face import Face
from facemotion.models.weights import load_model

# What needs no weights of its own, so that it can be put in the place of what was learnt.
SIMPLE: Final = ("best_pose", "mean", "max", "occlusion")


class Fused(Animated):
    def __init__(self, model: Animator) -> None:
        super().__init__(model)
        own = model.config.fusion
        self._models = {"": model} | {name: _by(model, name) for name in SIMPLE if name != own}

    @torch.no_grad()
    def making(self, references: Face) -> Callable[[Face], dict[str, Made]]:
        """A single one is fused by no strategy: that is the variant's own alone."""
        image, points, camera = references
        encoded = self.model.encode(image[None], points[None], camera[None] if camera is not None else None)
        models = self._models if len(references.image) > 1 else {"": self.model}

        @torch.no_grad()
        def make(driving: Face) -> dict[str, Made]:
            appearance = encoded.of_frames(len(driving.image))
            motion = self.model.motion(appearance, *driving)
            return {name: Made(model.render(appearance, motion).float(), []) for name, model in models.items()}

        return make


def load(folder: Path) -> Animated:
    model = load_model(folder).eval()
    return Animated(model) if model.config.fusion == "single" else Fused(model)


def _by(model: Animator, strategy: str) -> Animator:
    """The same weights; those that were learnt to fuse have no place in it."""
    other = Animator(model.config.model_copy(update={"fusion": strategy}))
    lacking, _ = other.load_state_dict(model.state_dict(), strict=False)
    if lacking:
        raise ValueError(f"{strategy} fuses by weights of its own: {', '.join(lacking)}")
    return other.eval()
