"""What becomes of pixels and points when a pair is mirrored, moved and coloured."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from torch import Tensor

from facemotion.dataset import pixels
from facemotion.dataset.augmentation import Frames, prepare, told
from facemotion.dataset.sampling import NORMALS, UNIFORMS
from facemotion.landmarks.layout import MIRROR, N_POINTS
from facemotion.models.grid import resize_image
from facemotion.training.config import Augmentation

STILL = Augmentation(flip=0.0, colour=0.0, moved=0.0, shift=0.1, turn=10.0, zoom=0.1, apart=0.0, dropped=0.0)
SIZE = 64


def frames(count: int = 6, seed: int = 0) -> Frames:
    """Smooth images on which a bright spot stands where point 30, the tip of the nose, is."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(20, SIZE - 21, (count, 2, N_POINTS, 2)).astype(np.float32)
    y, x = np.mgrid[:SIZE, :SIZE]
    at = points[:, :, 30, :, None, None]
    spot = np.exp(-((x - at[:, :, 0]) ** 2 + (y - at[:, :, 1]) ** 2) / (2 * 3.0**2))
    images = (40 + 200 * spot[..., None] * np.array([1.0, 0.8, 0.6])).astype(np.uint8)
    return Frames(
        torch.arange(count), torch.from_numpy(images), torch.from_numpy(points),
        torch.zeros(count, 2, 4), torch.from_numpy(rng.random((count, UNIFORMS), dtype=np.float32)),
        torch.from_numpy(rng.standard_normal((count, NORMALS), dtype=np.float32)), torch.zeros(count, 0),
    )  # fmt: skip


def spot(images: Tensor) -> Tensor:
    """Where each image [B, 3, S, S] is brightest, normalised: the mean place of what stands out."""
    grey = (images.mean(1) - images.mean(1).amin((1, 2), keepdim=True)).clamp(min=0) ** 2
    centres = (2 * torch.arange(images.shape[-1]) + 1) / images.shape[-1] - 1
    total = grey.sum((1, 2))
    return torch.stack(((grey.sum(1) * centres).sum(1) / total, (grey.sum(2) * centres).sum(1) / total), 1)


