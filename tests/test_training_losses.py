"""Terms of the loss: zero where they must be, blind and keen where they should be."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor
from torch.autograd.functional import jacobian
from training_toys import config, settings

from facemotion import weights
from facemotion.dataset.augmentation import Batch
from facemotion.errors import FacemotionError
from facemotion.models import grid
from facemotion.models.animator import Animator
from facemotion.models.closeups import LOOKED_FOR
from facemotion.models.keypoints import Keypoints
from facemotion.models.presets import preset
from facemotion.training import adversarial, perceptual, photometric, regions
from facemotion.training.losses import Trainee, closeup_error, cycle, equivariance, warp_error
from facemotion.training.transforms import NORMALS, Warps

MEASURES = [photometric.l1, photometric.gradient, photometric.ssim, photometric.census]


def picture(seed: int = 0, size: int = 64) -> Tensor:
    noise = torch.rand(2, 3, size // 4, size // 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(noise, size=size, mode="bicubic").clamp(0, 1)


def batch(size: int = 64) -> Batch:
    one, other = picture(1, size), picture(2, size)
    points = torch.rand(2, 70, 2, generator=torch.Generator().manual_seed(3)) - 0.5
    still = torch.eye(2, 3).expand(2, -1, -1)
    none = torch.zeros(2, 0, 3, size, size), torch.zeros(2, 0, 70, 2), torch.zeros(2, 0, 2, 3)
    return Batch(
        torch.arange(2), one, other, points, points, points, still, still, torch.randn(2, NORMALS), *none, other
    )


def test_each_level_answers_for_its_flow_and_the_last_one_most() -> None:
    refined = config().model_copy(update={"refined": True})
    given = batch()

    def flows(decay: float) -> tuple[float, list[float]]:
        losses = settings(losses__flows=1.0, losses__decay=decay).losses
        torch.manual_seed(0)
        trainee = Trainee(Animator(refined), losses, "fp32")
        _, _, motion = trainee.model(given.reference[:, None], given.driving)
        fields = motion.fields[1:]
        each = [warp_error(field.flow, given, losses.regions, sharp=field is fields[-1]) for field in fields]
        return float(trainee._flow_terms(motion, given)["flows"].detach()), [float(one.detach()) for one in each]

    alone, each = flows(1e-9)
    assert alone == pytest.approx(each[-1], rel=1e-5)
    assert flows(1.0)[0] == pytest.approx(sum(each) / len(each), rel=1e-5)
    weights = [0.5 ** (len(each) - 1 - k) for k in range(len(each))]
    wanted = sum(w * e for w, e in zip(weights, each, strict=True)) / sum(weights)
    assert flows(0.5)[0] == pytest.approx(wanted, rel=1e-5)
    assert len(each) > 1


def test_windows_that_nothing_teaches_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    sizes = preset("tiny")
    for weight in (1.0, 0.0):
        trainee = Trainee(Animator(sizes), settings(losses__closeups=weight, losses__flows=1.0).losses, "fp32")
        trainee.check_all_can_learn()
        assert ("losses.closeups is 0" in caplog.text) == (weight == 0)
    caplog.clear()
    trainee.model.rest_motion()
    trainee.check_all_can_learn()
    assert not caplog.records


@pytest.mark.parametrize("measure", MEASURES)
def test_measures_vanish_for_equal_images_and_grow_with_difference(measure: object) -> None:
    assert callable(measure)
    image, noise = picture(), 0.1 * torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    assert measure(image, image) == pytest.approx(0, abs=1e-6)
    assert 0 < measure(image, image + 0.3 * noise) < measure(image, image + noise)


def test_ssim_as_by_its_definition() -> None:
    a, b = picture(1, 16), picture(2, 16)
    window_a, window_b = a[..., 3:10, 4:11], b[..., 3:10, 4:11]
    ma, mb = window_a.mean((2, 3)), window_b.mean((2, 3))
    va, vb = window_a.var((2, 3), correction=0), window_b.var((2, 3), correction=0)
    cov = ((window_a - ma[..., None, None]) * (window_b - mb[..., None, None])).mean((2, 3))
    value = (2 * ma * mb + 1e-4) * (2 * cov + 9e-4) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))
    torch.testing.assert_close(photometric.ssim(window_a, window_b), (1 - value).mean() / 2)


def test_the_census_does_not_see_light() -> None:
    image = picture() * 0.5
    assert photometric.census(image, image + 0.2) < 1e-9
    assert photometric.census(image, image.roll(2, -1)) > 1e-2


@pytest.mark.parametrize("scales", [1, 4, 6])
def test_the_pyramid_ends_before_it_is_a_point(scales: int) -> None:
    levels = photometric.pyramid(picture(), scales)
    assert [level.shape[-1] for level in levels] == [64, 32, 16, 8][:scales]
    torch.testing.assert_close(levels[-1].mean(), picture().mean())


def test_jacobians_of_warps_are_their_derivatives() -> None:
    warps = Warps.random(3 * torch.randn(1, NORMALS, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    points = torch.rand(1, 5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    full = jacobian(warps.points, points)[0, :, :, 0]
    exact = torch.stack([full[n, :, n] for n in range(5)])
    torch.testing.assert_close(warps.jacobians(points)[0], exact)


def test_no_noise_is_no_warp() -> None:
    warps = Warps.random(torch.zeros(2, NORMALS))
    image = picture()
    torch.testing.assert_close(warps.images(image), image, atol=1e-5, rtol=0)


@given(st.integers(0, 1000))
def test_keypoints_that_follow_a_warp_cost_nothing(seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    warps = Warps.random(torch.randn(2, NORMALS, dtype=torch.float64, generator=rng))
    points = torch.rand(2, 6, 2, dtype=torch.float64, generator=rng) * 2 - 1
    frames = torch.eye(2) + 0.2 * torch.randn(2, 6, 2, 2, dtype=torch.float64, generator=rng).clamp(-1, 1)
    original = Keypoints(warps.points(points), warps.jacobians(points) @ frames)
    places, turns = equivariance(warps, Keypoints(points, frames), original)
    assert places.item() == pytest.approx(0, abs=1e-12)
    assert turns.item() == pytest.approx(0, abs=1e-6)
    moved, _ = equivariance(warps, Keypoints(points + 0.1, frames), original)
    assert moved.item() > 0.03


def test_finer_keypoints_belong_where_landmarks_of_lids_and_lips_are() -> None:
    points = torch.rand(2, 70, 2) * 2 - 1
    looked_for = points[:, LOOKED_FOR]
    assert closeup_error(looked_for, points).item() == 0
    assert closeup_error(looked_for + 0.1, points).item() == pytest.approx(0.1, abs=1e-6)
    points[0] = float("nan")
    found = (looked_for + 0.1).requires_grad_()
    error = closeup_error(found, points)
    assert error.item() == pytest.approx(0.05, abs=1e-6)
    error.backward()
    assert found.grad is not None
    assert found.grad[0].abs().max() == 0
    assert found.grad[1].abs().min() > 0


def test_an_affine_map_and_its_inverse_close_the_cycle() -> None:
    there = torch.tensor([[[1.1, 0.2, 0.3], [-0.1, 0.9, 0.1]]])
    whole = torch.cat((there, torch.tensor([[[0.0, 0.0, 1.0]]])), 1)
    assert cycle(there, torch.linalg.inv(whole)[:, :2]).item() == pytest.approx(0, abs=1e-6)
    assert cycle(there, there).item() > 0.1


def test_regions_are_where_lips_and_eyes_are() -> None:
    points = torch.full((2, 70, 2), -5.0)
    points[:, 48:68] = torch.tensor([0.5, 0.5]) + 0.1 * torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    points[1] = float("nan")
    lips = regions.lips_mask(points, 64)
    assert lips[0, 0, 47, 47] == 1
    assert lips[0, 0, :16].sum() == 0
    assert lips[1].sum() == 0
    assert regions.eyes_mask(points, 64).sum() == 0
    values = torch.ones(2, 3, 64, 64)
    both = regions.mean(values, regions.mask(points, 64))
    assert both.item() == pytest.approx(0.5)
    pieces = [regions.mean(values[i : i + 1], regions.mask(points[i : i + 1], 64)) for i in range(2)]
    assert torch.stack(pieces).mean().item() == pytest.approx(both.item())
    assert regions.mean(values, torch.zeros(2, 1, 64, 64)).item() == 0


def seen_at(image: torch.Tensor, size: int) -> torch.Tensor:
    return torch.nn.functional.avg_pool2d(image, image.shape[-1] // size)


def test_a_right_flow_warps_the_reference_onto_the_driving_frame() -> None:
    given = batch()
    flow = grid.identity(32, given.reference).expand(2, -1, -1, -1)
    same = replace(given, reference=given.driving, reference_points=given.driving_points)
    assert warp_error(flow, same, 0.0).item() == pytest.approx(0, abs=1e-6)
    wrong = warp_error(flow, given, 0.0)
    assert wrong.item() > 0.05
    where = regions.mask(given.driving_points, 32)
    there = regions.mean((seen_at(given.reference, 32) - seen_at(given.driving, 32)).abs(), where)
    assert warp_error(flow, given, 2.0).item() == pytest.approx((wrong + 2 * there).item(), abs=1e-6)
    # Where a part is hardly a pixel it has no weight of its own.
    small = grid.identity(16, given.reference).expand(2, -1, -1, -1)
    assert warp_error(small, given, 2.0).item() == warp_error(small, given, 0.0).item()


def test_a_flow_answers_for_detail_that_models_are_not_shown() -> None:
    """Of two pictures that are one at the model's size."""
    fine = 0.25 + 0.5 * picture(1, 128)
    board = 0.1 * (1 - 2 * (torch.arange(128) % 2)) * torch.ones(128, 1)
    given = replace(batch(128), reference=fine + board, sharp=fine, driving=seen_at(fine, 64))
    flow = grid.identity(64, fine).expand(2, -1, -1, -1)
    assert warp_error(flow, given, 0.0).item() < 0.01
    assert warp_error(flow, given, 0.0, sharp=True).item() > 0.05
    right = replace(given, reference=fine)
    assert warp_error(flow, right, 1.0, sharp=True).item() == pytest.approx(0, abs=1e-6)


