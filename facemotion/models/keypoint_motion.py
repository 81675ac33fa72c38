"""Coarse motion by unsupervised keypoints."""

from typing import Final

from torch import Tensor, nn

from facemotion.errors import FacemotionError
from facemotion.models import beliefs, grid
from facemotion.models.background import BackgroundMotion
from facemotion.models.config import ModelConfig
from facemotion.models.dense_motion import DenseMotion, FlowField
from facemotion.models.keypoints import KeypointDetector, Keypoints
from facemotion.models.many import keypoints_of_each
from facemotion.models.motion_source import MotionSource

# Where nothing is presumed of how far a keypoint reaches, but the background has to be told from the person.
WITHOUT_REACH: Final = 0.2


class KeypointMotion(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.looked = slice(None)
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

    def find(self, image: Tensor | None, points: Tensor | None, known: MotionSource | None = None) -> Keypoints:
        """In an image [B, 3, H, H]; landmarks are not asked."""
        if image is None:
            raise FacemotionError("motion 'keypoints' is seen in pictures: give the frames, not their landmarks alone")
        found: Keypoints = self.keypoints(image)
        return found

    def belief(self, keypoints: Keypoints) -> Tensor:
        """How much each pixel [B, 1, h, h] is thought to be background: what no coarse keypoint is near."""
        return beliefs.background(keypoints.points[:, : self.count].detach(), self.size, self.reach)

    def background_between(self, source: MotionSource, driving: Tensor | None, camera: Tensor | None) -> Tensor | None:
        """Affine [B, 2, 3] of normalised points from the driving image [B, 3, H, H] to the reference; it is seen in the
        pictures."""
        if self.background is None or source.background is None or driving is None:
            return None
        between: Tensor = self.background(source.background, grid.resize_image(driving, self.size))
        return between

    def forward(self, source: MotionSource, driving: Keypoints, background: Tensor | None) -> FlowField:
        given = keypoints_of_each(driving.first(self.count), len(source.image) // len(driving.points))
        field: FlowField = self.dense(source.image, source.bells, source.keypoints.first(self.count), given, background)
        return field
