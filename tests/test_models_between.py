"""What lies between lips and lids: where the maps say so, and that nothing is said where nothing is open."""

import cv2
import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from test_models_landmarks import face, moved, similarity
from torch import Tensor

from facemotion.landmarks.layout import MIRROR
from facemotion.models import between, grid

SIZE = 64
numbers = st.floats(-0.2, 0.2)


def opened(points: Tensor, lips: float, lids: float = 0.0) -> Tensor:
    """The same face: lips and lids apart by so much, in its own directions."""
    points = points.clone()
    for upper, lower, by in [(*between.MOUTH, lips), *((*eye[:2], lids) for eye in between.EYES)]:
        start, end = points[:, upper[0]], points[:, upper[-1]]
        down = torch.stack((start[:, 1] - end[:, 1], end[:, 0] - start[:, 0]), -1)
        down = down / down.norm(dim=-1, keepdim=True)
        for k in range(1, len(upper) - 1):
            line = start + (end - start) * k / (len(upper) - 1)
            points[:, upper[k]] = line - by / 2 * down
            points[:, lower[k]] = line + by / 2 * down
    return points


def area(points: Tensor, outline: tuple[int, ...]) -> float:
    """In pixels."""
    corners = points[0, list(outline)].numpy().astype(np.float32) * SIZE / 2
    return float(cv2.contourArea(corners))


def ring(upper: tuple[int, ...], lower: tuple[int, ...]) -> tuple[int, ...]:
    return (*upper, *lower[-2:0:-1])


def test_where_all_is_shut_they_say_nothing() -> None:
    assert between.maps(opened(face(), 0.0), SIZE).abs().max() < 1e-5


@given(st.floats(0.02, 0.4), st.floats(0.02, 0.15), st.floats(0.6, 1.4), st.floats(-0.8, 0.8), numbers, numbers)
def test_as_much_is_inside_as_the_lines_enclose(
    lips: float, lids: float, scale: float, turn: float, x: float, y: float
) -> None:
    points = moved(opened(face(), lips, lids), similarity(scale, turn, x, y))
    found = between.maps(points, SIZE)[0]
    mouth = area(points, ring(*between.MOUTH))
    eyes = sum(area(points, ring(*eye[:2])) for eye in between.EYES)
    assert abs(float(found[0].sum()) - mouth) < 0.08 * mouth + 1.5
    assert abs(float(found[4].sum()) - eyes) < 0.12 * eyes + 1.5


@given(st.floats(0.05, 0.3), st.floats(-0.6, 0.6))
def test_above_and_below_add_up_to_the_opening(lips: float, turn: float) -> None:
    points = moved(opened(face(), lips), similarity(1.0, turn, 0.0, 0.0))
    inside, above, below, _ = between.maps(points, SIZE)[0, :4]
    whole = inside > 0.999
    if whole.any():
        assert float((above + below)[whole].max()) <= between.DEEP * lips * 1.001


def test_the_pupil_is_near_where_it_is() -> None:
    points = opened(face(), 0.1, 0.1)
    near = between.maps(points, SIZE)[0, 5]
    for eye in between.EYES:
        x, y = grid.to_pixels(points[0, eye[2]], SIZE, SIZE).round().long().tolist()
        assert near[y, x] > 0.8


def test_a_mirrored_face_gives_mirrored_maps() -> None:
    points = opened(face(), 0.2, 0.1)
    mirrored = (points * torch.tensor([-1.0, 1.0]))[:, list(MIRROR)]
    expected = between.maps(points, SIZE).flip(-1)
    expected[:, 3] *= -1  # how far along
    assert torch.allclose(between.maps(mirrored, SIZE), expected, atol=1e-4)


def test_corners_in_one_place_are_no_trouble() -> None:
    points = torch.zeros(2, 70, 2, requires_grad=True)
    found = between.maps(points, SIZE)
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert found.isfinite().all()
    assert points.grad is not None
    assert points.grad.isfinite().all()
