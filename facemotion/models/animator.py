"""The model behind three switches: motion, refinement, fusion. Photos are encoded once, then moved and rendered."""

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from facemotion.errors import FacemotionError
from facemotion.models import alignment, between, closeups, grid
from facemotion.models.config import ModelConfig
from facemotion.models.dense_motion import FlowField
from facemotion.models.fusion import MOST, Fusion, Mixture, first_of_their_kind, pose_gaps
from facemotion.models.generator import FeaturePyramid, Generator, Openings
from facemotion.models.keypoint_motion import KeypointMotion
from facemotion.models.keypoints import Keypoints
from facemotion.models.landmark_keypoints import points_of
from facemotion.models.landmark_motion import LandmarkMotion
from facemotion.models.many import by_frame, each, of_frames
from facemotion.models.motion_source import MotionSource
from facemotion.models.refiner import Refiner


class Appearance(NamedTuple):
    """What is computed once for the N references of each of B frames. Tensors are [B * N, ...], a frame's references
    one after the other."""

    image: Tensor  # as given
    source: MotionSource
    features: tuple[Tensor, ...]  # finest first
    structure: tuple[Tensor, ...] | None  # the reference's side of the correlation volume, where there is a refiner
    view: tuple[Tensor, ...] | None  # what the background is aligned with
    references: int = 1  # N
    kept: Tensor | None = None  # [B, N]: false where a reference was given before; these and the next, of several alone
    cues: Tensor | None = None  # what tells good references from bad
    openings: Tensor | None = None  # maps of what lies between lips and lids, where landmarks tell

    def of_frames(self, frames: int) -> "Appearance":
        """That of one frame, for so many."""
        each: Appearance = of_frames(self, frames)
        return each


class Background(NamedTuple):
    """How all moves that is not the person: affine [B, 2, 3] of normalised points, driving to reference. Where there is
    no refined one the coarse one stands in for it, where there is none it is at rest."""

    coarse: Tensor | None = None
    refined: Tensor | None = None


AT_REST: Final = Background()


class Motion(NamedTuple):
    """Of N references of each frame all but `driving` is [B * N], as in their Appearance."""

    fields: list[FlowField]  # coarse first; element 0 is the coarse motion, whatever follows
    driving: Keypoints  # [B]
    background: Background
    hint: Tensor | None = None  # of what to paint where no flow can show it: a map of the refiner's


CoarseMotion = KeypointMotion | LandmarkMotion
MOTIONS: Final[dict[str, Callable[[ModelConfig], CoarseMotion]]] = {
    "keypoints": KeypointMotion,
    "landmarks": LandmarkMotion,
    "mixed": LandmarkMotion,
}


