"""Metrics of frames and intervals: right where they can be worked out by hand, and worse where a frame is damaged."""

import cv2
import numpy as np
import polars as pl
import pytest
import torch

from facemotion import schemas
from facemotion.evaluation import images, intervals
from facemotion.evaluation.flows import end_point_errors, in_pixels
from facemotion.evaluation.images import SCALE, Frame
from facemotion.evaluation.protocols import scored_frames
from facemotion.evaluation.same_identity import means
from facemotion.evaluation.truth import TrueFlow
from facemotion.models import grid

SHAPE = (SCALE, SCALE, 3)


@pytest.fixture(scope="module")
def picture() -> Frame:
    """Smooth blobs, like a face more than like noise."""
    noise = np.random.default_rng(0).random((24, 24, 3)).astype(np.float32)
    return np.clip(cv2.resize(noise, (SCALE, SCALE), interpolation=cv2.INTER_CUBIC), 0, 1)


def test_equal_frames_are_perfect(picture: Frame) -> None:
    assert images.l1(picture, picture) == 0
    assert images.psnr(picture, picture) == pytest.approx(100)
    assert images.ssim(picture, picture) == pytest.approx(1)


def test_values_that_can_be_worked_out_by_hand() -> None:
    grey, light = np.full(SHAPE, 0.5, np.float32), np.full(SHAPE, 0.6, np.float32)
    assert images.l1(grey, light) == pytest.approx(0.1, abs=1e-6)
    assert images.psnr(grey, light) == pytest.approx(20, abs=1e-4)
    flat = (2 * 0.5 * 0.6 + 1e-4) / (0.5**2 + 0.6**2 + 1e-4)  # no contrast, nothing to correlate
    assert images.ssim(grey, light) == pytest.approx(flat, abs=1e-4)
    half = grey.copy()
    half[:, : SCALE // 2] = 1.0
    assert images.l1(grey, half) == pytest.approx(0.25)


@pytest.mark.parametrize("damage", ["blur", "shift", "noise"])
def test_every_metric_gets_worse_with_more_damage(picture: Frame, damage: str) -> None:
    def damaged(much: int) -> Frame:
        match damage:
            case "blur":
                return np.asarray(cv2.GaussianBlur(picture, (0, 0), 2.0 * much), np.float32)
            case "shift":
                return np.roll(picture, much, axis=1)
        noise = np.random.default_rng(1).normal(0, 0.03 * much, SHAPE)
        return np.clip(picture + noise, 0, 1).astype(np.float32)

    one, two = damaged(1), damaged(2)
    assert 0 < images.l1(one, picture) < images.l1(two, picture)
    assert 100 > images.psnr(one, picture) > images.psnr(two, picture)
    assert 1 > images.ssim(one, picture) > images.ssim(two, picture)


def test_growing_to_the_scored_size_moves_nothing() -> None:
    ramp = torch.linspace(0.2, 0.8, 64).expand(1, 3, 64, 64)
    large = images.at_scale(ramp)[0]
    assert large.shape == SHAPE
    centres = (np.arange(SCALE) + 0.5) / 4 - 0.5  # of large pixels, in small ones
    wanted = 0.2 + 0.6 * centres / 63
    assert np.abs(large[100, 16:-16, 0] - wanted[16:-16]).max() < 1e-3
    assert np.allclose(images.at_scale(torch.full((1, 3, 256, 256), 0.25)), 0.25)


def test_errors_of_flows_in_pixels() -> None:
    here = np.stack(np.meshgrid(np.arange(SCALE), np.arange(SCALE)), -1).astype(np.float32)
    seen = np.ones((SCALE, SCALE), np.bool_)
    seen[:, 200:] = False
    face = np.zeros_like(seen)
    face[50:60, 50:60] = True
    hidden = np.zeros_like(seen)
    hidden[50:60, 210:220] = True
    true = TrueFlow(here + np.array([3.0, 4.0], np.float32), seen)
    still = in_pixels(grid.identity(32, torch.zeros(1)))[0]
    assert np.abs(still - here).max() < 1e-3
    wrong = still.copy()
    wrong[50:60, 50:60] += [3.0, 0.0]
    wrong[:, 200:] = np.nan  # what cannot be known must not count
    errors = end_point_errors(wrong, true, {"face": face, "lips": hidden}, "_step1")
    assert errors["epe_step1"] == pytest.approx(5 - 100 / (200 * SCALE), abs=1e-3)
    assert errors["epe_face_step1"] == pytest.approx(4, abs=1e-3)
    assert np.isnan(errors["epe_lips_step1"])


def test_a_flow_to_the_right_is_to_the_right_in_pixels() -> None:
    moved = grid.identity(64, torch.zeros(1)) + torch.tensor([2 / 64, 0.0])[None, :, None, None]
    here = np.stack(np.meshgrid(np.arange(SCALE), np.arange(SCALE)), -1)
    assert np.abs(in_pixels(moved)[0] - here - [4.0, 0.0]).max() < 1e-3


@pytest.mark.parametrize(("frames", "stride", "scored"), [(2, 3, [1]), (9, 3, [2, 5, 8]), (5, 1, [1, 2, 3, 4])])
def test_the_last_frame_is_scored_and_the_reference_is_not(frames: int, stride: int, scored: list[int]) -> None:
    assert scored_frames(frames, stride).tolist() == scored


def test_a_ratio_and_its_interval() -> None:
    theirs = np.array([1.0, 2.0, 3.0, 10.0])
    found = intervals.ratio(theirs / 2, theirs)
    assert found == pytest.approx((0.5, 0.5, 0.5))  # drawn together: no clip is worse than another
    assert found == intervals.ratio(theirs / 2, theirs)
    spread = intervals.mean(theirs)
    assert spread.low < spread.value == 4.0 < spread.high
    wide = intervals.ratio(np.array([1.0, 9.0, 1.0, 9.0]), np.ones(4))
    assert wide.low < 5 < wide.high
    with pytest.raises(ValueError, match="same clips"):
        intervals.ratio(np.ones(3), np.ones(4))


def test_means_count_clips_alike_and_pairs_are_of_the_same_clip() -> None:
    def table(values: dict[str, float]) -> pl.DataFrame:
        return pl.DataFrame({"clip_id": list(values), "metric": "l1", "value": list(values.values()), "frames": 3})

    ours = table({"b": 1.0, "a": 3.0, "c": 5.0})
    assert means(ours) == {"l1": 3.0}
    mine, other = intervals.paired(ours, table({"c": 50.0, "a": 30.0}), "l1")
    assert (mine.tolist(), other.tolist()) == ([3.0, 5.0], [30.0, 50.0])


def test_a_difference_is_told_apart_where_all_clips_agree_and_not_where_they_do_not() -> None:
    hard = np.array([1.0, 5.0, 9.0, 3.0, 7.0, 2.0, 8.0, 4.0])
    better = intervals.difference(hard - 0.5, hard)
    assert better.difference.value == pytest.approx(-0.5)
    assert (better.less, better.more, better.equal) == (8, 0, 0)
    assert better.told_apart
    mixed = intervals.difference(hard + np.array([1, -1, 1, -1, 1, -1, 0, 0.0]), hard)
    assert (mixed.less, mixed.more, mixed.equal) == (3, 3, 2)
    assert mixed.difference.low < 0 < mixed.difference.high
    assert not mixed.told_apart
    alone = intervals.difference(np.array([2.0]), np.array([3.0]))
    assert alone.difference == (-1.0, -1.0, -1.0)
    with pytest.raises(ValueError, match="not of the same clips"):
        intervals.difference(np.ones(3), np.ones(4))


@pytest.mark.parametrize("clips", [8, 13, 60])
def test_intervals_hold_the_true_difference_nineteen_times_in_twenty(clips: int) -> None:
    """Clips differ far more among each other than two variants do; errors are skewed as real ones are."""
    rng = np.random.default_rng(clips)
    trials, held = 500, 0
    for _ in range(trials):
        hard = rng.lognormal(0, 1, clips)
        ours, theirs = hard + 0.3 * rng.gamma(2, 1, clips), hard + 0.3 * rng.gamma(3, 1, clips)
        found = intervals.difference(ours, theirs).difference
        held += found.low <= -0.3 <= found.high
    assert 0.91 <= held / trials <= 0.98


def test_means_are_the_same_to_the_last_digit_however_often_and_in_whatever_order() -> None:
    rng = np.random.default_rng(0)
    rows = [
        {"clip_id": f"c{clip:04d}", "person_id": "p", "metric": f"m{metric}", "value": value, "frames": 1}
        for clip in range(400)
        for metric, value in enumerate(rng.uniform(0, 1, 50))
    ]
    table = schemas.SCORES.frame(rows)
    expected = means(table)
    for seed in range(20):
        assert means(table.sample(fraction=1.0, shuffle=True, seed=seed)) == expected
