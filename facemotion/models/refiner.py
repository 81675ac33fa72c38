"""Learned refinement, low to high resolution: look the flow up in the structure volume, correct it, go on finer.

The coarse motion comes first in the list it returns; every level adds its own. After the last level of ours, learned
upsampling makes the image-sized flow, so that no convolution runs at the finest sizes; MRFA's run at all of them.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.models import correlation, grid
from facemotion.models.closeups import Closeups
from facemotion.models.config import ModelConfig
from facemotion.models.dense_motion import FlowField
from facemotion.models.keypoints import Keypoints
from facemotion.models.many import each, keypoints_of_each
from facemotion.models.offers import Offers
from facemotion.models.structure import StructureEncoder
from facemotion.models.updates import Evidence, LeanUpdate, PublishedUpdate, SharedUpdate
from facemotion.models.upsampling import LearnedUpsampling


class Rest(NamedTuple):
    """Where all references of a batch were before the last level, which some of them never see."""

    start: Tensor
    change: Tensor
    hidden: Tensor | None

    def with_those_ahead(
        self, fields: list[FlowField], hidden: Tensor | None, ahead: Tensor, first: int
    ) -> tuple[list[FlowField], Tensor | None]:
        """The fields and the hint of all, from those that end, from the place `first` on, with the ones ahead alone."""
        whole = fields[:first]
        for field in fields[first:]:
            state = _sum(self.start, self.change, field.flow.shape[-1])
            whole.append(to_field(state.index_copy(0, ahead, to_state(field))))
        if hidden is None or self.hidden is None:
            return whole, None
        # Of the others nothing is known of what to paint.
        silent = hidden.new_zeros(len(self.start), *hidden.shape[1:])
        return whole, silent.index_copy(0, ahead, hidden)


class Refiner(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.sizes, self.pyramid, self.count = config.refiner, config.pyramid, config.coarse_count
        self.read = config.keypoint_count
        self.reach = config.coarse.reach or config.refiner.near
        self.lean = config.layout == "lean"
        self.closeups = Closeups(config, config.closeups) if config.closeups is not None else None
        self.structure = StructureEncoder(config)
        levels = range(len(self.sizes.levels))
        self.updates = nn.ModuleList((LeanUpdate if self.lean else PublishedUpdate)(config, level) for level in levels)
        self.shared = None if self.lean else SharedUpdate(config)
        factor = config.image_size // self.sizes.levels[-1]
        self.upsampling = LearnedUpsampling(self.sizes.widths[-1], factor) if factor > 1 else None

    def look_closer(self, image: Tensor, keypoints: Keypoints) -> Keypoints:
        """The coarse keypoints of an image [B, 3, H, H], followed by the finer ones, if any."""
        if self.closeups is None:
            return keypoints
        closer: Keypoints = self.closeups(image, keypoints)
        return closer

    def encode(self, image: Tensor, keypoints: Keypoints) -> tuple[Tensor, ...]:
        """Of the reference [B, 3, H, H]: its side of the volume, at all scales of the look-up."""
        return correlation.pyramid(self.structure.encode(image, keypoints.first(self.read)), self.sizes.scales)

    def forward(
        self,
        features: tuple[Tensor, ...],
        structure: tuple[Tensor, ...],
        reference: Keypoints,
        driving: Keypoints,
        coarse: FlowField,
        background: Tensor,
        ahead: Tensor | None = None,
    ) -> tuple[list[FlowField], Tensor | None]:
        """Flows, and what the last update knows at its level, which helps to paint what no flow can show: ours alone.

        `features`: the reference's pyramid, finest first; `structure`: from `encode`; `background`: affine
        [B, 2, 3], driving to reference. States are [B, 3, n, n]: displacement, normalised, and occlusion logit.

        Of several references all but `driving` are [B * N]; only those at `ahead`, places among them, see the last
        level, if not all do: the others' last change is of the level before."""
        reference, driving = reference.first(self.read), driving.first(self.read)
        count = len(coarse.flow) // len(driving.points)
        of_driving = grid.resize_image(each(self.structure(driving), count), self.sizes.queries)
        driving = keypoints_of_each(driving, count)
        offers = Offers(reference, driving, background, self.count, self.reach, self.sizes.near)
        # No gradient, in ours, goes through the coarse flow, which has a loss of its own: what is made up for here
        # would never be put right there.
        given = FlowField(coarse.flow.detach(), coarse.occlusion) if self.lean else coarse
        start, hidden, volumes = to_state(given), None, None
        change = torch.zeros_like(start)
        fields = [coarse]
        rest = None
        for level, update in zip(self.sizes.levels, self.updates, strict=True):
            if ahead is not None and level == self.sizes.levels[-1]:
                rest = Rest(start, change, hidden)
                start, change, hidden = start[ahead], change[ahead], hidden[ahead] if hidden is not None else None
                of_driving, volumes = of_driving[ahead], None
                structure = tuple(part[ahead] for part in structure)
                finest = self.pyramid.index(level)
                features = (*features[:finest], features[finest][ahead], *features[finest + 1 :])
                reference, driving = (Keypoints(*(part[ahead] for part in one)) for one in (reference, driving))
                offers = Offers(reference, driving, background[ahead], self.count, self.reach, self.sizes.near)
            change = grid.resize_image(change, level)
            asked = min(level, self.sizes.queries)
            if volumes is None or volumes[0].shape[1] != asked**2:
                volumes = correlation.volumes(grid.resize_image(of_driving, asked), structure)
            # No gradient goes back through where it looks: each level answers for its own change.
            looking = to_field((grid.resize_image(start, level) + change).detach())
            evidence = self._evidence(features, volumes, of_driving, offers, looking)
            step = update(evidence, hidden) if self.shared is None else self.shared(evidence, update(evidence))
            change, hidden = change + step.change, step.hidden
            if step.choice is not None:
                change = change + F.pad(offers.taken(step.choice, looking.flow), (0, 0, 0, 0, 0, 1))
            # What a low level changes is smooth; the coarse motion below it keeps its own detail.
            fields.append(to_field(_sum(start, change, max(level, start.shape[-1]))))
        if self.upsampling is not None:
            fields.append(to_field(self.upsampling(_sum(start, change, self.sizes.levels[-1]), hidden)))
        if rest is not None and ahead is not None:
            return rest.with_those_ahead(fields, hidden, ahead, -1 if self.upsampling is None else -2)
        return fields, hidden

    def _evidence(
        self, features: tuple[Tensor, ...], volumes: list[Tensor], of_driving: Tensor, offers: Offers, field: FlowField
    ) -> Evidence:
        """For one update."""
        level = field.flow.shape[-1]
        looked_up = grid.resize(field.flow, min(level, self.sizes.queries))
        window = correlation.look_up(volumes, looked_up, self.sizes.radius)
        pixels = level / 2
        return Evidence(
            correlation=window,
            driving=grid.resize_image(of_driving, window.shape[-1]),
            suggestions=offers.suggestions(field.flow) * pixels,
            displacement=(field.flow - grid.identity(level, field.flow)) * pixels,
            occlusion=field.occlusion,
            context=grid.warp(features[self.pyramid.index(level)], field.flow),
        )


def to_state(field: FlowField) -> Tensor:
    """Displacements, unlike flows, can be resized and added up as they are."""
    return torch.cat((field.flow - grid.identity(field.flow.shape[-1], field.flow), field.occlusion), 1)


def to_field(state: Tensor) -> FlowField:
    return FlowField(grid.identity(state.shape[-1], state) + state[:, :2], state[:, 2:])


def _sum(start: Tensor, change: Tensor, size: int) -> Tensor:
    return grid.resize_image(start, size) + grid.resize_image(change, size)
