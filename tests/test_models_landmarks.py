"""Motion told by landmarks: closed form where points tell all, and what is missing among them."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_models_animator import TINY, images, scrambled
from torch import Tensor

from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import LIPS, N_POINTS, RIGID
from facemotion.models import affine, grid, landmark_keypoints, landmark_shape
from facemotion.models.animator import Animator
from facemotion.models.face_parts import BEHIND, MOVING, PARTS
from facemotion.models.landmark_motion import LandmarkMotion

COARSE = TINY.model_copy(update={"motion": "landmarks", "refined": False})
numbers = st.floats(-0.3, 0.3)


def similarity(scale: float, turn: float, x: float, y: float, dtype: torch.dtype = torch.float32) -> Tensor:
    cos, sin = scale * math.cos(turn), scale * math.sin(turn)
    return torch.tensor([[[cos, -sin, x], [sin, cos, y]]], dtype=dtype)


def moved(points: Tensor, by: Tensor) -> Tensor:
    return affine.transform(by[:, None, :, :2], points) + by[:, None, :, 2]


def face(seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Points [1, 70, 2] of somebody, in the middle of a picture."""
    own = landmark_shape.usual(torch.zeros(1, dtype=dtype)).to(dtype) + torch.tensor([0.0, -0.4], dtype=dtype)
    noise = torch.randn(1, N_POINTS, 2, generator=torch.Generator().manual_seed(seed)).to(dtype)
    return 0.5 * own + 0.01 * noise


@given(st.floats(0.5, 1.5), st.floats(-0.8, 0.8), numbers, numbers)
def test_the_head_is_found_wherever_it_lies(scale: float, turn: float, x: float, y: float) -> None:
    by = similarity(scale, turn, x, y)
    usual = landmark_shape.usual(by)
    found = landmark_shape.head(moved(0.5 * usual, by), usual)
    assert torch.allclose(found.matrix, 0.5 * by[..., :2], atol=1e-3)
    assert torch.allclose(found.shift, by[..., 2], atol=1e-3)


def test_one_stiff_point_gone_astray_does_not_turn_the_head() -> None:
    usual = landmark_shape.usual(torch.zeros(1))
    astray = usual.clone()
    astray[:, 36] += torch.tensor([0.4, -0.4])
    found = landmark_shape.head(astray, usual)
    assert (found.of(usual) - usual)[:, 30].norm() < 0.03
    assert torch.linalg.matrix_norm(found.matrix - torch.eye(2)).item() < 0.06


def test_speech_moves_the_lips_and_not_the_head() -> None:
    usual = landmark_shape.usual(torch.zeros(1))
    speaking = usual.clone()
    speaking[:, list(LIPS)[8:]] += torch.tensor([0.0, 0.15])
    assert (landmark_shape.head(speaking, usual).of(usual) - usual).abs().max() < 0.02


@given(st.sets(st.integers(0, N_POINTS - 1), min_size=5, max_size=40), st.integers(0, 5))
def test_points_that_were_not_found_move_with_the_head(kept: set[int], seed: int) -> None:
    person = face(seed)
    by = similarity(1.1, 0.2, 0.1, -0.05)
    told = moved(person, by)
    told[:, [k for k in range(N_POINTS) if k not in kept]] = torch.nan
    filled = landmark_shape.complete(told, person)
    assert filled.isfinite().all()
    assert torch.equal(filled[:, sorted(kept)], told[:, sorted(kept)])
    spread = person[0, sorted(kept)].std(0).amin()
    if spread > 0.15:  # points all in one corner of the face tell little of where the rest is
        assert (filled - moved(person, by)).norm(dim=-1).max() < 0.05


@pytest.mark.parametrize("left", [0, 1, 2])
def test_few_points_or_none_are_still_a_face(left: int) -> None:
    told = torch.full((1, N_POINTS, 2), torch.nan)
    told[:, :left] = face()[:, :left]
    found, _ = landmark_keypoints.keypoints(landmark_shape.complete(told, face()))
    assert all(part.isfinite().all() for part in found)


