"""Muon: updates are orthogonal, whatever rules the gradients; which weights it learns, and that it learns them."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from training_toys import settings

from facemotion.models.animator import Animator
from facemotion.models.presets import preset
from facemotion.training.muon import Muon, orthogonal
from facemotion.training.optimiser import HIDDEN, Optimiser

SIDES = st.integers(1, 40)


def drawn(rows: int, columns: int, seed: int, weakest: float = 0.05) -> Tensor:
    """A matrix whose singular values lie between `weakest` and 1."""
    torch.manual_seed(seed)
    u, _, v = torch.linalg.svd(torch.randn(rows, columns, dtype=torch.float64), full_matrices=False)
    return (u * torch.logspace(torch.log10(torch.tensor(weakest)), 0, u.shape[1])) @ v


@given(SIDES, SIDES, st.integers(0, 99), st.floats(1e-6, 1e6))
def test_near_orthonormal_and_turned_no_further(rows: int, columns: int, seed: int, size: float) -> None:
    matrix = drawn(rows, columns, seed)
    found = orthogonal((size * matrix).float()[None])[0].double()
    values = torch.linalg.svdvals(found)
    assert values.min() > 0.6
    assert values.max() < 1.3
    # The same singular vectors: what lies between is symmetric and positive.
    between = found @ matrix.mT if rows <= columns else found.mT @ matrix
    torch.testing.assert_close(between, between.mT, rtol=0, atol=1e-3)


def test_many_at_once_are_as_each_alone_and_standing_as_lying() -> None:
    many = torch.stack([drawn(12, 30, seed) for seed in range(5)])
    together = orthogonal(many)
    for one, found in zip(many, together, strict=True):
        torch.testing.assert_close(orthogonal(one[None])[0], found)
        torch.testing.assert_close(orthogonal(one.mT[None])[0].mT, found)


def test_as_the_rounds_of_the_whole_matrix_are() -> None:
    matrix = drawn(16, 50, 1)
    x = matrix / matrix.norm()
    for _ in range(5):
        square = x @ x.mT
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    torch.testing.assert_close(orthogonal(matrix[None])[0], x)


def test_no_gradient_moves_nothing() -> None:
    weights = [nn.Parameter(torch.randn(16, 16, 3, 3)) for _ in range(2)]
    before = [weight.detach().clone() for weight in weights]
    weights[0].grad = torch.zeros_like(weights[0])
    Muon([{"params": weights}], 0.1, 0.9).step()
    assert all(torch.equal(weight, kept) for weight, kept in zip(weights, before, strict=True))


def test_the_layout_in_memory_does_not_matter() -> None:
    torch.manual_seed(0)
    start, gradient, moved = torch.randn(24, 16, 3, 3), torch.randn(24, 16, 3, 3), []
    for layout in (torch.contiguous_format, torch.channels_last):
        weight = nn.Parameter(start.to(memory_format=layout, copy=True))
        optimiser = Muon([{"params": [weight]}], 0.1, 0.9)
        for _ in range(3):
            weight.grad = gradient.clone()
            optimiser.step()
        assert weight.is_contiguous(memory_format=layout)
        moved.append(weight.detach())
    torch.testing.assert_close(*moved)
    # Three steps of one gradient: an update is of the size of AdamW's, whatever the gradient's.
    assert (moved[0] - start).square().mean().sqrt() == pytest.approx(0.2 * 0.3, rel=0.2)


def test_it_learns_what_a_convolution_should_do() -> None:
    torch.manual_seed(0)
    images, wanted = torch.randn(8, 16, 12, 12), torch.randn(16, 16, 3, 3) / 12
    weight = nn.Parameter(torch.zeros_like(wanted))
    optimiser = Muon([{"params": [weight]}], 0.02, 0.9)
    losses = []
    for step in range(150):
        loss = F.conv2d(images, weight - wanted, padding=1).square().mean()
        weight.grad = torch.autograd.grad(loss, weight)[0]
        optimiser.param_groups[0]["lr"] = 0.02 * (1 - step / 150)
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.01 * losses[0]


@pytest.mark.parametrize("muon", [0.0, 6.0])
@pytest.mark.parametrize("coarse_rate", [0.0, 0.5])
def test_every_weight_that_learns_is_learnt_once(muon: float, coarse_rate: float) -> None:
    model = Animator(preset("tiny"))
    trainee = nn.ModuleDict({"model": model})
    optimiser = Optimiser(trainee, settings(muon=muon, rate=0.01), coarse_rate)
    learnt = [weight for part in optimiser.parts for group in part.param_groups for weight in group["params"]]
    assert len({id(weight) for weight in learnt}) == len(learnt)
    assert {id(weight) for weight in learnt} == {id(weight) for weight in model.parameters() if weight.requires_grad}
    assert any(weight.requires_grad for weight in model.coarse.parameters()) == (coarse_rate > 0)
    by_muon = [part for part in optimiser.parts if isinstance(part, Muon)]
    assert len(by_muon) == (muon > 0)
    for group in (group for part in by_muon for group in part.param_groups):
        assert group["share"] in (muon, muon * coarse_rate)
        assert all(weight.ndim == 4 and min(weight.shape[:2]) >= HIDDEN for weight in group["params"])


def test_a_step_uses_up_the_gradients() -> None:
    trainee = nn.ModuleDict({"model": Animator(preset("tiny"))})
    optimiser = Optimiser(trainee, settings(muon=6.0), 1.0)
    before = {name: weight.detach().clone() for name, weight in trainee.named_parameters()}
    for weight in trainee.parameters():
        weight.grad = torch.randn_like(weight)
    optimiser.step(0.01)
    assert all(weight.grad is None for weight in trainee.parameters())
    assert all(not torch.equal(weight, before[name]) for name, weight in trainee.named_parameters())
