"""Finer keypoints in a window, and what the refiner may take from them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from facemotion.models import affine, grid
from facemotion.models.animator import Animator
from facemotion.models.closeups import BETWEEN_EYES, LOOKED_FOR, UNIT, Closeups, points_of
from facemotion.models.keypoints import Keypoints, layout
from facemotion.models.landmark_shape import USUAL
from facemotion.models.offers import Offers
from facemotion.models.presets import preset

TINY = preset("tiny")
K = TINY.keypoints.count
STILL = torch.eye(2, 3)[None]


def upright(points: Tensor) -> Keypoints:
    return Keypoints(points, torch.eye(2).expand(*points.shape[:2], 2, 2))


@pytest.fixture(scope="module")
def closeups() -> Closeups:
    assert TINY.refiner.closeups is not None
    torch.manual_seed(0)
    return Closeups(TINY, TINY.refiner.closeups).eval()


def test_coarse_keypoints_come_first_and_the_finer_ones_begin_at_eyes_and_lips(closeups: Closeups) -> None:
    coarse = upright(layout(K)[None])
    with torch.no_grad():
        found = closeups(torch.rand(1, 3, 64, 64), coarse)
    assert torch.equal(found.points[:, :K], coarse.points)
    begin = torch.tensor(BETWEEN_EYES) + UNIT * torch.tensor(USUAL)
    assert (found.points[0, K:] - begin[list(LOOKED_FOR)]).norm(dim=-1).mean() < 0.05
    assert torch.equal(points_of(found, K)[0, list(LOOKED_FOR)], found.points[0, K:])


def test_finer_keypoints_go_with_the_face(closeups: Closeups) -> None:
    image = torch.rand(1, 3, 64, 64)
    shift = torch.tensor([8, -4]) * (2 / 64)
    with torch.no_grad():
        here = closeups(image, upright(layout(K)[None]))
        there = closeups(image.roll((-4, 8), (2, 3)), upright(layout(K)[None] + shift))
    torch.testing.assert_close(there.points[:, K:], here.points[:, K:] + shift, atol=0.05, rtol=0)


@given(st.lists(st.floats(-0.3, 0.3), min_size=6, max_size=6))
@settings(max_examples=20)
def test_windows_turn_and_stretch_as_the_face_does(entries: list[float]) -> None:
    """By any affine motion of all keypoints; a ridge takes a little off."""
    assert TINY.refiner.closeups is not None
    model = Closeups(TINY, TINY.refiner.closeups)
    change = torch.tensor(entries).view(2, 3)
    matrix, shift = torch.eye(2) + change[:, :2], change[:, 2]
    turn, moved = model._face((layout(K) @ matrix.T + shift)[None])
    assert (turn[0] - matrix).abs().max() < 0.05
    assert (moved[0] - shift).abs().max() < 0.02


def test_they_can_tell_a_blink(closeups: Closeups) -> None:
    """A few steps teach the points of an eye to follow what only they can see: a bar that moves up and down."""
    torch.manual_seed(0)
    model = Closeups(TINY, closeups.sizes)
    heights = torch.linspace(-0.35, -0.15, 8)
    y = grid.identity(64, heights)[0, 1]
    images = torch.stack([(0.5 + 0.5 * ((y - height).abs() < 0.05)).expand(3, -1, -1) for height in heights])
    coarse = upright(layout(K).expand(8, -1, -1))
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(40):
        apart = (model(images, coarse).points[:, K : K + 2, 1] - heights[:, None]).abs().mean()
        optimiser.zero_grad()
        apart.backward()
        optimiser.step()
    assert apart < 0.03


def test_between_lips_that_are_found_apart_is_painted_and_nothing_else() -> None:
    torch.manual_seed(0)
    model = Animator(TINY).eval()
    noise = torch.rand(1, 1, 3, 64, 64)
    parted = LOOKED_FOR.index(66)
    with torch.no_grad():
        appearance = model.encode(noise)
        motion = model.move(appearance, appearance.source.keypoints)
        points = motion.driving.points.clone()
        lower = [K + LOOKED_FOR.index(point) for point in (65, 66, 67)]
        points[:, lower, 1] += 0.25
        still = model.render(appearance, motion)
        open_ = model.render(appearance, motion._replace(driving=motion.driving._replace(points=points)))
    apart = (open_ - still).abs().amax((0, 1))
    x, y = ((1 + points[0, K + parted]) * 32).long().tolist()
    assert apart[y - 3, x] > 0.05
    low, high = points[0, K + LOOKED_FOR.index(60)], points[0, K + LOOKED_FOR.index(64)]
    columns = grid.identity(64, apart)[0, 0, 0]
    outside = (columns < low[0] - 0.1) | (columns > high[0] + 0.1)
    assert apart[:, outside].max() < 1e-6


def offers(shift: float, background: Tensor = STILL) -> Offers:
    """Two coarse keypoints at rest and a finer one in the middle whose surroundings lie `shift` to the right."""
    driving = upright(torch.tensor([[[-0.8, -0.8], [0.0, 0.05], [0.0, 0.0]]]))
    reference = upright(driving.points + torch.tensor([[[0.0, 0.0], [0.0, 0.0], [shift, 0.0]]]))
    return Offers(reference, driving, background, 2, 0.2, 0.1)


def test_nothing_is_taken_where_all_agree() -> None:
    flow = grid.identity(32, STILL)
    assert offers(0.0).taken(torch.randn(1, 3, 32, 32), flow).abs().max() < 1e-6
    assert offers(0.0).suggestions(flow).abs().max() < 1e-6


def test_a_finer_keypoint_moves_its_neighbourhood_at_first() -> None:
    change = offers(0.2).taken(torch.zeros(1, 3, 32, 32), grid.identity(32, STILL))[0]
    assert change[0, 15:17, 15:17].mean() > 0.1
    assert change[0, :, :4].abs().max() < 1e-3
    assert change[1].abs().max() < 1e-6


def test_what_is_chosen_is_what_comes() -> None:
    flow = grid.identity(32, STILL)
    panned = torch.tensor([[[1.0, 0.0, 0.3], [0.0, 1.0, -0.1]]])
    choice = torch.zeros(1, 3, 32, 32)
    choice[:, 1] = 200
    change = offers(0.2, panned).taken(choice, flow)
    torch.testing.assert_close(flow + change, affine.affine_flow(panned, 32), atol=1e-5, rtol=0)
    choice[:, 0] = 400
    assert offers(0.2, panned).taken(choice, flow).abs().max() < 1e-5
