"""Thin-plate splines: through the points, exact on affine maps, finite wherever the points lie."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from facemotion.models import grid, thin_plate


def scattered(count: int, seed: int = 0, batch: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, count, 2, generator=generator, dtype=torch.float64) * 1.8 - 0.9


def through(centres: Tensor, targets: Tensor, ridge: float = 0.0) -> Tensor:
    return thin_plate.mapped(thin_plate.fit(centres, targets, ridge), centres)


def test_a_spline_goes_through_its_targets() -> None:
    centres, targets = scattered(30), scattered(30, seed=1)
    assert torch.allclose(through(centres, targets), targets, atol=1e-4)


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6), st.integers(3, 40), st.integers(0, 99))
def test_affine_maps_are_affine_everywhere(entries: list[float], count: int, seed: int) -> None:
    matrix = torch.tensor(entries, dtype=torch.float64).view(2, 3)
    centres = torch.cat((scattered(count, seed, 1), torch.tensor([[[-0.9, -0.8], [0.9, -0.7], [0.1, 0.9]]])), 1)
    spline = thin_plate.fit(centres, centres @ matrix[:, :2].T + matrix[:, 2], 1e-4)
    elsewhere = 3 * scattered(20, seed + 1, 1)
    wanted = elsewhere @ matrix[:, :2].T + matrix[:, 2]
    assert torch.allclose(thin_plate.mapped(spline, elsewhere), wanted, atol=2e-3)


def test_a_flow_looks_where_the_map_goes() -> None:
    spline = thin_plate.fit(scattered(12), scattered(12, seed=1), 1e-3)
    flow = thin_plate.flow(spline, 8)
    centres = grid.identity(8, flow)[0]
    there = thin_plate.mapped(spline, centres[:, 5, 2].expand(2, 1, 2))
    assert flow.shape == (2, 2, 8, 8)
    assert torch.allclose(flow[:, :, 5, 2], there[:, 0])


def test_missing_points_have_no_say() -> None:
    centres, targets = scattered(20), scattered(20, seed=1)
    holes, lost = centres.clone(), targets.clone()
    holes[0, 3], holes[1, 7, 0], lost[0, 11], lost[1, 2, 1] = (float("nan"),) * 4
    fewer = torch.stack((centres[0, [k for k in range(20) if k not in (3, 11)]],
                         centres[1, [k for k in range(20) if k not in (7, 2)]]))  # fmt: skip
    their = torch.stack((targets[0, [k for k in range(20) if k not in (3, 11)]],
                         targets[1, [k for k in range(20) if k not in (7, 2)]]))  # fmt: skip
    elsewhere = scattered(50, seed=2)
    found = thin_plate.mapped(thin_plate.fit(holes, lost, 1e-4), elsewhere)
    assert torch.allclose(found, thin_plate.mapped(thin_plate.fit(fewer, their, 1e-4), elsewhere), atol=1e-9)


def test_where_nothing_is_known_nothing_moves() -> None:
    nothing = torch.full((2, 10, 2), float("nan"))
    spline = thin_plate.fit(nothing, nothing, 1e-4)
    assert torch.equal(thin_plate.flow(spline, 4), grid.identity(4, nothing).expand(2, -1, -1, -1))


def test_two_points_that_part_are_met_halfway() -> None:
    centres = scattered(10)
    centres[:, 1] = centres[:, 0]
    targets = centres.clone()
    targets[:, 0] -= 0.1
    targets[:, 1] += 0.1
    assert torch.allclose(through(centres, targets, 1e-4)[:, 0], centres[:, 0], atol=1e-3)


def degenerate(name: str) -> Tensor:
    points = scattered(7, batch=1)
    match name:
        case "coincident":
            points[:, 1:4] = points[:, :1]
        case "nearly one point":
            points = points[:, :1] + 1e-3 * points
        case "on a line":
            points[..., 1] = 0.5 * points[..., 0] + 0.1
        case "nearly on a line":
            points[..., 1] = 0.5 * points[..., 0] + 1e-4 * points[..., 1]
        case "missing":
            points[:, 2] = float("nan")
    return points


@pytest.mark.parametrize(
    "name", ["scattered", "coincident", "nearly one point", "on a line", "nearly on a line", "missing"]
)
def test_gradients_are_right_and_finite_wherever_points_lie(name: str) -> None:
    centres = degenerate(name).requires_grad_()
    targets = (torch.nan_to_num(centres.detach()) * 1.2 + 0.01 * scattered(7, seed=5, batch=1)).requires_grad_()
    places = scattered(3, seed=6, batch=1)

    def there(centres: Tensor, targets: Tensor) -> Tensor:
        return thin_plate.mapped(thin_plate.fit(centres, targets, 1e-2), places)

    if name != "missing":
        assert torch.autograd.gradcheck(there, (centres, targets), eps=1e-7, atol=1e-4, rtol=1e-3)
    for gradient in torch.autograd.grad(there(centres, targets).square().sum(), (centres, targets)):
        assert torch.isfinite(gradient).all()
        assert gradient.abs().max() < 1e5


@given(st.integers(0, 999), st.floats(0, 0.05), st.integers(1, 30))
def test_a_swarm_however_narrow_is_met_in_single_precision(seed: int, width: float, count: int) -> None:
    centres = scattered(count, seed, 1).float()
    centres[..., 1] *= width
    shift = torch.tensor([0.2, -0.1])
    flow = thin_plate.flow(thin_plate.fit(centres, centres + shift, 1e-4), 8)
    assert torch.allclose(flow - shift.view(2, 1, 1), grid.identity(8, flow), atol=1e-3)