def test_the_critics_terms_teach_each_side_its_own() -> None:
    critic = adversarial.PatchCritic(8)
    painted = picture().requires_grad_()
    displeased, mistaken = adversarial.terms(critic, painted, picture(1))
    displeased.backward(retain_graph=True)
    assert painted.grad is not None
    assert all(weight.grad is None for weight in critic.parameters())
    painted.grad = None
    mistaken.backward()
    assert painted.grad is None
    assert all(weight.grad is not None for weight in critic.parameters())


ALL_TERMS = {
    "losses__ssim": 1.0, "losses__census": 1.0, "losses__regions": 1.0, "losses__perceptual": 1.0,
    "losses__occlusion": 0.1, "losses__warped": 1.0, "losses__flows": 1.0, "losses__adversarial": 0.1,
}  # fmt: skip


# What only some motions have terms for.
NOT_OF = {
    "keypoints": {"foreground"},
    "landmarks": {"points", "jacobians", "closeups", "background"},
    "mixed": {"closeups", "background"},
}


@pytest.mark.parametrize("motion", list(NOT_OF))
@pytest.mark.parametrize("refined", [False, True])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_every_term_is_named_and_finite(motion: str, refined: bool, precision: str) -> None:
    torch.manual_seed(0)
    sizes = config(refined=refined).model_copy(update={"motion": motion})
    trainee = Trainee(Animator(sizes), settings(**ALL_TERMS).losses, precision)
    terms = trainee(batch())
    assert set(terms) == set(trainee.weights()) - (set() if refined else {"flows", "closeups"}) - NOT_OF[motion]
    assert all(value.dtype == torch.float32 and value.isfinite() for value in terms.values())
    trainee.total(terms).backward()
    gradients = [weight.grad for weight in trainee.parameters() if weight.grad is not None]
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_a_weight_of_zero_leaves_the_term_out() -> None:
    trainee = Trainee(Animator(config()), settings(losses__points=0.0, losses__jacobians=0.0).losses, "fp32")
    assert set(trainee(batch())) == {"l1", "gradient", "background", "warped"}


