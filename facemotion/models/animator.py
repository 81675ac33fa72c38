"""The model behind three switches: motion, refinement, fusion. Photos are encoded once, then moved and rendered."""

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from facemotion.errors import FacemotionError
from facemotion.models import alignment, beliefs, grid
from facemotion.models.background import BackgroundMotion
from facemotion.models.config import ModelConfig
from facemotion.models.dense_motion import DenseMotion, FlowField
from facemotion.models.generator import FeaturePyramid, Generator
from facemotion.models.keypoints import KeypointDetector, Keypoints
from facemotion.models.refiner import Refiner


class MotionSource(NamedTuple):
    """What a reference is to the coarse motion: all of it that no driving frame changes. The keypoints of a model with
    a refiner may go on with finer ones, which the coarse motion does not read."""

    image: Tensor  # small
    keypoints: Keypoints
    bells: Tensor  # of the coarse ones
    background: Tensor | None  # its half of the background network's first layer


class Appearance(NamedTuple):
    """What is computed once for the references."""

    image: Tensor
    source: MotionSource
    features: tuple[Tensor, ...]  # finest first
    structure: tuple[Tensor, ...] | None  # the reference's side of the correlation volume, where there is a refiner
    view: tuple[Tensor, ...] | None  # what the background is aligned with


class Background(NamedTuple):
    """How all moves that is not the person: affine [B, 2, 3] of normalised points, driving to reference. Where there is
    no refined one the coarse one stands in for it, where there is none it is at rest."""

    coarse: Tensor | None = None
    refined: Tensor | None = None


AT_REST: Final = Background()


class Motion(NamedTuple):
    fields: list[FlowField]  # coarse first; element 0 is the coarse motion, whatever follows
    driving: Keypoints
    background: Background
    hint: Tensor | None = None  # of what to paint where no flow can show it: a map of the refiner's


