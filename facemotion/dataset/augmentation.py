"""Decoded pairs to a batch that a model trains on: at its size, mirrored, moved and coloured at random, all in one go,
on the device where the batch is to be used."""

import math
from dataclasses import dataclass
from typing import Final, Protocol

import torch
from torch import Tensor

from facemotion.dataset.pixels import Colours, augmented, plain
from facemotion.dataset.spoiling import spoil
from facemotion.landmarks.layout import MIRROR
from facemotion.models import affine
from facemotion.models.alignment import maps
from facemotion.models.face import reference_size
from facemotion.models.grid import resize_image

# The weights of luma in BT.601, for saturation.
LUMA: Final = (0.299, 0.587, 0.114)


class AugmentationRules(Protocol):
    @property
    def flip(self) -> float: ...
    @property
    def colour(self) -> float: ...
    @property
    def moved(self) -> float: ...
    @property
    def shift(self) -> float: ...
    @property
    def turn(self) -> float: ...
    @property
    def zoom(self) -> float: ...
    @property
    def apart(self) -> float: ...
    @property
    def dropped(self) -> float: ...


@dataclass(frozen=True)
class Frames:
    """Decoded pairs: the reference, the driving frame, then the other references, F frames in all. Images [B, F, H, H,
    3] uint8; points [B, F, 70, 2] in pixels, (0, 0) the centre of the top-left pixel, NaN where not found; how the
    camera moved since the clip's first frame [B, F, 4], see `camera`; the pairs' random numbers, see sampling.Pair; how
    the other references are to be spoilt [B, F - 2]."""

    index: Tensor
    images: Tensor
    points: Tensor
    camera: Tensor
    uniforms: Tensor
    normals: Tensor
    spoilt: Tensor

    def to(self, device: torch.device) -> "Frames":
        parts = (self.index, self.images, self.points, self.camera, self.uniforms, self.normals, self.spoilt)
        return Frames(*(part.to(device, non_blocking=True) for part in parts))


@dataclass(frozen=True)
class Batch:
    """Images [B, 3, S, S] in [0, 1], those of references at `reference_size`, as is `sharp`: the driving frame with
    more of its detail than models are shown. Points [B, 70, 2] normalised to -1..1 over the image's edges; the random
    numbers that are left for the losses. `told`: of the driving points those that a model is told, NaN where dropped.
    Cameras: affine maps [B, 2, 3] that carry a frame's background to where the clip's first frame has it. The other
    references are [B, N - 1, ...], of which there may be none."""

    index: Tensor
    reference: Tensor
    driving: Tensor
    reference_points: Tensor
    driving_points: Tensor
    told: Tensor
    reference_camera: Tensor
    driving_camera: Tensor
    normals: Tensor
    others: Tensor
    other_points: Tensor
    other_cameras: Tensor
    sharp: Tensor

    @property
    def references(self) -> int:
        return 1 + self.others.shape[1]


def told(batch: Batch, rows: int | None = None, references: int | None = None) -> tuple[Tensor, ...]:
    """What a model is told of the first pairs, or of all: of the first references each, or of all, and of the driving
    frames, their pictures, landmarks and cameras."""
    images, points, cameras = (
        torch.cat((first[:, None], others), 1)[:, :references] if others.shape[1] else first[:, None]
        for first, others in (
            (batch.reference, batch.others),
            (batch.reference_points, batch.other_points),
            (batch.reference_camera, batch.other_cameras),
        )
    )
    parts = (images, batch.driving, points, batch.told, cameras, batch.driving_camera)
    return tuple(part[:rows] for part in parts)


# A pair's frames: the reference, the driving frame, other references.
DRIVING: Final = 1
# How many of a pair's normal numbers augmentation takes from the front.
TAKEN: Final = 8
# Of a pair's landmarks at most this share is dropped.
MOST_DROPPED: Final = 0.95