@pytest.mark.parametrize("closer", [True, False])
def test_frozen_motion_has_no_terms_of_its_own(closer: bool) -> None:
    """But for the refiner's own keypoints, where it has some."""
    sizes = config(refined=True)
    if not closer:
        sizes = sizes.model_copy(update={"refiner": sizes.refiner.model_copy(update={"closeups": None})})
    trainee = Trainee(Animator(sizes), settings(losses__flows=1.0, losses__warped=1.0).losses, "fp32")
    trainee.model.coarse.requires_grad_(False)
    assert set(trainee(batch())) == {"l1", "gradient", "flows"} | (
        {"points", "jacobians", "closeups"} if closer else set()
    )


def test_random_features_are_the_same_everywhere_and_see_detail() -> None:
    one, other = perceptual.RandomFeatures(), perceptual.RandomFeatures()
    image = [picture()]
    torch.testing.assert_close(one(image[0]), other(image[0]))
    assert perceptual.difference(one, image, image).item() == 0
    assert perceptual.difference(one, image, [image[0].roll(1, -1)]).item() > 0


def vgg_state(*, short: bool = False) -> dict[str, Tensor]:
    """Torchvision's names and shapes up to relu5_1, of zeros."""
    state, index, before = {}, 0, 3
    for width in perceptual.VGG19:
        if width is None:
            index += 1
            continue
        state[f"features.{index}.weight"] = torch.full((width, before, 3, 3), 0.01)
        state[f"features.{index}.bias"] = torch.zeros(width)
        index, before = index + 2, width
    if short:
        del state["features.28.bias"]
    return state


