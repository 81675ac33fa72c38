"""Keypoints, local affine candidates and the coarse motion made of them."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from facemotion.models import affine, grid
from facemotion.models.dense_motion import DenseMotion, FlowField
from facemotion.models.keypoints import KeypointDetector, Keypoints, expected_points, layout
from facemotion.models.presets import preset

TINY = preset("tiny")
K = TINY.keypoints.count
ENTRIES = st.floats(-0.4, 0.4)


def keypoints(seed: int, batch: int = 2) -> Keypoints:
    generator = torch.Generator().manual_seed(seed)
    jacobians = torch.eye(2) + 0.3 * (torch.rand(batch, K, 2, 2, generator=generator) - 0.5)
    return Keypoints(torch.rand(batch, K, 2, generator=generator) * 1.6 - 0.8, jacobians)


def moved(points: Keypoints, matrix: Tensor, shift: Tensor) -> Keypoints:
    """The keypoints of an image whose content went through z -> matrix z + shift, normalised."""
    return Keypoints(points.points @ matrix.T + shift, matrix @ points.jacobians)


@pytest.fixture(scope="module")
def dense() -> DenseMotion:
    torch.manual_seed(0)
    return DenseMotion(TINY).eval()


@given(st.lists(ENTRIES, min_size=8, max_size=8))
def test_two_by_two_algebra_is_that_of_linalg(entries: list[float]) -> None:
    a, b = (torch.eye(2).double() + torch.tensor(half).double().view(2, 2) for half in (entries[:4], entries[4:]))
    torch.testing.assert_close(affine.product(a, b), a @ b)
    torch.testing.assert_close(affine.inverse(a), torch.linalg.inv(a))


def test_gradients_of_the_hand_written_geometry() -> None:
    generator = torch.Generator().manual_seed(3)
    points = [torch.rand(1, 2, 2, generator=generator, dtype=torch.float64).requires_grad_() for _ in range(2)]
    matrices = [
        (torch.eye(2) + 0.2 * torch.rand(1, 2, 2, 2, generator=generator, dtype=torch.float64)).requires_grad_()
        for _ in range(2)
    ]

    def flows(p: Tensor, q: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return affine.flows(affine.local_maps((p, a), (q, b)), 4)

    weights = torch.rand(1, 2, 4, 4, generator=generator, dtype=torch.float64).requires_grad_()

    def mixed(p: Tensor, q: Tensor, a: Tensor, b: Tensor, w: Tensor) -> Tensor:
        return affine.mixed_flow(w, affine.local_maps((p, a), (q, b)))

    assert torch.autograd.gradcheck(flows, (*points, *matrices))
    assert torch.autograd.gradcheck(mixed, (*points, *matrices, weights))
    assert torch.autograd.gradcheck(lambda p, a: affine.gaussians(p, 4, 0.1, a), (points[0], matrices[0]))
    assert torch.autograd.gradcheck(
        lambda a: affine.affine_flow(a, 4), (torch.rand(1, 2, 3).double().requires_grad_(),)
    )


def test_candidates_of_one_affine_motion_all_say_that_motion() -> None:
    matrix, shift = torch.tensor([[1.1, 0.2], [-0.1, 0.9]]), torch.tensor([0.1, -0.2])
    driving = keypoints(1)
    flows = affine.flows(affine.local_maps(moved(driving, matrix, shift), driving), 16)
    expected = affine.affine_flow(torch.cat((matrix, shift[:, None]), 1)[None], 16)
    torch.testing.assert_close(flows, expected[:, None].expand_as(flows), atol=1e-5, rtol=0)


def test_a_mean_of_maps_is_the_mean_of_their_flows() -> None:
    reference, driving = keypoints(2), keypoints(3)
    maps, weights = affine.local_maps(reference, driving), torch.rand(2, K, 16, 16).softmax(1)
    expected = (weights[:, :, None] * affine.flows(maps, 16)).sum(1)
    torch.testing.assert_close(affine.mixed_flow(weights, maps), expected, atol=1e-5, rtol=0)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(affine.mixed_flow(weights, maps), expected, atol=1e-5, rtol=0)


def test_distances_are_those_of_the_plane_the_jacobian_makes() -> None:
    points = keypoints(8)
    around = grid.identity(16, points.points)[:, None] - points.points[..., None, None]
    torch.testing.assert_close(affine.distances(points.points, 16), around.square().sum(2), atol=1e-5, rtol=1e-5)
    back = affine.apply(torch.linalg.inv(points.jacobians), around)
    found = affine.distances(points.points, 16, points.jacobians)
    torch.testing.assert_close(found, back.square().sum(2), atol=1e-4, rtol=1e-4)


@given(st.floats(0.01, 0.2), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_gaussians_peak_at_their_points(variance: float, x: float, y: float) -> None:
    bell = affine.gaussians(torch.tensor([[[x, y]]]), 64, variance)[0, 0]
    row, column = divmod(int(bell.argmax()), 64)
    place = grid.to_pixels(torch.tensor([x, y]), 64, 64)
    assert (torch.tensor([column, row]) - place).abs().max() < 0.51


def test_expected_points_is_the_mean_of_a_heatmap() -> None:
    heatmaps = torch.zeros(1, 2, 8, 8)
    heatmaps[0, 0, 2, 5] = 1
    heatmaps[0, 1, 0, 0] = heatmaps[0, 1, 0, 1] = 0.5
    points = grid.to_pixels(expected_points(heatmaps), 8, 8)
    torch.testing.assert_close(points[0], torch.tensor([[5.0, 2.0], [0.5, 0.0]]))


@pytest.mark.parametrize("count", [1, 10, 15, 17, 40, 128])
def test_first_places_lie_apart_and_in_the_image(count: int) -> None:
    places = layout(count)
    assert places.shape == (count, 2)
    assert places.abs().max() < 1
    if 1 < count <= 17:
        assert torch.pdist(places).min() > 0.1


def test_an_untrained_detector_spreads_its_points_over_the_face() -> None:
    torch.manual_seed(0)
    detector = KeypointDetector(TINY).eval()
    with torch.no_grad():
        found = detector(torch.rand(4, 3, 64, 64))
    assert (found.points - layout(K)).norm(dim=-1).mean() < 0.15
    assert torch.pdist(found.points[0]).min() > 0.05
    torch.testing.assert_close(found.jacobians, torch.eye(2).expand(4, K, 2, 2))


@given(st.floats(-1e3, 1e3))
def test_jacobians_can_always_be_inverted(bias: float) -> None:
    torch.manual_seed(0)
    detector = KeypointDetector(TINY).eval()
    with torch.no_grad():
        detector.strain.bias.copy_(bias * torch.randn(4 * K))
        jacobians = detector(torch.rand(1, 3, 64, 64)).jacobians
    assert torch.linalg.det(jacobians).min() > 0.01
    assert affine.inverse(jacobians).isfinite().all()


def seen_by(
    dense: DenseMotion, image: torch.Tensor, reference: Keypoints, driving: Keypoints, background: torch.Tensor | None
) -> FlowField:
    field: FlowField = dense(image, dense.bells(reference), reference, driving, background)
    return field


def test_equal_keypoints_give_the_identity_flow(dense: DenseMotion) -> None:
    points = keypoints(4)
    field = seen_by(dense, torch.rand(2, 3, 32, 32), points, points, None)
    torch.testing.assert_close(field.flow, grid.identity(32, field.flow).expand_as(field.flow), atol=1e-5, rtol=0)


def test_the_background_stays_still_at_first(dense: DenseMotion) -> None:
    places = layout(K)[None]
    reference = Keypoints(places, torch.eye(2).expand(1, K, 2, 2))
    driving = Keypoints(places + torch.tensor([0.1, 0.0]), reference.jacobians)
    with torch.no_grad():
        shift = (seen_by(dense, torch.rand(1, 3, 32, 32), reference, driving, None).flow - grid.identity(32, places))[
            0, 0
        ]
    assert shift[1:4, 1:4].abs().max() < 0.02
    assert shift[14:18, 14:18].mean() == pytest.approx(-0.1, abs=0.03)


def test_an_affine_motion_of_all_that_is_there_is_recovered(dense: DenseMotion) -> None:
    angle = math.radians(10)
    matrix = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    shift = torch.tensor([0.05, -0.1])
    driving = keypoints(5)
    background = torch.cat((matrix, shift[:, None]), 1).expand(2, 2, 3)
    with torch.no_grad():
        field = seen_by(dense, torch.rand(2, 3, 32, 32), moved(driving, matrix, shift), driving, background)
    torch.testing.assert_close(field.flow, affine.affine_flow(background, 32), atol=1e-5, rtol=0)


def test_moving_both_images_moves_the_flow() -> None:
    """Where the network has no say yet, exactly: by whole pixels, away from the border that comes in."""
    torch.manual_seed(0)
    dense = DenseMotion(TINY).eval()
    torch.nn.init.zeros_(dense.choice.weight)
    reference, driving, image = keypoints(6), keypoints(7), torch.rand(2, 3, 32, 32)
    step = torch.tensor([4, -2]) * (2 / 32)
    along = [Keypoints(points.points + step, points.jacobians) for points in (reference, driving)]
    with torch.no_grad():
        flow = seen_by(dense, image, reference, driving, None).flow
        moved_flow = seen_by(dense, image.roll((-2, 4), (2, 3)), *along, None).flow
    expected = flow[..., 2:, :-4] + step[:, None, None]
    torch.testing.assert_close(moved_flow[..., :-2, 4:], expected, atol=1e-5, rtol=0)
