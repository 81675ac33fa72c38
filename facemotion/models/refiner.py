"""Learned refinement, low to high resolution: look the flow up in the structure volume, correct it, go on finer.

The coarse motion comes first in the list it returns; every level adds its own. After the last level of ours, learned
upsampling makes the image-sized flow, so that no convolution runs at the finest sizes; MRFA's run at all of them.
"""

import torch
from torch import Tensor, nn

from facemotion.models import affine, correlation, grid
from facemotion.models.config import ModelConfig
from facemotion.models.dense_motion import FlowField
from facemotion.models.keypoints import Keypoints
from facemotion.models.structure import StructureEncoder
from facemotion.models.updates import Evidence, LeanUpdate, PublishedUpdate, SharedUpdate
from facemotion.models.upsampling import LearnedUpsampling


class Refiner(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.sizes, self.pyramid = config.refiner, config.pyramid
        self.structure = StructureEncoder(config)
        levels = range(len(self.sizes.levels))
        if config.layout == "published":
            shared = PublishedUpdate(config)
            self.updates = nn.ModuleList(SharedUpdate(config, level, shared) for level in levels)
        else:
            self.updates = nn.ModuleList(LeanUpdate(config, level) for level in levels)
        factor = config.image_size // self.sizes.levels[-1]
        self.upsampling = LearnedUpsampling(self.sizes.widths[-1], factor) if factor > 1 else None

    def encode(self, image: Tensor, keypoints: Keypoints) -> tuple[Tensor, ...]:
        """Of the reference [B, 3, H, H]: its side of the volume, at all scales of the look-up."""
        return correlation.pyramid(self.structure.encode(image, keypoints), self.sizes.scales)

    def forward(
        self,
        features: tuple[Tensor, ...],
        structure: tuple[Tensor, ...],
        reference: Keypoints,
        driving: Keypoints,
        coarse: FlowField,
    ) -> list[FlowField]:
        """`features`: the reference's pyramid, finest first; `structure`: from `encode`. States are [B, 3, n, n]:
        displacement, normalised, and occlusion logit."""
        of_driving = grid.resize_image(self.structure(driving), self.sizes.queries)
        start, hidden = to_state(coarse), None
        change = torch.zeros_like(start)
        fields, state, volumes = [coarse], start, None
        for level, update in zip(self.sizes.levels, self.updates, strict=True):
            change = grid.resize_image(change, level)
            state = grid.resize_image(start, level) + change
            if volumes is None or level <= self.sizes.queries:
                volumes = correlation.volumes(grid.resize_image(of_driving, min(level, self.sizes.queries)), structure)
            looking = to_field(state.detach())
            suggestion = self._suggestion(reference, driving, looking.flow)
            evidence = self._evidence(features, volumes, of_driving, suggestion, looking)
            step = update(evidence, hidden)
            change, hidden = change + step.change, step.hidden
            state = state + step.change
            fields.append(to_field(state))
        if self.upsampling is not None:
            fields.append(to_field(self.upsampling(state, hidden)))
        return fields

    def _evidence(
        self,
        features: tuple[Tensor, ...],
        volumes: list[Tensor],
        of_driving: Tensor,
        suggestion: Tensor,
        field: FlowField,
    ) -> Evidence:
        """For one update. No gradient goes back through where it looked: each level answers for its own change."""
        level = field.flow.shape[-1]
        looked_up = grid.resize(field.flow, min(level, self.sizes.queries))
        window = correlation.look_up(volumes, looked_up, self.sizes.radius)
        return Evidence(
            correlation=window,
            driving=grid.resize_image(of_driving, window.shape[-1]),
            suggestion=suggestion,
            displacement=(field.flow - grid.identity(level, field.flow)) * (level / 2),
            occlusion=field.occlusion,
            context=grid.warp(features[self.pyramid.index(level)], field.flow),
        )

    def _suggestion(self, reference: Keypoints, driving: Keypoints, flow: Tensor) -> Tensor:
        """What each keypoint knows of the motion around it, minus `flow`: [B, 2 K, n, n], in pixels of the level."""
        level = flow.shape[-1]
        bells = affine.gaussians(driving.points, level, self.sizes.variance)
        beyond = affine.local_flows(reference, driving, level) - flow[:, None]
        return (bells[:, :, None] * beyond).flatten(1, 2) * (level / 2)


def to_state(field: FlowField) -> Tensor:
    """Displacements, unlike flows, can be resized and added up as they are."""
    return torch.cat((field.flow - grid.identity(field.flow.shape[-1], field.flow), field.occlusion), 1)


def to_field(state: Tensor) -> FlowField:
    return FlowField(grid.identity(state.shape[-1], state) + state[:, :2], state[:, 2:])
