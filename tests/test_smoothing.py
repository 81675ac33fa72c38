"""Smoothing: its invariants, what it keeps, what it removes, and how that is scored."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks._filters import KNOWN
from facemotion import config
from facemotion.landmarks.layout import GROUPS, N_POINTS, RIGID
from facemotion.landmarks.noise_model import NOISE_PX, model_motion, score_on_model
from facemotion.landmarks.scores import (
    LIDS,
    Scored,
    blink_depth,
    blinks,
    jitter_ratio,
    lag_frames,
    nme,
    opening,
    score_landmarks,
)
from facemotion.landmarks.similarity import split_motion
from facemotion.landmarks.smoothing import TOGETHER, segments, smooth_track
from facemotion.landmarks.store import Track
from facemotion.landmarks.whittaker import noise_variance, smooth_together

SETTINGS = config.load().smooth
FPS = Fraction(25)
Floats = NDArray[np.float64]


def track(points: Floats, scores: Floats | None = None, fps: Fraction = FPS) -> Track:
    sure = np.ones(points.shape[:2]) if scores is None else scores
    return Track("clip", fps, points.astype(np.float32), sure.astype(np.float32))


def smoothed(points: Floats, scores: Floats | None = None, fps: Fraction = FPS) -> Floats:
    return np.asarray(smooth_track(track(points, scores, fps), SETTINGS).points, np.float64)


def noisy(frames: int = 100, seed: int = 0) -> Floats:
    motion = model_motion(seed)[:frames]
    sway = 6 * np.sin(np.arange(frames) / 9)[:, None, None] * np.array([1.0, 0.3])
    return motion + sway + np.random.default_rng(seed).normal(0, NOISE_PX, motion.shape)


def test_every_point_is_in_one_group() -> None:
    members = [point for rows in TOGETHER.values() for row in rows for point in row]
    assert sorted(members) == list(range(N_POINTS))


def test_figures_on_the_noise_model_are_beyond_the_known_filters() -> None:
    scores = [score_on_model(SETTINGS, seed) for seed in range(3)]
    assert max(s["jitter_ratio_model"] for s in scores) <= 0.15
    assert np.mean([s["blink_depth_model"] for s in scores]) >= 0.95
    assert max(abs(s["lag_frames_model"]) for s in scores) < 0.05


def test_no_filter_in_common_use_is_as_quiet_and_keeps_as_much() -> None:
    truth = model_motion(0)
    raw = truth + np.random.default_rng([0, 1]).normal(0, NOISE_PX, truth.shape)
    seen = np.ones(truth.shape[:2], bool)

    def jitter_and_depth(smooth: Floats) -> tuple[float, float]:
        noisy, exact = (Scored(truth, measured, smooth, seen, FPS) for measured in (raw, truth))
        return jitter_ratio([noisy]), blink_depth([exact])

    jitter, depth = jitter_and_depth(smoothed(raw))
    for name, known in KNOWN.items():
        theirs, kept = jitter_and_depth(known(raw))
        assert theirs > jitter or kept < depth, name
        # What is quieter than ours keeps less than half of a blink, and what keeps more trembles ten times as much.
        assert theirs > jitter or kept < 0.5, name
        assert kept < depth or theirs > 10 * jitter, name


@settings(max_examples=20)
@given(
    seed=st.integers(0, 50),
    scale=st.floats(0.3, 4),
    angle=st.floats(-1, 1),
    shift=st.tuples(st.floats(-99, 99), st.floats(-99, 99)),
)
def test_it_commutes_with_moving_turning_and_scaling(
    seed: int, scale: float, angle: float, shift: tuple[float, float]
) -> None:
    points = noisy(60, seed)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert np.allclose(smoothed(points @ turn.T + shift), smoothed(points) @ turn.T + shift, atol=2e-3 * max(scale, 1))


@settings(max_examples=10)
@given(seed=st.integers(0, 50))
def test_it_knows_no_direction_of_time(seed: int) -> None:
    points = noisy(60, seed)
    assert np.allclose(smoothed(points[::-1])[::-1], smoothed(points), atol=2e-3)


def test_what_stands_still_or_moves_evenly_is_not_changed() -> None:
    face = model_motion(0)[0]
    still = np.repeat(face[None], 50, axis=0)
    assert np.abs(smoothed(still) - still).max() < 1e-3
    moving = still + np.arange(50)[:, None, None] * np.array([0.7, -0.3])
    assert np.abs(smoothed(moving) - moving).max() < 1e-2


def test_noise_falls_and_slow_motion_stays() -> None:
    truth = noisy(100) * 0 + model_motion(0)[:100] + 6 * np.sin(np.arange(100) / 9)[:, None, None]
    raw = truth + np.random.default_rng(1).normal(0, NOISE_PX, truth.shape)
    smooth = smoothed(raw)
    assert np.abs(smooth - truth).mean() < 0.65 * np.abs(raw - truth).mean()
    clip = Scored(truth, raw, smooth, np.ones(truth.shape[:2], bool), FPS)
    assert jitter_ratio([clip]) < 0.2
    assert abs(lag_frames([clip])) < 0.1


def test_low_scores_and_short_gaps_are_filled_and_long_gaps_stay_empty() -> None:
    truth = np.repeat(model_motion(0)[:1], 90, axis=0) + 0.5 * np.arange(90)[:, None, None]
    raw = truth + np.random.default_rng(3).normal(0, 0.3, truth.shape)
    scores = np.ones(raw.shape[:2])
    raw[20, 68:] += 15
    scores[20, 68:] = 0
    raw[40:43] = np.nan
    scores[40:43] = 0
    raw[60:75] = np.nan
    smooth = smoothed(raw, scores)
    assert np.abs(smooth[20, 68:] - truth[20, 68:]).max() < 2
    assert np.abs(smooth[40:43] - truth[40:43]).max() < 1.5
    assert np.isnan(smooth[60:75]).all()
    assert np.isfinite(smooth[:60]).all()
    assert np.isfinite(smooth[75:]).all()


def test_nothing_is_carried_over_a_long_gap() -> None:
    raw = noisy(80)
    raw[30:45] = np.nan
    other = raw.copy()
    other[45:] += 50
    assert np.allclose(smoothed(raw)[:30], smoothed(other)[:30])


def test_clips_too_short_or_without_a_face_pass() -> None:
    for frames in (1, 2, 4, 5):
        points = noisy(frames)
        assert np.isfinite(smoothed(points)).all()
    empty = np.full((12, N_POINTS, 2), np.nan)
    assert np.isnan(smoothed(empty)).all()


def test_it_works_in_seconds() -> None:
    """At twice the rate, the same motion with the same noise a frame comes out at least as close."""
    seconds = np.arange(0, 6, 1 / 50)
    truth = np.repeat(model_motion(0)[:1], len(seconds), axis=0)
    truth[:, GROUPS["lips_inner"], 1] += 3 * np.sin(2 * np.pi * 2 * seconds)[:, None]
    raw = truth + np.random.default_rng(0).normal(0, 0.5, truth.shape)
    fast, slow = smoothed(raw, fps=Fraction(50)), smoothed(raw[::2], fps=FPS)
    assert np.abs(fast - truth).mean() < np.abs(slow - truth[::2]).mean() * 1.05


@given(seen=st.lists(st.booleans(), max_size=60), gap=st.integers(0, 8))
def test_segments_hold_every_seen_frame_and_no_long_gap(seen: list[bool], gap: int) -> None:
    found = segments(np.array(seen, bool), gap)
    covered = [frame for start, end in found for frame in range(start, end)]
    assert set(np.flatnonzero(seen)) <= set(covered)
    assert all(seen[start] and seen[end - 1] for start, end in found)
    for start, end in found:
        runs = "".join("x" if s else "." for s in seen[start:end]).split("x")
        assert max((len(run) for run in runs), default=0) <= gap
    assert all(b[0] - a[1] > gap for a, b in pairwise(found))


@given(seed=st.integers(0, 100))
def test_the_face_s_own_motion_is_told_from_that_of_the_head(seed: int) -> None:
    rng = np.random.default_rng(seed)
    face = model_motion(0)[0]
    shape = face[:, 0] + 1j * face[:, 1]
    turn = np.exp(1j * rng.uniform(-0.4, 0.4, 20)) * rng.uniform(0.7, 1.4, 20)
    place = rng.uniform(-50, 50, 20) + 1j * rng.uniform(-50, 50, 20)
    points = turn[:, None] * shape + place[:, None]
    found_turn, found_place, local = split_motion(points, np.ones(points.shape))
    assert np.allclose(found_turn[:, None] * local + found_place[:, None], points)
    assert np.abs(local - local[0]).max() < 1e-9
    assert np.abs(local[:, RIGID].mean(axis=1)).max() < 1e-9


def test_white_noise_is_measured_under_smooth_motion() -> None:
    rng = np.random.default_rng(0)
    motion = np.sin(np.arange(2000) / 12)[:, None] * np.array([5.0, 1.0, 0.0])
    values = motion + rng.normal(0, 1, (2000, 3)) * np.array([0.2, 0.5, 1.0])
    found = np.sqrt(noise_variance(values, np.ones(values.shape, bool)))
    assert found == pytest.approx([0.2, 0.5, 1.0], rel=0.15)


def test_the_solver_solves_its_equations() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.normal(0, 1, (30, 2)), rng.uniform(0.1, 1, (30, 2))
    found = smooth_together(values, weights, np.ones(2), 0.05, 0.0, 3.0)
    bend = np.diff(np.eye(30), 2, axis=0)
    for column in range(2):
        system = np.diag(weights[:, column]) + bend.T @ bend / 0.05
        assert found[:, column] == pytest.approx(
            np.linalg.solve(system, weights[:, column] * values[:, column]), abs=1e-5
        )


def test_scores_of_perfect_delayed_and_blinkless_landmarks() -> None:
    truth = model_motion(0)
    raw = truth + np.random.default_rng(0).normal(0, 0.3, truth.shape)
    seen = np.ones(truth.shape[:2], bool)
    perfect = score_landmarks([Scored(truth, raw, truth, seen, FPS)])
    assert perfect["jitter_ratio"] == 0
    assert perfect["nme_smooth"] == 0
    assert perfect["pupil_error"] == 0
    assert perfect["blink_depth"] == pytest.approx(1, abs=0.05)
    assert perfect["lag_frames"] == pytest.approx(0, abs=0.05)
    late = score_landmarks([Scored(truth, raw, np.roll(truth, 2, axis=0), seen, FPS)])
    assert late["lag_frames"] == pytest.approx(2, abs=0.1)
    still = score_landmarks([Scored(truth, raw, np.repeat(truth[:1], len(truth), axis=0), seen, FPS)])
    assert still["blink_depth"] == pytest.approx(0, abs=0.02)
    assert score_landmarks([]) == {}


def test_blinks_are_counted_once_and_errors_are_in_eye_distances() -> None:
    truth = model_motion(0)
    assert 10 <= len(blinks(opening(truth, LIDS[0]), 12)) <= 14
    assert nme(truth, truth + np.array([3.0, 4.0])).mean() == pytest.approx(
        5 / np.linalg.norm(truth[0, 36] - truth[0, 45])
    )


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_points_of_little_weight_change_nothing_where_the_face_is_rigid(seed: int) -> None:
    """Scores differ from frame to frame; the motion of a face that only turns and shifts must not."""
    rng = np.random.default_rng(seed)
    face = rng.normal(size=70) + 1j * rng.normal(size=70)
    turn = rng.uniform(0.5, 2, 12) * np.exp(1j * rng.uniform(-1, 1, 12))
    points = turn[:, None] * face + (rng.normal(size=12) + 1j * rng.normal(size=12))[:, None] * 5
    even = split_motion(points, np.ones(points.shape))
    uneven = split_motion(points, rng.uniform(0.02, 1, points.shape))
    for a, b in zip(even, uneven, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)
    again = even[0][:, None] * even[2] + even[1][:, None]
    np.testing.assert_allclose(again, points, atol=1e-9)
