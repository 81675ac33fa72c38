"""One convention of space: pixels, flows, and what is done with them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from facemotion.models import grid

SIZES = st.integers(4, 48)
COORDINATES = st.floats(-500, 500, allow_nan=False, width=32)


def smooth_image(size: int, seed: int = 0, channels: int = 3) -> Tensor:
    """A sum of a few slow waves, so that bilinear sampling is nearly exact."""
    generator = torch.Generator().manual_seed(seed)
    here = grid.identity(size, torch.zeros((), dtype=torch.float64))[0]
    waves = torch.rand(channels, 4, 3, generator=generator, dtype=torch.float64)
    phase = waves[..., :2, None, None].sub(0.5).mul(6) * here
    return torch.sin(phase.sum(2) + 6 * waves[..., 2, None, None]).mean(1)[None] / 2 + 0.5


def smooth_flow(size: int, strength: float = 0.08) -> Tensor:
    here = grid.identity(size, torch.zeros((), dtype=torch.float64))
    return here + strength * torch.sin(2 * here.flip(1) + torch.tensor([0.3, 1.1], dtype=torch.float64)[:, None, None])


@given(COORDINATES, COORDINATES, SIZES, SIZES)
def test_pixels_and_normalised_points_convert_both_ways(x: float, y: float, width: int, height: int) -> None:
    points = torch.tensor([x, y], dtype=torch.float64)
    there = grid.to_normalised(points, width, height)
    torch.testing.assert_close(grid.to_pixels(there, width, height), points, atol=1e-9, rtol=0)


def test_edges_of_the_image_are_at_plus_and_minus_one() -> None:
    corners = torch.tensor([[-0.5, -0.5], [7.5, 3.5]])
    torch.testing.assert_close(grid.to_normalised(corners, 8, 4), torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))


@given(SIZES)
def test_identity_holds_the_centres_of_the_pixels(size: int) -> None:
    here = grid.identity(size, torch.zeros((), dtype=torch.float64))
    pixels = grid.to_pixels(here[0].permute(1, 2, 0), size, size)
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    torch.testing.assert_close(pixels, torch.stack((columns, rows), -1).double(), atol=1e-9, rtol=0)


@given(SIZES, st.integers(0, 5))
def test_the_identity_shows_the_image_itself(size: int, seed: int) -> None:
    image = torch.rand(1, 2, size, size, generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(grid.warp(image, grid.identity(size, image)), image, atol=1e-5, rtol=0)


@given(SIZES, st.integers(0, 5))
def test_pictures_stay_what_they_are_where_nothing_moves_and_colours_where_all_does(size: int, seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    picture = torch.rand(1, 3, size, size, generator=rng).round()  # as stark as can be
    here = grid.identity(size, picture)
    torch.testing.assert_close(grid.warp_picture(picture, here), picture, atol=1e-4, rtol=0)
    seen = grid.warp_picture(picture, here + 0.5 * torch.randn(here.shape, generator=rng))
    assert 0 <= seen.min() <= seen.max() <= 1


@pytest.mark.parametrize("moved", [0.25, 0.5, 0.75])
def test_fine_texture_of_pictures_survives_a_move_by_parts_of_a_pixel(moved: float) -> None:
    """A wave of five pixels, of which linear interpolation half way takes a fifth."""
    x = torch.arange(40, dtype=torch.float64)
    wave = [0.5 + 0.4 * torch.sin(2 * torch.pi * (x + shift) / 5) for shift in (0, moved)]
    picture, wanted = (one.expand(1, 3, 40, 40) for one in wave)
    flow = grid.identity(40, picture) + torch.tensor([2 * moved / 40, 0], dtype=torch.float64)[:, None, None]
    inside = (..., slice(4, -4))
    linear, cubic = ((how(picture, flow) - wanted)[inside].abs().mean() for how in (grid.warp, grid.warp_picture))
    assert cubic < linear / 2


def test_a_sharper_picture_moves_as_the_scene_does() -> None:
    """A wave of four pixels at the flow's size, in a picture of twice that: half a pixel further."""
    x = torch.arange(80, dtype=torch.float64)
    sharp, moved = ((0.5 + 0.4 * torch.sin(2 * torch.pi * (x + at) / 8)).expand(1, 3, 80, 80) for at in (0, 1))
    small, wanted = grid.resize_image(sharp, 40), grid.resize_image(moved, 40)
    here = grid.identity(40, sharp)
    torch.testing.assert_close(grid.warp_picture(sharp, here), small)
    flow = here + torch.tensor([1 / 40, 0], dtype=torch.float64)[:, None, None]
    apart = [(grid.warp_picture(one, flow) - wanted)[..., 4:-4].abs().mean() for one in (sharp, small)]
    assert apart[0] < 1e-6 < apart[1] / 10