def test_vgg19_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file(vgg_state(), tmp_path / "vgg.safetensors")
    network = perceptual.Vgg19Features(str(tmp_path / "vgg.safetensors"))
    assert [tuple(seen.shape[1:]) for seen in network(picture())] == [
        (64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8), (512, 4, 4),
    ]  # fmt: skip
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    torch.save(vgg_state(), tmp_path / "hub/checkpoints" / weights.VGG19.name)
    perceptual.Vgg19Features(None)


def test_vgg19_is_looked_for_in_a_folder_of_ones_own_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    own, hub = tmp_path / "own", tmp_path / "torch/hub/checkpoints"
    chosen = settings(losses__perceptual=1.0, losses__features="vgg19").losses
    with pytest.raises(FacemotionError, match=rf"{own}.* or {hub}.*curl .*{weights.VGG19.url}.*losses\.vgg19"):
        Trainee(Animator(config()), chosen, "fp32", own)
    own.mkdir()
    hub.mkdir(parents=True)
    torch.save(vgg_state(), own / weights.VGG19.name)
    (hub / weights.VGG19.name).write_bytes(b"no weights at all")
    Trainee(Animator(config()), chosen, "fp32", own)
    torch.save(vgg_state(short=True), own / weights.VGG19.name)
    with pytest.raises(FacemotionError, match=rf"{own}.*features\.28\.bias.*facemotion weights"):
        Trainee(Animator(config()), chosen, "fp32", own)


def test_vgg19_that_is_not_there_or_not_right(tmp_path: Path) -> None:
    with pytest.raises(FacemotionError, match=r"no VGG19 weights.*losses\.features to random"):
        perceptual.Vgg19Features(str(tmp_path / "none.pth"))
    (tmp_path / "bad.pth").write_bytes(b"no weights at all")
    with pytest.raises(FacemotionError, match="cannot be read"):
        perceptual.Vgg19Features(str(tmp_path / "bad.pth"))
    save_file(vgg_state(short=True), tmp_path / "short.safetensors")
    with pytest.raises(FacemotionError, match=r"features\.28\.bias"):
        perceptual.Vgg19Features(str(tmp_path / "short.safetensors"))


def test_losses_need_something_of_the_image() -> None:
    with pytest.raises(ValueError, match="weight above 0"):
        settings(losses__l1=0.0, losses__gradient=0.0)
