"""The structure volume and its look-up, against loops that say what they do."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from facemotion.models import correlation, grid


def features(channels: int, size: int, seed: int, batch: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, channels, size, size, generator=generator, dtype=torch.float64)


def naive(driving: Tensor, reference: Tensor, flow: Tensor, radius: int, scale: int) -> Tensor:
    """One image, one scale, sample by sample: [(2 radius + 1)^2, n, n]."""
    for _ in range(scale):
        reference = torch.nn.functional.avg_pool2d(reference[None], 2)[0]
    size, n = reference.shape[-1], driving.shape[-1]
    found = torch.zeros((2 * radius + 1) ** 2, n, n, dtype=driving.dtype)
    for row in range(n):
        for column in range(n):
            x, y = grid.to_pixels(flow[:, row, column], size, size).tolist()
            steps = [(dx, dy) for dy in range(-radius, radius + 1) for dx in range(-radius, radius + 1)]
            for index, (dx, dy) in enumerate(steps):
                left, top = math.floor(x + dx), math.floor(y + dy)
                for column_, row_ in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
                    if 0 <= column_ < size and 0 <= row_ < size:
                        weight = (1 - abs(x + dx - column_)) * (1 - abs(y + dy - row_))
                        product = (driving[:, row, column] * reference[:, row_, column_]).sum()
                        found[index, row, column] += weight * product / math.sqrt(len(driving))
    return found


@given(st.integers(0, 1000), st.sampled_from([0.1, 1.0, 4.0]), st.integers(1, 3))
@settings(max_examples=12)
def test_look_up_equals_a_loop(seed: int, spread: float, radius: int) -> None:
    driving, reference = features(3, 4, seed), features(3, 8, seed + 1)
    flow = grid.identity(4, driving) + spread * features(2, 4, seed + 2)
    volumes = correlation.volumes(driving, correlation.pyramid(reference, 2))
    looked_up = correlation.look_up(volumes, flow, radius)[0]
    expected = torch.cat([naive(driving[0], reference[0], flow[0], radius, scale) for scale in (0, 1)])
    torch.testing.assert_close(looked_up, expected)


def test_a_volume_of_pooled_features_is_the_pooled_volume() -> None:
    driving, reference = features(5, 8, 1), features(5, 8, 2)
    full = correlation.volumes(driving, (reference,))[0].view(1, 8, 8, 8, 8)
    pooled = correlation.volumes(grid.resize_image(driving, 4), correlation.pyramid(reference, 2))[1]
    expected = full.view(1, 4, 2, 4, 2, 4, 2, 4, 2).mean((2, 4, 6, 8))
    torch.testing.assert_close(pooled.view(1, 4, 4, 4, 4), expected)


def test_far_outside_there_is_nothing() -> None:
    driving, reference = features(3, 4, 1), features(3, 8, 2)
    volumes = correlation.volumes(driving, correlation.pyramid(reference, 2))
    for far in (50.0, -50.0, 1e30):
        assert not correlation.look_up(volumes, torch.full((1, 2, 4, 4), far), 3).any()


def test_gradients_of_the_look_up() -> None:
    driving, reference = features(2, 3, 1).requires_grad_(), features(2, 4, 2).requires_grad_()
    flow = (grid.identity(3, driving) + 0.2 * features(2, 3, 3) + 0.03).requires_grad_()

    def looked_up(driving: Tensor, reference: Tensor, flow: Tensor) -> Tensor:
        return correlation.look_up(correlation.volumes(driving, correlation.pyramid(reference, 2)), flow, 1)

    assert torch.autograd.gradcheck(looked_up, (driving, reference, flow))


@pytest.mark.parametrize("batch", [1, 3])
def test_images_of_a_batch_do_not_see_each_other(batch: int) -> None:
    driving, reference = features(3, 4, 1, batch), features(3, 8, 2, batch)
    flow = grid.identity(4, driving) + 0.3 * features(2, 4, 3, batch)
    together = correlation.look_up(correlation.volumes(driving, (reference,)), flow, 2)
    for i in range(batch):
        alone = correlation.look_up(
            correlation.volumes(driving[i : i + 1], (reference[i : i + 1],)), flow[i : i + 1], 2
        )
        torch.testing.assert_close(together[i : i + 1], alone)