@given(st.integers(-3, 3), st.integers(-3, 3))
def test_a_flow_says_where_to_look(dx: int, dy: int) -> None:
    image = torch.rand(1, 1, 12, 12, generator=torch.Generator().manual_seed(1))
    flow = grid.identity(12, image) + torch.tensor([dx, dy])[:, None, None] * (2 / 12)
    seen = grid.warp(image, flow)
    torch.testing.assert_close(seen[0, 0, 5, 5], image[0, 0, 5 + dy, 5 + dx], atol=1e-5, rtol=0)


@given(SIZES, SIZES)
def test_resizing_the_identity_gives_the_identity(before: int, after: int) -> None:
    like = torch.zeros((), dtype=torch.float64)
    resized = grid.resize(grid.identity(before, like), after)
    torch.testing.assert_close(resized, grid.identity(after, like), atol=1e-12, rtol=0)


@given(st.sampled_from([8, 16, 24, 64]), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_resizing_keeps_a_translation(after: int, x: float, y: float) -> None:
    like = torch.zeros((), dtype=torch.float64)
    move = torch.tensor([x, y], dtype=torch.float64)[:, None, None]
    resized = grid.resize(grid.identity(16, like) + move, after)
    torch.testing.assert_close(resized, grid.identity(after, like) + move, atol=1e-12, rtol=0)


def test_composing_is_warping_twice() -> None:
    image, outer, inner = smooth_image(64), smooth_flow(64), smooth_flow(64, -0.05)
    twice = grid.warp(grid.warp(image, inner), outer)
    once = grid.warp(image, grid.compose(outer, inner))
    assert (once - twice)[..., 8:-8, 8:-8].abs().max() < 5e-3


def test_an_inverse_undoes_its_flow() -> None:
    flow = smooth_flow(64)
    back = grid.compose(flow, grid.invert(flow)) - grid.identity(64, flow)
    assert back[..., 8:-8, 8:-8].abs().max() < 2e-3


def test_a_known_warp_is_recovered_from_the_warped_image() -> None:
    image, flow = smooth_image(64), smooth_flow(64)
    again = grid.warp(grid.warp(image, flow), grid.invert(flow))
    assert (again - image)[..., 10:-10, 10:-10].abs().max() < 1e-2


def test_gradients_of_the_flow_operations() -> None:
    generator = torch.Generator().manual_seed(2)
    image = torch.rand(1, 2, 6, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    flow = (smooth_flow(6) + 0.01).requires_grad_()
    assert torch.autograd.gradcheck(grid.warp, (image, flow))
    assert torch.autograd.gradcheck(lambda f: grid.resize(f, 12), (flow,))
    assert torch.autograd.gradcheck(lambda f: grid.compose(f, smooth_flow(6)), (flow,))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_geometry_is_at_least_float32_and_images_keep_their_type(dtype: torch.dtype) -> None:
    image = torch.rand(1, 3, 8, 8).to(dtype)
    here = grid.identity(8, image)
    assert here.dtype == torch.promote_types(dtype, torch.float32)
    assert grid.warp(image, here).dtype == dtype
