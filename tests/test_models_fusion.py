"""Several references of a face: what a person who gives them relies on, for every strategy."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from test_models_animator import TINY, coarse_only, images, scrambled
from torch import Tensor

from facemotion.errors import FacemotionError
from facemotion.models.animator import Animator
from facemotion.models.config import ModelConfig
from facemotion.models.fusion import MOST, first_of_their_kind, pose_gaps
from facemotion.models.summary import summarise
from facemotion.models.weights import load_model, save_model, start_from

STRATEGIES = ("best_pose", "mean", "max", "occlusion", "learned", "attention")
PHOTOS, DRIVING = images(8)[None], images(1, 1)


def small(fusion: str, **changes: Any) -> ModelConfig:
    """Few levels, so that many strategies can be tried."""
    content = TINY.model_dump() | {"fusion": fusion}
    content["keypoints"] |= {"widths": (8, 16)}
    content["coarse"] |= {"size": 16, "widths": (8, 16)}
    content["generator"]["widths"] = (8, 16, 16)
    content["refiner"] |= {"structure": 16, "structure_widths": (8, 16), "channels": 8, "closeups": None,
                           "levels": (16, 32), "widths": (16, 16)}  # fmt: skip
    content["fuser"] |= {"size": 32, "width": 16, "finished": 8} | changes
    return ModelConfig.model_validate(content)


MODELS = {name: scrambled(small(name)) for name in STRATEGIES}


@torch.no_grad()
def frame(model: Animator, photos: Tensor) -> Tensor:
    made: Tensor = model(photos, DRIVING.expand(len(photos), -1, -1, -1))[0]
    return made


@pytest.mark.parametrize("fusion", STRATEGIES)
@pytest.mark.parametrize("refined", [False, True])
def test_one_reference_gives_the_frame_of_a_model_that_takes_but_one(fusion: str, refined: bool) -> None:
    config = small(fusion).model_copy(update={"refined": refined})
    model, single = scrambled(config), Animator(config.model_copy(update={"fusion": "single"})).eval()
    single.load_state_dict({name: own for name, own in model.state_dict().items() if not name.startswith("fusion.")})
    assert torch.equal(frame(model, PHOTOS[:, :1]), frame(single, PHOTOS[:, :1]))
    # And another one does change it.
    assert (frame(model, PHOTOS[:, :3]) - frame(single, PHOTOS[:, :1])).abs().max() > 1e-3


@pytest.mark.parametrize("finished", [1, 8])
@given(order=st.permutations(range(8)), count=st.integers(2, 8), fusion=st.sampled_from(STRATEGIES))
@bounds(max_examples=12)
def test_the_order_of_the_references_does_not_matter(order: list[int], count: int, fusion: str, finished: int) -> None:
    model = MODELS[fusion]
    model = model if finished == 8 else _finishing(fusion, finished)
    shuffled = [place for place in order if place < count]
    torch.testing.assert_close(frame(model, PHOTOS[:, shuffled]), frame(model, PHOTOS[:, :count]), atol=1e-5, rtol=0)


def _finishing(fusion: str, finished: int) -> Animator:
    model = Animator(small(fusion, finished=finished)).eval()
    model.load_state_dict(MODELS[fusion].state_dict())
    return model


@pytest.mark.parametrize("finished", [1, 8])
@pytest.mark.parametrize("fusion", STRATEGIES)
def test_a_photo_given_twice_counts_once(fusion: str, finished: int) -> None:
    model = _finishing(fusion, finished)
    twice = frame(model, PHOTOS[:, [0, 1, 0, 1, 0]])
    torch.testing.assert_close(twice, frame(model, PHOTOS[:, [0, 1]]), atol=1e-5, rtol=0)


def test_frames_that_differ_by_their_grain_are_not_the_same_photo() -> None:
    grain = 0.01 * torch.randn(PHOTOS[:, :1].shape, generator=torch.Generator().manual_seed(0))
    photos = torch.cat((PHOTOS[:, :1], PHOTOS[:, :1] + grain, PHOTOS[:, :1]), 1)
    assert first_of_their_kind(photos).tolist() == [[True, True, False]]
    assert first_of_their_kind(PHOTOS).all()
    moved = torch.cat((PHOTOS[:, :1], PHOTOS[:, :1].roll(1, -1)), 1)
    assert first_of_their_kind(moved).all()


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_weights_sum_to_one_and_batch_and_single_agree(fusion: str) -> None:
    model = MODELS[fusion]
    photos = torch.stack((PHOTOS[0, :3], PHOTOS[0, 3:6]))
    driving = images(2, 1)
    with torch.no_grad():
        appearance = model.encode(photos)
        motion = model.motion(appearance, driving)
        mixture = model.mixture(appearance, motion)
        assert mixture is not None
        torch.testing.assert_close(mixture.weights.sum(1), torch.ones(2, 1, 32, 32))
        together = model.render(appearance, motion)
        alone = torch.cat([model(photos[i : i + 1], driving[i : i + 1])[0] for i in range(2)])
        assert all(len(field.flow) == 6 for field in motion.fields)
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=0)


def test_photos_encoded_once_serve_any_number_of_frames() -> None:
    model, driving = MODELS["attention"], images(3, 1)
    with torch.no_grad():
        known = model.encode(PHOTOS[:, :4]).of_frames(3)
        together = model.render(known, model.motion(known, driving))
        each = torch.cat([model(PHOTOS[:, :4], one[None])[0] for one in driving])
    torch.testing.assert_close(together, each, atol=1e-4, rtol=0)


def test_the_nearest_in_pose_is_the_one_turned_alike() -> None:
    face = torch.tensor([[-0.4, -0.3], [0.4, -0.3], [0.0, 0.1], [-0.2, 0.4], [0.2, 0.4]])
    turned = face * torch.tensor([0.7, 1.0]) + torch.tensor([0.1, 0.0]) * (face[:, 1:] > 0)
    moved = 1.3 * turned @ torch.tensor([[0.8, -0.6], [0.6, 0.8]]) + 0.2
    gaps = pose_gaps(torch.stack((face, moved))[None], turned[None])[0]
    assert gaps[1] == pytest.approx(0, abs=1e-5)
    assert gaps[0] > 0.01


@pytest.mark.parametrize("fusion", STRATEGIES)
def test_it_learns_is_kept_and_starts_from_a_single_reference(fusion: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    single = scrambled(small("single"))
    save_model(single, tmp_path / "single")
    model = Animator(small(fusion))
    start_from(model, tmp_path / "single")
    model.rest_motion()
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    learning = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=1e-2)
    for _ in range(2):
        loss = (model(PHOTOS[:, :3], DRIVING)[0] - DRIVING).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    changed = {name for name, weight in model.state_dict().items() if not torch.equal(weight, before[name])}
    assert {name.split(".")[0] for name in changed} == {"generator"} | (
        {"fusion"} if fusion in ("learned", "attention") else set()
    )
    save_model(model, tmp_path / "fused")
    again = load_model(tmp_path / "fused").eval()
    assert torch.equal(frame(again, PHOTOS[:, :2]), frame(model.eval(), PHOTOS[:, :2]))


@pytest.mark.parametrize("fusion", ["learned", "attention"])
def test_a_spoilt_reference_is_learnt_not_to_be_believed(fusion: str) -> None:
    """Two photos show the frame as it is to be, a third one is black."""
    torch.manual_seed(0)
    model = Animator(small(fusion))
    model.rest_motion()
    optimiser = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-2)
    good = (images(1, 1) + 0.02 * torch.randn(2, 3, 64, 64)).clamp(0, 1)[None]
    photos = torch.cat((good, torch.zeros(1, 1, 3, 64, 64)), 1)

    def believed() -> float:
        appearance = model.encode(photos)
        mixture = model.mixture(appearance, model.motion(appearance, DRIVING))
        assert mixture is not None
        return float(mixture.weights[0, 2].detach().mean())

    before = believed()
    for _ in range(25):
        loss = (model(photos, DRIVING)[0] - DRIVING).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert believed() < 0.5 * before


def test_too_many_or_no_references_are_said() -> None:
    with pytest.raises(FacemotionError, match="fusion 'mean' takes 1 to 8"):
        MODELS["mean"].encode(torch.rand(1, MOST + 1, 3, 64, 64))
    with pytest.raises(FacemotionError, match="fusion 'single' takes one"):
        Animator(coarse_only(TINY)).encode(torch.rand(1, 2, 3, 64, 64))


def test_further_references_cost_less_than_the_first() -> None:
    config = TINY.model_copy(update={"fusion": "attention"})
    one, two, four = (summarise(config, count)[-1].frame_gflop for count in (1, 2, 4))
    assert (four - two) / 2 < 0.5 * one
