"""The model behind three switches: motion, refinement, fusion. Photos are encoded once, then moved and rendered."""

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from facemotion.errors import FacemotionError
from facemotion.models import alignment
from facemotion.models.config import ModelConfig
from facemotion.models.dense_motion import FlowField
from facemotion.models.generator import FeaturePyramid, Generator
from facemotion.models.keypoint_motion import KeypointMotion
from facemotion.models.keypoints import Keypoints
from facemotion.models.landmark_motion import LandmarkMotion
from facemotion.models.motion_source import MotionSource
from facemotion.models.refiner import Refiner


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


CoarseMotion = KeypointMotion | LandmarkMotion
MOTIONS: Final[dict[str, Callable[[ModelConfig], CoarseMotion]]] = {
    "keypoints": KeypointMotion,
    "landmarks": LandmarkMotion,
    "mixed": LandmarkMotion,
}
FUSIONS: Final = ("single",)


class Animator(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if config.fusion not in FUSIONS:
            raise FacemotionError(
                f"fusion {config.fusion!r} is not built yet: set model.fusion to {', '.join(FUSIONS)}"
            )
        self.config = config
        self.coarse = MOTIONS[config.motion](config)
        self.features = FeaturePyramid(config)
        self.refiner = Refiner(config) if config.refined else None
        self.generator = Generator(config)

    def encode(self, references: Tensor, points: Tensor | None = None, camera: Tensor | None = None) -> Appearance:
        """Of photos [B, N, 3, H, H] in [0, 1], H the model's image size. Where the motion is told by them: landmarks
        [B, N, 70, 2], normalised, and how the camera moved, see `Face`."""
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
        source = source._replace(camera=camera.flatten(0, 1) if camera is not None else None)
        structure, view = None, None
        if self.refiner is not None:
            source = source._replace(keypoints=self.refiner.look_closer(image, source.keypoints))
            structure = self.refiner.encode(image, source.keypoints)
            if self.config.aligned:
                view = alignment.view(image, self.coarse.belief(source.keypoints))
        return Appearance(image, source, self.features(image), structure, view)

    def motion(
        self,
        appearance: Appearance,
        driving: Tensor | None,
        points: Tensor | None = None,
        camera: Tensor | None = None,
    ) -> Motion:
        """From the driving frames [B, 3, H, H], or, where they tell all, their landmarks [B, 70, 2] and camera."""
        keypoints = self.keypoints(driving, points, appearance.source)
        background = Background(self.coarse.background_between(appearance.source, driving, camera))
        coarse = self.coarse(appearance.source, keypoints, background.coarse)
        if appearance.view is not None and driving is not None:
            found = alignment.align(appearance.view, driving, self.coarse.belief(keypoints), coarse.flow)
            background = background._replace(refined=found)
        return self._refined(appearance, keypoints, background, coarse)

    def keypoints(
        self, image: Tensor | None, points: Tensor | None = None, known: MotionSource | None = None
    ) -> Keypoints:
        """All there are of an image [B, 3, H, H] with landmarks [B, 70, 2], the coarse ones first. `known`: a reference
        that shows the same person, for landmarks that were not found."""
        found = self.coarse.find(image, points, known)
        return found if self.refiner is None or image is None else self.refiner.look_closer(image, found)

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

    def look(self, image: Tensor) -> Keypoints | None:
        """Those keypoints that are found by looking at the image, where there are any."""
        if self.coarse.keypoints is None:
            return None
        found: Keypoints = self.coarse.keypoints(image)
        return self.refiner.look_closer(image, found) if self.refiner is not None else found

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
        reference_camera: Tensor | None = None,
        driving_camera: Tensor | None = None,
    ) -> tuple[Tensor, Appearance, Motion]:
        appearance = self.encode(references, reference_points, reference_camera)
        motion = self.motion(appearance, driving, driving_points, driving_camera)
        return self.render(appearance, motion), appearance, motion