def test_without_rules_a_batch_is_the_frames_at_the_models_size() -> None:
    given = frames()
    batch = prepare(given, SIZE, None)
    expected = given.images[:, 1].permute(0, 3, 1, 2) / 255
    torch.testing.assert_close(batch.driving, expected)
    half = prepare(given, SIZE // 2, None)
    torch.testing.assert_close(half.driving, torch.nn.functional.avg_pool2d(expected, 2))
    torch.testing.assert_close(half.driving_points, batch.driving_points)
    odd = prepare(given, 48, None)
    assert odd.reference.shape == (6, 3, 48, 48)
    torch.testing.assert_close(odd.reference.mean(), batch.reference.mean(), atol=2e-3, rtol=0)


def test_rules_that_change_nothing_change_nothing() -> None:
    given = frames()
    one, other = prepare(given, 32, None), prepare(given, 32, STILL)
    torch.testing.assert_close(one.reference, other.reference)
    torch.testing.assert_close(one.reference_points, other.reference_points)


def test_mirrored_pairs() -> None:
    given = frames()
    plain, mirrored = prepare(given, SIZE, None), prepare(given, SIZE, STILL.model_copy(update={"flip": 1.0}))
    torch.testing.assert_close(mirrored.driving, plain.driving.flip(-1))
    back = mirrored.driving_points[:, list(MIRROR)] * torch.tensor([-1.0, 1.0])
    torch.testing.assert_close(back, plain.driving_points)


@pytest.mark.parametrize("flip", [0.0, 1.0])
@pytest.mark.parametrize("apart", [0.0, 0.5])
@pytest.mark.parametrize("size", [64, 32])
def test_points_go_where_their_pixels_go(flip: float, apart: float, size: int) -> None:
    given = frames()
    rules = STILL.model_copy(update={"moved": 1.0, "flip": flip, "apart": apart})
    batch = prepare(given, size, rules)
    for images, points in ((batch.reference, batch.reference_points), (batch.driving, batch.driving_points)):
        inside = points[:, 30].abs().amax(1) < 0.75
        assert inside.any()
        torch.testing.assert_close(spot(images)[inside], points[inside, 30], atol=0.04, rtol=0)


def test_a_pair_moves_together_unless_told_apart() -> None:
    given = frames()
    given.images[:, 1] = given.images[:, 0]
    together = prepare(given, SIZE, STILL.model_copy(update={"moved": 1.0, "colour": 0.3, "flip": 0.5}))
    torch.testing.assert_close(together.reference, together.driving)
    alone = prepare(given, SIZE, STILL.model_copy(update={"moved": 1.0, "apart": 0.5}))
    assert not torch.allclose(alone.reference, alone.driving, atol=1e-2)


def test_colours_stay_colours() -> None:
    given = frames()
    batch = prepare(given, SIZE, STILL.model_copy(update={"colour": 0.3}))
    plain = prepare(given, SIZE, None)
    assert batch.reference.min() >= 0
    assert batch.reference.max() <= 1
    assert not torch.allclose(batch.reference, plain.reference, atol=1e-2)


@pytest.mark.parametrize(("size", "apart"), [(64, 0.8 / 255), (48, 1e-4), (32, 0.8 / 255), (16, 0.8 / 255)])
def test_opencv_changes_no_picture(size: int, apart: float, monkeypatch: pytest.MonkeyPatch) -> None:
    given = frames()
    generator = torch.Generator().manual_seed(0)
    given.images.copy_(torch.randint(256, given.images.shape, generator=generator, dtype=torch.uint8))
    rules = Augmentation(flip=0.5, colour=0.2, moved=1.0, shift=0.1, turn=10.0, zoom=0.1, apart=0.2, dropped=0.0)
    fast = prepare(given, size, rules)
    monkeypatch.setattr(pixels, "cv2", None)
    batch = prepare(given, size, rules)
    # Where what models are to show leaves nothing to average, what is made of bytes is rounded to bytes.
    for name in ("driving", "sharp", "reference"):
        torch.testing.assert_close(getattr(fast, name), getattr(batch, name), atol=apart, rtol=0)


def test_how_many_frames_are_made_at_a_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    given = frames(5)
    rules = Augmentation(flip=0.5, colour=0.2, moved=0.5, shift=0.1, turn=10.0, zoom=0.1, apart=0.2, dropped=0.0)
    batch = prepare(given, 32, rules)
    for made in (1, 3 * 32**2):
        monkeypatch.setattr(pixels, "PIECE", made)
        assert torch.equal(prepare(given, 32, rules).driving, batch.driving)


def test_a_pair_does_not_depend_on_its_batch() -> None:
    given = frames()
    rules = Augmentation(flip=0.5, colour=0.2, moved=0.5, shift=0.1, turn=10.0, zoom=0.1, apart=0.2, dropped=0.0)
    alone = Frames(*(getattr(given, one.name)[2:3] for one in fields(given)))
    torch.testing.assert_close(prepare(alone, 32, rules).driving[0], prepare(given, 32, rules).driving[2])


def test_points_that_were_not_found_stay_so() -> None:
    given = frames()
    given.points[0] = float("nan")
    batch = prepare(given, SIZE, STILL.model_copy(update={"moved": 1.0}))
    assert batch.driving_points[0].isnan().all()
    assert batch.driving_points[1:].isfinite().all()
    assert batch.driving.isfinite().all()


def test_further_references_are_moved_with_their_pair_and_spoilt_as_told() -> None:
    given = frames(4)
    rules = Augmentation(flip=0.5, colour=0.0, moved=1.0, shift=0.1, turn=10.0, zoom=0.1, apart=0.2, dropped=0.0)
    extra = given.images[:, :1].expand(-1, 4, -1, -1, -1), given.points[:, :1].expand(-1, 4, -1, -1)
    several = replace(
        given,
        images=torch.cat((given.images, extra[0]), 1),
        points=torch.cat((given.points, extra[1]), 1),
        camera=torch.zeros(4, 6, 4),
        spoilt=torch.tensor([[0, 1, 2, 3]]).expand(4, -1),
    )
    one, batch = prepare(given, 32, rules), prepare(several, 32, rules)
    torch.testing.assert_close(batch.driving, one.driving)
    torch.testing.assert_close(batch.reference, one.reference)
    torch.testing.assert_close(batch.others[:, 0], batch.reference)
    torch.testing.assert_close(batch.other_points[:, 3], batch.reference_points)
    black, blurred, noise = batch.others[:, 1:].unbind(1)
    assert not black.any()
    assert detail(blurred) < 0.5 * detail(batch.reference)
    assert detail(noise) > 0.2
    assert not torch.equal(noise[0], noise[1])
    images, *_ = told(batch)
    assert images.shape == (4, 5, 3, 64, 64)
    assert told(batch, 2, references=3)[0].shape == (2, 3, 3, 64, 64)
    assert told(one)[0].shape == (4, 1, 3, 64, 64)


def test_photos_are_twice_as_sharp_where_there_is_as_much() -> None:
    given = frames(2)
    same = replace(given, images=given.images[:, :1].expand(-1, 2, -1, -1, -1))
    for size, sharp in ((16, 32), (32, 64), (48, 48), (64, 64)):
        batch = prepare(same, size, None)
        assert batch.driving.shape[-1] == size
        assert batch.reference.shape[-1] == batch.sharp.shape[-1] == sharp
        assert torch.equal(batch.sharp, batch.reference)
        torch.testing.assert_close(resize_image(batch.reference, size), batch.driving)


def detail(images: Tensor) -> float:
    return float((images[..., 1:] - images[..., :-1]).abs().mean())
