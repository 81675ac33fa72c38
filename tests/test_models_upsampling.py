"""Enlarging a map by learned means: bilinear before anything is learnt, and never beyond what lies around a pixel."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from facemotion.models.upsampling import LearnedUpsampling

WIDTH = 8


@pytest.mark.parametrize("factor", [2, 4])
def test_it_begins_nearly_bilinear(factor: int) -> None:
    torch.manual_seed(0)
    values = F.interpolate(torch.randn(2, 3, 4, 4), (16, 16), mode="bicubic")
    enlarged = LearnedUpsampling(WIDTH, factor)(values, torch.randn(2, WIDTH, 16, 16))
    expected = F.interpolate(values, scale_factor=factor, mode="bilinear", align_corners=False)
    assert enlarged.shape == expected.shape
    error = (enlarged - expected)[..., factor:-factor, factor:-factor].abs().mean()
    assert error < 0.05 * values.std()


def test_a_new_pixel_takes_a_mean_of_the_nine_around_its_old_one() -> None:
    torch.manual_seed(1)
    upsampling = LearnedUpsampling(WIDTH, 2)
    torch.nn.init.normal_(upsampling.weigh.weight)
    values = torch.rand(1, 2, 8, 8)
    enlarged = upsampling(values, torch.randn(1, WIDTH, 8, 8))
    wide = F.pad(values, (1, 1, 1, 1), mode="replicate")
    most = F.interpolate(F.max_pool2d(wide, 3, 1), scale_factor=2)
    least = F.interpolate(-F.max_pool2d(-wide, 3, 1), scale_factor=2)
    assert (enlarged <= most + 1e-6).all()
    assert (enlarged >= least - 1e-6).all()


def test_a_level_map_stays_level_whatever_was_learnt() -> None:
    torch.manual_seed(2)
    upsampling = LearnedUpsampling(WIDTH, 2)
    torch.nn.init.normal_(upsampling.weigh.weight)
    enlarged = upsampling(torch.full((1, 3, 8, 8), 0.3), torch.randn(1, WIDTH, 8, 8))
    torch.testing.assert_close(enlarged, torch.full((1, 3, 16, 16), 0.3))


def test_compiled_it_learns_whatever_the_layout_in_memory() -> None:
    def gradient(compiled: bool) -> Tensor:
        torch.manual_seed(0)
        upsampling = LearnedUpsampling(8, 2)
        if compiled:
            upsampling.compile()
        values, hidden = (torch.randn(2, count, 8, 8).to(memory_format=torch.channels_last) for count in (3, 8))
        values.requires_grad_()
        made = upsampling(values * 1.0, hidden).to(memory_format=torch.channels_last)
        (made * torch.randn_like(made)).sum().backward()  # type: ignore[no-untyped-call]
        assert values.grad is not None
        return values.grad

    assert torch.allclose(gradient(True), gradient(False), atol=1e-5)
