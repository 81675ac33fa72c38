"""What is evaluated: anything that makes frames of a reference and driving frames, and says where pixels come from."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor

from facemotion.evaluation.carried import carried
from facemotion.models.animator import Animator, Appearance, Background, Motion
from facemotion.models.face import Face
from facemotion.models.landmark_motion import LandmarkMotion
from facemotion.models.many import of_frames
from facemotion.models.relative import relative
from facemotion.models.weights import load_model


class Made(NamedTuple):
    """Frames [B, 3, S, S] in [0, 1], flows [B, 2, h, h], normalised and backward, coarse first, the last one's
    occlusion as logits [B, 1, h, h], high where the warp is trusted, and what belongs to the person [B, 1, h, h] in
    0..1; None where nothing is said of it."""

    frames: Tensor
    flows: list[Tensor]
    occlusion: Tensor | None = None
    foreground: Tensor | None = None


class Variant(Protocol):
    @property
    def size(self) -> int:
        """Of the frames that it takes and makes."""

    def make(self, reference: Face, driving: Face) -> Made:
        """The reference may be one for all."""


# What metrics across identities are suffixed with where the driver's motion is taken as it is, not relative to its
# start.
ABSOLUTE: Final = "_absolute"


@runtime_checkable
class Transfers(Protocol):
    """A variant that can be told another person's motion in several ways."""

    def across(self, reference: Face, start: Face, driving: Face) -> dict[str, Made]:
        """By the suffix of the metrics, from one picture of the one person, one of the driver's start, and the driver's
        frames."""


@runtime_checkable
class Fuses(Variant, Protocol):
    """A variant that takes several references of one person, too."""

    def making(self, references: Face) -> Callable[[Face], dict[str, Made]]:
        """From one person's references, images [N, 3, S, S], the first first: what makes frames of driving ones, by the
        name of the strategy that fuses them, "" for the variant's own."""


class Animated:
    """A trained model."""

    def __init__(self, model: Animator) -> None:
        self.model, self.size = model, model.config.image_size

    @classmethod
    def load(cls, folder: Path) -> "Animated":
        return cls(load_model(folder).eval())

    @torch.no_grad()
    def make(self, reference: Face, driving: Face) -> Made:
        appearance = self._appearance(reference, len(driving.image))
        return self._made(appearance, self.model.motion(appearance, *driving))

    @torch.no_grad()
    def keeping(self, reference: Face) -> Callable[[Face], Made]:
        """Makes single frames of a reference that is encoded once."""
        appearance = self._appearance(reference, 1)
        return torch.no_grad()(lambda driving: self._made(appearance, self.model.motion(appearance, *driving)))

    @torch.no_grad()
    def across(self, reference: Face, start: Face, driving: Face) -> dict[str, Made]:
        """The background goes as the driver's camera did, where that is known; of its own motion the driver's, which is
        another one, tells nothing."""
        count = len(driving.image)
        appearance = self._appearance(reference, count)
        before = appearance.source._replace(camera=start.camera)
        background = Background(self.model.coarse.background_between(before, None, driving.camera))
        own, first = appearance.source.keypoints, of_frames(self.model.keypoints(*start[:2]), count)
        moved = self.model.keypoints(*driving[:2])
        ways = {"": relative(own, first, moved), ABSOLUTE: moved}
        if isinstance(self.model.coarse, LandmarkMotion):
            points = carried(reference, start, driving)
            told = self.model.keypoints(driving.image, points, appearance.source)
            ways[""] = told.replaced(self.model.coarse.looked, ways[""])
        moves = {way: self.model.move(appearance, points, background) for way, points in ways.items()}
        return {way: self._made(appearance, motion) for way, motion in moves.items()}

    def _appearance(self, reference: Face, count: int) -> Appearance:
        """Of one reference for all, encoded once, or of one each."""
        image, points, camera = reference
        appearance = self.model.encode(image[:, None], points[:, None], camera[:, None] if camera is not None else None)
        return appearance.of_frames(count) if len(reference.image) == 1 else appearance

    def _made(self, appearance: Appearance, motion: Motion) -> Made:
        frames = self.model.render(appearance, motion)
        flows = [field.flow.float() for field in motion.fields]
        told = motion.fields[0].foreground
        foreground = torch.sigmoid(told.float()) if told is not None else None
        return Made(frames.float(), flows, motion.fields[-1].occlusion.float(), foreground)