def prepare(frames: Frames, size: int, rules: AugmentationRules | None) -> Batch:
    """The batch at a model's size, areas averaged; augmented where there are rules for it."""
    count, shown, edge = frames.images.shape[:3]
    points = (2 * frames.points.flatten(0, 1) + 1) / edge - 1
    camera = maps(frames.camera.flatten(0, 1))
    sharp = reference_size(size, edge)
    if rules is None:
        planes = [plain(frames.images[:, place], sharp) for place in range(shown)]
    else:
        moves, colours = _moves(frames, rules), _colours(frames, rules.colour)
        each = moves.view(count, shown, 2, 3)
        planes = [augmented(frames.images[:, place], each[:, place], colours, sharp) for place in range(shown)]
        points = _moved_points(points, moves)
        camera = affine.chained(camera, moves)
    points, camera = points.view(count, shown, *points.shape[1:]), camera.view(count, shown, 2, 3)
    told = points[:, DRIVING] if rules is None else _without(points[:, DRIVING], frames, rules.dropped)
    normals = frames.normals[:, TAKEN:]
    others = planes[0].new_empty(count, 0, 3, sharp, sharp)
    if shown > 2:
        others = spoil(torch.stack(planes[2:], 1), frames.spoilt, frames.index)
    driving = resize_image(planes[DRIVING], size)
    first = (planes[0], driving, points[:, 0], points[:, DRIVING], told, camera[:, 0], camera[:, DRIVING])
    return Batch(frames.index, *first, normals, others, points[:, 2:], camera[:, 2:], planes[DRIVING])


def _without(points: Tensor, frames: Frames, share: float) -> Tensor:
    """In a share of the pairs few or most of the driving points [B, 70, 2] are gone."""
    amounts = MOST_DROPPED * frames.uniforms[:, 6] * (frames.uniforms[:, 5] < share)
    lots = torch.special.ndtr(frames.normals[:, -points.shape[1] :])
    return points.masked_fill((lots < amounts[:, None])[..., None], float("nan"))


def _moves(frames: Frames, rules: AugmentationRules) -> Tensor:
    """Affine maps [F B, 2, 3] of normalised points, new image to decoded one; a pair's frames follow each other."""
    shared, count = frames.normals[:, :4], frames.images.shape[1]
    rest = torch.zeros_like(shared)
    alone = torch.stack((rest, rules.apart * frames.normals[:, 4:8], *[rest] * (count - 2)), 1)
    moved = frames.uniforms[:, 4] < rules.moved
    amounts = (moved[:, None, None] * (shared[:, None] + alone)).clamp(-2, 2).flatten(0, 1)
    angle = amounts[:, 0] * math.radians(rules.turn)
    scale = torch.exp(amounts[:, 1] * rules.zoom)
    mirror = 1 - 2 * (frames.uniforms[:, 0] < rules.flip).float().repeat_interleave(count)
    cos, sin = scale * torch.cos(angle), scale * torch.sin(angle)
    rows = (mirror * cos, -mirror * sin, amounts[:, 2] * rules.shift, sin, cos, amounts[:, 3] * rules.shift)
    return torch.stack(rows, 1).view(-1, 2, 3)


def _moved_points(points: Tensor, moves: Tensor) -> Tensor:
    """Normalised points where the new images show them, left and right exchanged where they are mirrored."""
    linear, offset = moves[:, :, :2], moves[:, :, 2]
    back = torch.linalg.inv(linear)
    points = (points - offset[:, None]) @ back.transpose(1, 2)
    mirrored = torch.det(linear) < 0
    order = torch.tensor(MIRROR, device=points.device)
    return torch.where(mirrored[:, None, None], points[:, order], points)


def _colours(frames: Frames, strength: float) -> Colours:
    """Gain, contrast around mid-grey and saturation of each pair [B], the same for its frames."""
    gain, contrast, saturation = (1 + strength * (2 * frames.uniforms[:, 1:4] - 1)).unbind(1)
    scale = gain * contrast / 255
    luma = torch.tensor(LUMA, device=gain.device)
    parts = scale * saturation, (scale * (1 - saturation))[:, None] * luma, 0.5 * (1 - contrast)
    return Colours(*parts)
