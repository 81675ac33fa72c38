"""The background's motion, found in closed form."""

import pytest
import torch
from torch import Tensor

from facemotion.models import affine, alignment, grid

EVERYWHERE = torch.ones(1, 1, 32, 32)


def scene(seed: int = 0, size: int = 96) -> Tensor:
    """Smooth, with shapes of a few pixels; larger than what is seen of it."""
    generator = torch.Generator().manual_seed(seed)
    rough = torch.rand(1, 3, 14, 14, generator=generator)
    return torch.nn.functional.interpolate(rough, (size, size), mode="bicubic").clamp(0, 1)


def seen(similarity: tuple[float, float, float, float]) -> Tensor:
    """The middle of the scene through z -> z + (a x - b y + s, b x + a y + t), normalised to what is seen."""
    a, b, s, t = similarity
    flow = affine.affine_flow(torch.tensor([[[1 + a, -b, s], [b, 1 + a, t]]]), 64)
    return grid.warp(scene(), flow * (64 / 96))


def found(driving: Tensor, reference: Tensor, belief: Tensor = EVERYWHERE) -> Tensor:
    rest = grid.identity(32, driving).expand(len(driving), -1, -1, -1)
    return alignment.align(alignment.view(reference, belief), driving, belief, rest)


@pytest.mark.parametrize(
    "motion",
    [
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 0.0, 0.1, -0.06),
        (0.06, 0.0, 0.0, 0.0),
        (0.0, 0.05, 0.02, 0.0),
        (-0.04, -0.03, -0.05, 0.05),
    ],
)
def test_pans_zooms_and_turns_are_found_to_a_tenth_of_a_pixel(motion: tuple[float, float, float, float]) -> None:
    still = seen((0.0, 0.0, 0.0, 0.0))
    a, b, s, t = motion
    expected = affine.affine_flow(torch.tensor([[[1 + a, -b, s], [b, 1 + a, t]]]), 64)
    flow = affine.affine_flow(found(seen(motion), still), 64)
    assert (flow - expected).norm(dim=1).mean() < 0.1 * 2 / 64


def test_a_person_who_moves_in_front_does_not_pull_it_along() -> None:
    still = seen((0.0, 0.0, 0.0, 0.0))
    driving = seen((0.0, 0.0, 0.06, 0.0))
    still[..., 20:64, 20:44] = scene(7)[..., 20:64, 20:44]
    driving[..., 20:64, 28:52] = scene(7)[..., 20:64, 20:44]
    belief = torch.ones(1, 1, 32, 32)
    belief[..., 9:, 9:27] = 0.05
    assert (found(driving, still, belief)[0, :, 2] - torch.tensor([0.06, 0.0])).abs().max() < 0.01


def test_a_wall_without_a_mark_stays_where_it_is() -> None:
    wall = torch.full((1, 3, 64, 64), 0.4) + 0.004 * torch.randn(1, 3, 64, 64, generator=torch.manual_seed(0))
    torch.testing.assert_close(found(wall.flip(-1), wall), torch.eye(2, 3)[None], atol=0.03, rtol=0)


def test_a_large_pan_is_found_from_a_flow_that_is_about_right() -> None:
    motion = (0.0, 0.0, 0.45, 0.0)
    guess = affine.affine_flow(torch.tensor([[[1.0, 0.0, 0.4], [0.0, 1.0, 0.02]]]), 32)
    known = alignment.view(seen((0.0, 0.0, 0.0, 0.0)), EVERYWHERE)
    affine_map = alignment.align(known, seen(motion), EVERYWHERE, guess)
    assert (affine_map[0, :, 2] - torch.tensor([0.45, 0.0])).abs().max() < 0.01


def test_pairs_do_not_influence_each_other() -> None:
    still = seen((0.0, 0.0, 0.0, 0.0)).expand(2, -1, -1, -1)
    driving = torch.cat((seen((0.0, 0.0, 0.1, 0.0)), seen((0.05, 0.0, 0.0, 0.0))))
    both = found(driving, still, EVERYWHERE.expand(2, -1, -1, -1))
    for i in range(2):
        torch.testing.assert_close(both[i : i + 1], found(driving[i : i + 1], still[:1]), atol=1e-5, rtol=0)


def test_a_map_that_shows_nothing_of_the_reference_does_not_win() -> None:
    still = seen((0.0, 0.0, 0.0, 0.0))
    far = affine.affine_flow(torch.tensor([[[1.0, 0.0, 2.5], [0.0, 1.0, 0.0]]]), 32)
    known = alignment.view(still, EVERYWHERE)
    found = alignment.align(known, seen((0.0, 0.0, 0.1, 0.0)), EVERYWHERE, far)
    assert (found[0, :, 2] - torch.tensor([0.1, 0.0])).abs().max() < 0.02
