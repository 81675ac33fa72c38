"""The reference bent through its landmarks, nothing learnt: true where landmarks tell all, at rest at the border."""

import pytest
import torch
from torch import Tensor

from facemotion.evaluation.untrained import Untrained
from facemotion.landmarks.layout import N_POINTS
from facemotion.models import grid
from facemotion.models.face import Face

SIZE = 64


def smooth_image(count: int = 1) -> Tensor:
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bicubic", align_corners=False).clamp(0, 1)


def points(count: int = 1, seed: int = 2) -> Tensor:
    return torch.rand(count, N_POINTS, 2, generator=torch.Generator().manual_seed(seed)) - 0.5


@pytest.fixture
def reference() -> Face:
    return Face(smooth_image(), points())


def test_landmarks_that_rest_leave_the_picture_as_it_is(reference: Face) -> None:
    made = Untrained(SIZE).make(reference, reference)
    assert torch.allclose(made.frames, reference.image, atol=1e-3)


def test_what_lies_at_a_landmark_goes_where_the_landmark_goes(reference: Face) -> None:
    driving = Face(smooth_image(2), torch.stack((reference.points[0] * 1.2, reference.points[0] + 0.15)))
    made = Untrained(SIZE).make(reference, driving)
    (flow,) = made.flows
    looked = grid.warp(flow, driving.points.mT[..., None])[..., 0].mT
    assert (looked - reference.points).abs().max() < 0.02
    border = torch.cat((flow[..., 0, :], flow[..., -1, :]), -1)
    still = grid.identity(SIZE, flow)
    assert (border - torch.cat((still[..., 0, :], still[..., -1, :]), -1)).abs().max() < 0.05


def test_the_driving_pixels_are_not_looked_at(reference: Face) -> None:
    variant, where = Untrained(SIZE), points(3, seed=3)
    one, other = (variant.make(reference, Face(torch.rand(3, 3, SIZE, SIZE), where)) for _ in range(2))
    assert torch.equal(one.frames, other.frames)


def test_a_frame_without_landmarks_shows_the_reference(reference: Face) -> None:
    lost = torch.full((1, N_POINTS, 2), float("nan"))
    made = Untrained(SIZE).make(reference, Face(smooth_image(), lost))
    assert torch.allclose(made.frames, reference.image, atol=1e-3)