def test_gradients_are_right_and_finite_where_points_coincide_or_lie_on_a_line() -> None:
    def of(points: Tensor) -> tuple[Tensor, Tensor]:
        found, _ = landmark_keypoints.keypoints(points)
        return found.points, found.jacobians

    usual = face(dtype=torch.float64)
    closed, line, one = usual.clone(), usual.clone(), torch.zeros_like(usual)
    closed[:, [37, 38]] = closed[:, [41, 40]]
    line[..., 1] = 0.5 * line[..., 0]
    for points in (usual, closed, line):
        # Along directions drawn at random: one coordinate after the other takes a hundred times as long.
        assert torch.autograd.gradcheck(of, points.requires_grad_(), atol=1e-4, fast_mode=True)
    one.requires_grad_()
    torch.autograd.backward([part.sum() for part in of(one)])
    assert one.grad is not None
    assert one.grad.isfinite().all()


@pytest.fixture(scope="module")
def model() -> Animator:
    return scrambled(COARSE)


def test_the_driving_picture_is_not_asked(model: Animator) -> None:
    photo, points = images(1)[:, None], face()
    told = moved(points, similarity(1.0, 0.1, 0.1, 0.0))
    with torch.no_grad():
        appearance = model.encode(photo, points[:, None])
        frames = [
            model.render(appearance, model.motion(appearance, image, told))
            for image in (None, images(1, 7), torch.full((1, 3, 64, 64), torch.nan))
        ]
    assert torch.equal(frames[0], frames[1])
    assert torch.equal(frames[0], frames[2])


def test_the_same_landmarks_move_nothing_and_missing_ones_are_said() -> None:
    still = LandmarkMotion(COARSE).eval()
    torch.nn.init.zeros_(still.residual.weight)
    with torch.no_grad():
        source = still.encode(images(1), face())
        field = still(source, still.find(None, face(), source), None)
    assert (field.flow - grid.identity(64, field.flow)).abs().max() < 1e-5
    with pytest.raises(FacemotionError, match="landmarks"):
        still.find(images(1), None)


def test_the_camera_moves_the_background(model: Animator) -> None:
    """By as much as it moved between the two frames, whatever frame they share."""
    coarse = model.coarse
    assert isinstance(coarse, LandmarkMotion)
    source = coarse.encode(images(1), face())._replace(camera=similarity(1.0, 0.0, 0.05, 0.1))
    between = coarse.background_between(source, None, similarity(1.0, 0.0, 0.25, 0.1))
    assert between is not None
    assert torch.allclose(between, similarity(1.0, 0.0, 0.2, 0.0), atol=1e-6)
    assert coarse.background_between(source, None, None) is None
    flows = coarse.candidates(source.keypoints, source.keypoints, between, 16)
    gone = (flows[:, 0] - grid.identity(16, flows)).flatten(2)
    assert torch.allclose(gone, torch.tensor([0.2, 0.0])[:, None], atol=1e-5)


def test_each_candidate_carries_its_own_points() -> None:
    """Without a network: the flow of a part takes its driving points to where the reference has them."""
    motion = LandmarkMotion(COARSE)
    reference, driving = face(1), moved(face(1), similarity(1.0, 0.15, 0.1, 0.05))
    driving[:, list(LIPS)] += torch.tensor([0.0, 0.06])
    found = [landmark_keypoints.keypoints(points)[0] for points in (reference, driving)]
    flows = motion.candidates(*found, None, 128)
    lips = flows[:, 1 + len(MOVING)]
    where = driving[:, None, list(LIPS)]
    seen = torch.nn.functional.grid_sample(lips, where, align_corners=False)[:, :, 0].transpose(1, 2)
    assert (seen - reference[:, list(LIPS)]).norm(dim=-1).max() < 0.02
    head = torch.nn.functional.grid_sample(flows[:, 1], where, align_corners=False)[:, :, 0].transpose(1, 2)
    assert (head - reference[:, list(LIPS)]).norm(dim=-1).mean() > 0.04


def test_parts_and_points_have_their_places() -> None:
    points = face(3)
    found, _ = landmark_keypoints.keypoints(points)
    assert torch.allclose(landmark_keypoints.points_of(found), points)
    assert torch.allclose(found.points[:, 0], points[:, list(RIGID)].mean(1))
    assert found.points.shape[1] == len(PARTS) + len(BEHIND) + N_POINTS