class KeypointMotion(nn.Module):
    """Coarse motion by unsupervised keypoints."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.size, self.count = config.coarse.size, config.keypoints.count
        self.reach = config.coarse.reach or WITHOUT_REACH
        self.keypoints = KeypointDetector(config)
        self.background = BackgroundMotion(config) if config.coarse.background == "affine" else None
        self.dense = DenseMotion(config)

    def encode(self, image: Tensor, points: Tensor | None) -> MotionSource:
        small = grid.resize_image(image, self.size)
        background = self.background.encode(small) if self.background is not None else None
        keypoints = self.find(image, points)
        return MotionSource(small, keypoints, self.dense.bells(keypoints), background)

    def find(self, image: Tensor | None, _: Tensor | None) -> Keypoints:
        if image is None:
            raise FacemotionError("motion 'keypoints' is seen in pictures: give the frames, not their landmarks alone")
        found: Keypoints = self.keypoints(image)
        return found

    def belief(self, keypoints: Keypoints) -> Tensor:
        """How much each pixel [B, 1, h, h] is thought to be background: what no coarse keypoint is near."""
        return beliefs.background(keypoints.points[:, : self.count].detach(), self.size, self.reach)

    def background_between(self, source: MotionSource, driving: Tensor) -> Tensor | None:
        """Affine [B, 2, 3] of normalised points from the driving image [B, 3, H, H] to the reference."""
        if self.background is None or source.background is None:
            return None
        between: Tensor = self.background(source.background, grid.resize_image(driving, self.size))
        return between

    def forward(self, source: MotionSource, driving: Keypoints, background: Tensor | None) -> FlowField:
        field: FlowField = self.dense(
            source.image, source.bells, source.keypoints.first(self.count), driving.first(self.count), background
        )
        return field


# Where nothing is presumed of how far a keypoint reaches, but the background has to be told from the person.
WITHOUT_REACH: Final = 0.2
MOTIONS: Final[dict[str, Callable[[ModelConfig], KeypointMotion]]] = {"keypoints": KeypointMotion}
FUSIONS: Final = ("single",)


class Animator(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        _check_built("motion", config.motion, tuple(MOTIONS))
        _check_built("fusion", config.fusion, FUSIONS)
        self.config = config
        self.coarse = MOTIONS[config.motion](config)
        self.features = FeaturePyramid(config)
        self.refiner = Refiner(config) if config.refined else None
        self.generator = Generator(config)

    def encode(self, references: Tensor, points: Tensor | None = None) -> Appearance:
        """Of photos [B, N, 3, H, H] in [0, 1], H the model's image size, and landmarks [B, N, 70, 2], normalised, where
        the motion is told by them."""
        _, count, channels, height, width = references.shape
        if (channels, height, width) != (3, self.config.image_size, self.config.image_size):
            raise FacemotionError(
                f"references are {tuple(references.shape)}, but this model takes [B, N, 3, {self.config.image_size}, "
                f"{self.config.image_size}]: resize them"
            )
        if count != 1:
            raise FacemotionError(f"{count} references a frame, but fusion is 'single': give one")
        image = references.flatten(0, 1)
        source = self.coarse.encode(image, points.flatten(0, 1) if points is not None else None)
        structure, view = None, None
        if self.refiner is not None:
            source = source._replace(keypoints=self.refiner.look_closer(image, source.keypoints))
            structure = self.refiner.encode(image, source.keypoints)
            if self.config.refiner.background == "aligned":
                view = alignment.view(image, self.coarse.belief(source.keypoints))
        return Appearance(image, source, self.features(image), structure, view)

    def motion(self, appearance: Appearance, driving: Tensor, points: Tensor | None = None) -> Motion:
        """From the driving frames [B, 3, H, H], or their landmarks [B, 70, 2], to the references."""
        keypoints = self.keypoints(driving, points)
        background = Background(self.coarse.background_between(appearance.source, driving))
        coarse = self.coarse(appearance.source, keypoints, background.coarse)
        if appearance.view is not None:
            found = alignment.align(appearance.view, driving, self.coarse.belief(keypoints), coarse.flow)
            background = background._replace(refined=found)
        return self._refined(appearance, keypoints, background, coarse)

    def keypoints(self, image: Tensor, points: Tensor | None = None) -> Keypoints:
        """All there are of an image [B, 3, H, H] with landmarks [B, 70, 2], the coarse ones first."""
        found = self.coarse.find(image, points)
        return found if self.refiner is None else self.refiner.look_closer(image, found)

    def move(self, appearance: Appearance, driving: Keypoints, background: Background = AT_REST) -> Motion:
        """From keypoints alone, wherever they come from: another person's, or relative ones."""
        coarse = self.coarse(appearance.source, driving, background.coarse)
        return self._refined(appearance, driving, background, coarse)

    def _refined(self, appearance: Appearance, driving: Keypoints, background: Background, coarse: FlowField) -> Motion:
        fields, hint = [coarse], None
        if self.refiner is not None and appearance.structure is not None:
            found = background.refined if background.refined is not None else background.coarse
            if found is None:
                found = torch.eye(2, 3, device=coarse.flow.device).expand(len(coarse.flow), -1, -1)
            reference = appearance.source.keypoints
            fields, hint = self.refiner(appearance.features, appearance.structure, reference, driving, coarse, found)
        return Motion(fields, driving, background, hint)

    def render(self, appearance: Appearance, motion: Motion) -> Tensor:
        """Frames [B, 3, H, H] in [0, 1]."""
        frames: Tensor = self.generator(appearance.image, appearance.features, motion.fields, motion.hint)
        return frames

    def forward(
        self,
        references: Tensor,
        driving: Tensor,
        reference_points: Tensor | None = None,
        driving_points: Tensor | None = None,
    ) -> tuple[Tensor, Appearance, Motion]:
        appearance = self.encode(references, reference_points)
        motion = self.motion(appearance, driving, driving_points)
        return self.render(appearance, motion), appearance, motion


def _check_built(switch: str, value: str, built: tuple[str, ...]) -> None:
    if value not in built:
        raise FacemotionError(f"{switch} {value!r} is not built yet: set model.{switch} to one of {', '.join(built)}")