class Animator(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.coarse = MOTIONS[config.motion](config)
        self.features = FeaturePyramid(config)
        self.refiner = Refiner(config) if config.refined else None
        self.generator = Generator(config)
        self.fusion = Fusion(config) if config.fusion != "single" else None

    def rest_motion(self) -> None:
        """From now on only what paints and what fuses learns. The features rest, too: the refiner reads them."""
        for part in (self.coarse, self.refiner, self.features):
            if part is not None:
                part.requires_grad_(False)

    def encode(self, references: Tensor, points: Tensor | None = None, camera: Tensor | None = None) -> Appearance:
        """Of photos [B, N, 3, H, H] in [0, 1], H the model's image size or a whole multiple: sharper ones are pasted
        from in their own pixels. Where the motion is told by them: landmarks [B, N, 70, 2], normalised, and how the
        camera moved, see `Face`. Several photos show the same person; their order does not matter."""
        _, count, channels, height, width = references.shape
        size = self.config.image_size
        if channels != 3 or height != width or height % size or not height:
            raise FacemotionError(
                f"references are {tuple(references.shape)}, but this model takes [B, N, 3, {size}, {size}], or as many "
                "pixels a side several times over: resize them"
            )
        most = MOST if self.fusion is not None else 1
        if not 1 <= count <= most:
            can = f"fusion {self.config.fusion!r} takes {'one' if most == 1 else f'1 to {most}'}"
            raise FacemotionError(f"{count} references a frame, but {can}: give as many, or train with another fusion")
        whole = references.flatten(0, 1)
        image = grid.resize_image(whole, size)
        source = self.coarse.encode(image, points.flatten(0, 1) if points is not None else None)
        source = source._replace(camera=camera.flatten(0, 1) if camera is not None else None)
        structure, view = None, None
        if self.refiner is not None:
            source = source._replace(keypoints=self.refiner.look_closer(image, source.keypoints))
            structure = self.refiner.encode(image, source.keypoints)
            if self.config.aligned:
                view = alignment.view(image, self.coarse.belief(source.keypoints))
        features = self.features(image)
        appearance = Appearance(
            whole, source, features, structure, view, count, openings=self._openings(source.keypoints)
        )
        if self.fusion is None or count == 1:
            return appearance
        kept = first_of_their_kind(references)
        return appearance._replace(kept=kept, cues=self.fusion.cues(image, features))

    def motion(
        self,
        appearance: Appearance,
        driving: Tensor | None,
        points: Tensor | None = None,
        camera: Tensor | None = None,
    ) -> Motion:
        """From the driving frames [B, 3, H, H], or, where they tell all, their landmarks [B, 70, 2] and camera."""
        count = appearance.references
        known = appearance.source.keypoints
        # Where a landmark lies that was not found, all references tell.
        known = known if count == 1 else Keypoints(*(by_frame(part, count).mean(1) for part in known))
        keypoints = self.keypoints(driving, points, appearance.source._replace(keypoints=known))
        shown, moved = (each(part, count) if part is not None else None for part in (driving, camera))
        background = Background(self.coarse.background_between(appearance.source, shown, moved))
        coarse = self.coarse(appearance.source, keypoints, background.coarse)
        if appearance.view is not None and shown is not None:
            belief = each(self.coarse.belief(keypoints), count)
            background = background._replace(refined=alignment.align(appearance.view, shown, belief, coarse.flow))
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
            known = appearance.features, appearance.structure, appearance.source.keypoints
            fields, hint = self.refiner(*known, driving, coarse, found, self._ahead(appearance, driving))
        return Motion(fields, driving, background, hint)

    def _ahead(self, appearance: Appearance, driving: Keypoints) -> Tensor | None:
        """Which of several references see the last level of refinement: those nearest in pose; None where all do."""
        count, most = appearance.references, self.config.fuser.finished
        if appearance.kept is None or count <= most:
            return None
        gaps = self._gaps(appearance, driving).masked_fill(~appearance.kept, torch.inf)
        nearest = gaps.topk(most, largest=False).indices
        return (nearest + count * torch.arange(len(nearest), device=nearest.device)[:, None]).flatten()

    def _gaps(self, appearance: Appearance, driving: Keypoints) -> Tensor:
        """How far each reference is from the driving frame in pose [B, N]."""
        read = self.config.coarse_count
        own = by_frame(appearance.source.keypoints.points[:, :read], appearance.references)
        return pose_gaps(own, driving.points[:, :read])

    def mixture(self, appearance: Appearance, motion: Motion) -> Mixture | None:
        """How far each of several references is believed, pixel by pixel; None where there is one."""
        if self.fusion is None or appearance.kept is None or appearance.cues is None:
            return None
        driving = motion.driving.first(self.config.coarse_count)
        gaps = self._gaps(appearance, driving)
        mixed: Mixture = self.fusion(appearance.cues, appearance.kept, gaps, motion.fields, driving)
        return mixed

    def look(self, image: Tensor) -> Keypoints | None:
        """Those keypoints that are found by looking at the image, where there are any."""
        if self.coarse.keypoints is None:
            return None
        found: Keypoints = self.coarse.keypoints(image)
        return self.refiner.look_closer(image, found) if self.refiner is not None else found

    def render(self, appearance: Appearance, motion: Motion) -> Tensor:
        """Frames [B, 3, H, H] in [0, 1]."""
        mixture = self.mixture(appearance, motion)
        wanted, openings = self._openings(motion.driving), None
        if wanted is not None and appearance.openings is not None:
            openings = Openings(appearance.openings, wanted)
        frames: Tensor = self.generator(
            appearance.image, appearance.features, motion.fields, motion.hint, mixture, openings
        )
        return frames

    def _openings(self, keypoints: Keypoints) -> Tensor | None:
        if not self.config.told_openings:
            return None
        # They do not learn by what is painted: the landmarks of clips tell where lips and lids are, not their colours.
        count, looked = self.config.coarse_count, self.config.motion == "keypoints"
        points = closeups.points_of(keypoints, count).detach() if looked else points_of(keypoints)
        return between.maps(points, self.config.image_size)

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
