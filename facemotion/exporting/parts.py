"""The three parts of an Animator as functions of tensors alone, by name: one reference, one frame at a time."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn

from facemotion.animation.references import CLIP
from facemotion.exporting.trees import named, rebuilt
from facemotion.models import grid, landmark_shape
from facemotion.models.animator import Animator, Appearance, Motion
from facemotion.models.face import reference_size

Tensors = dict[str, Tensor]
NAMES: Final = ("encode", "motion", "render")
FRAME: Final = "frame"
# Coarse noise, made large: pictures with slopes and without steps, as photos are.
PATCHES: Final = 12


class Given(NamedTuple):
    """What a person has of a photo and of a driving frame. Motion by keypoints sees pictures, by landmarks points
    alone, and both in motion 'mixed'."""

    photo: Tensors
    driving: Tensors


class Part(nn.Module):
    """One of NAMES. Traced it takes and gives tensors in the order of `takes` and `gives`."""

    def __init__(self, model: Animator, work: Callable[[Mapping[str, Tensor]], Tensors], example: Tensors) -> None:
        super().__init__()
        self.model = model  # so that its weights are this part's
        self._work, self.takes, self.example = work, list(example), example
        self.gives = list(work(example))

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        return tuple(self._work(dict(zip(self.takes, tensors, strict=True))).values())


def parts(model: Animator) -> dict[str, Part]:
    """Of a model in evaluation mode."""
    given = example(model, seed=0)
    with torch.no_grad():
        appearance = encoded(model, given.photo)
        motion = moved(model, appearance, given.driving)

    known = named(appearance, "appearance")

    def encode(tensors: Mapping[str, Tensor]) -> Tensors:
        found = named(encoded(model, tensors), "appearance")
        # Where it is traced a number is a tensor, too.
        return {name: found[name] for name in known}

    def move(tensors: Mapping[str, Tensor]) -> Tensors:
        return named(moved(model, rebuilt(appearance, "appearance", tensors), tensors), "motion")

    def render(tensors: Mapping[str, Tensor]) -> Tensors:
        made = rebuilt(appearance, "appearance", tensors), rebuilt(motion, "motion", tensors)
        return {FRAME: model.render(*made)}

    with torch.no_grad():
        return {
            "encode": Part(model, encode, given.photo),
            "motion": Part(model, move, known | given.driving),
            "render": Part(model, render, known | named(motion, "motion")),
        }


def encoded(model: Animator, photo: Mapping[str, Tensor]) -> Appearance:
    points = photo.get("photo_points")
    return model.encode(photo["photo"][:, None], points[:, None] if points is not None else None)


def moved(model: Animator, appearance: Appearance, driving: Mapping[str, Any]) -> Motion:
    return model.motion(appearance, driving.get("driving"), driving.get("driving_points"))


def photo_size(model: Animator) -> int:
    return reference_size(model.config.image_size, CLIP)


def example(model: Animator, seed: int) -> Given:
    """A photo and a driving frame of the right kind, of nobody."""
    noise = torch.Generator().manual_seed(seed)
    size, kind = model.config.image_size, model.config.motion
    pictures = grid.resize_image(torch.rand(2, 3, PATCHES, PATCHES, generator=noise), size)
    photo = {"photo": grid.resize_image(pictures[:1], photo_size(model))}
    driving = {"driving": pictures[1:]}
    if kind == "landmarks":
        driving = {}
    if kind != "keypoints":
        face = 0.5 * landmark_shape.usual(pictures)
        stirred = [face + 0.02 * torch.randn(face.shape, generator=noise) for _ in range(2)]
        photo["photo_points"], driving["driving_points"] = stirred
    return Given(photo, driving)
