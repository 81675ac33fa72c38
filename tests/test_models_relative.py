"""Relative motion: what the driver did since the start, done to another's keypoints."""

import pytest
import torch
from test_models_animator import TINY, images, scrambled
from torch import Tensor

from facemotion.evaluation.variants import ABSOLUTE, Animated
from facemotion.landmarks.layout import N_POINTS
from facemotion.models import landmark_shape
from facemotion.models.animator import Animator
from facemotion.models.face import Face
from facemotion.models.keypoints import Keypoints
from facemotion.models.relative import relative, size_ratio


@pytest.fixture(scope="module")
def model() -> Animator:
    return scrambled(TINY)


def keypoints(seed: int, batch: int = 2) -> Keypoints:
    generator = torch.Generator().manual_seed(seed)
    points = torch.rand(batch, 5, 2, generator=generator) * 1.6 - 0.8
    return Keypoints(points, torch.eye(2) + 0.3 * (torch.rand(batch, 5, 2, 2, generator=generator) - 0.5))


def near(one: Keypoints, other: Keypoints) -> bool:
    return all(torch.allclose(a, b, atol=1e-5) for a, b in zip(one, other, strict=True))


def test_a_driver_who_starts_as_the_reference_moves_it_absolutely() -> None:
    reference, driving = keypoints(0), keypoints(1)
    assert near(relative(reference, reference, driving), driving)


def test_a_driver_at_rest_leaves_the_reference_as_it_is() -> None:
    reference, start = keypoints(0), keypoints(1)
    assert near(relative(reference, start, start), reference)


def test_where_the_whole_driving_clip_lies_changes_nothing() -> None:
    reference, start, driving = keypoints(0), keypoints(1), keypoints(2)
    moved = [one._replace(points=one.points + torch.tensor([0.2, -0.1])) for one in (start, driving)]
    assert near(relative(reference, *moved), relative(reference, start, driving))


def test_a_turn_of_the_driver_turns_the_reference_by_as_much() -> None:
    reference, start = keypoints(0), keypoints(1)
    turn = torch.tensor([[0.8, -0.6], [0.6, 0.8]])
    found = relative(reference, start, start._replace(jacobians=turn @ start.jacobians))
    assert torch.allclose(found.jacobians, turn @ reference.jacobians, atol=1e-5)


def test_a_larger_face_moves_further() -> None:
    start, driving = keypoints(1), keypoints(2)
    large = start._replace(points=1.5 * start.points + 0.1)
    ratio = size_ratio(large, start)
    assert torch.allclose(ratio, torch.full_like(ratio, 1.5))
    moved = relative(large, start, driving, ratio).points - large.points
    assert torch.allclose(moved, 1.5 * (driving.points - start.points), atol=1e-5)


def faces(count: int, seed: int) -> Face:
    points = torch.rand(count, N_POINTS, 2, generator=torch.Generator().manual_seed(seed)) - 0.5
    return Face(images(count, seed), points)


def expanded(face: Face, count: int) -> Face:
    return Face(*(part.expand(count, *part.shape[1:]).contiguous() for part in face if part is not None))


def spread_of(frames: Tensor, others: Tensor) -> float:
    return float((frames - others).abs().max())


def test_a_variant_drives_relative_to_the_start_and_as_it_is(model: Animator) -> None:
    variant = Animated(model)
    reference, start, driving = faces(1, 1), faces(1, 2), faces(3, 3)
    made = variant.across(reference, start, driving)
    assert set(made) == {"", ABSOLUTE}
    assert spread_of(made[""].frames, made[ABSOLUTE].frames) > 1e-3
    alike = variant.across(reference, reference, driving)
    assert spread_of(alike[""].frames, alike[ABSOLUTE].frames) < 1e-4
    still = variant.across(reference, start, expanded(start, 3))
    assert spread_of(still[""].flows[0], variant.across(reference, reference, reference)[""].flows[0]) < 1e-5


@pytest.mark.parametrize("motion", ["landmarks", "mixed"])
def test_landmarks_of_another_are_carried_over(motion: str) -> None:
    variant = Animated(scrambled(TINY.model_copy(update={"motion": motion, "refined": False})))
    usual = 0.5 * landmark_shape.usual(torch.zeros(1))
    reference, start = faces(1, 1)._replace(points=usual), faces(1, 2)._replace(points=0.8 * usual + 0.05)
    driving = expanded(start, 3)._replace(
        points=start.points + torch.tensor([[[0.0, 0.0]], [[0.1, 0.0]], [[0.0, 0.1]]])
    )
    made = variant.across(reference, start, driving)
    assert spread_of(made[""].frames, made[ABSOLUTE].frames) > 1e-3
    still = variant.across(reference, reference, reference)
    assert spread_of(made[""].flows[0][:1], still[""].flows[0]) < 1e-3
    alike = variant.across(reference, reference, expanded(reference, 3)._replace(points=driving.points))
    assert spread_of(alike[""].flows[0], alike[ABSOLUTE].flows[0]) < 1e-3


def test_one_reference_for_all_frames_is_as_good_as_one_each(model: Animator) -> None:
    variant, reference, driving = Animated(model), faces(1, 1), faces(3, 3)
    one, each = variant.make(reference, driving), variant.make(expanded(reference, 3), driving)
    assert torch.allclose(one.frames, each.frames, atol=1e-5)
    kept = variant.keeping(reference)
    assert torch.allclose(
        torch.cat([kept(Face(*(part[k : k + 1] for part in driving if part is not None))).frames for k in range(3)]),
        one.frames,
        atol=1e-4,
    )
