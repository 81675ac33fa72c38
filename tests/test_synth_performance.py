"""Performances: bounds, human rates, and being functions of time."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemotion.synth.census import count_blinks
from facemotion.synth.controls import EXPRESSIONS, INDEX, MAX_PITCH, MAX_ROLL, MAX_YAW, SIGNED
from facemotion.synth.easing import Keys, soft_limit
from facemotion.synth.performance import liveliness, perform
from facemotion.synth.performance_face import blink_times

LIDS = [INDEX["lid_left"], INDEX["lid_right"]]


@settings(max_examples=25)
@given(seed=st.integers(0, 2**31), n_frames=st.integers(0, 120))
def test_a_performance_stays_within_the_limits_of_the_controls(seed: int, n_frames: int) -> None:
    performance = perform(seed, n_frames, 25)
    assert performance.expression.shape == (n_frames, len(EXPRESSIONS))
    low = np.array([-1.0 if name in SIGNED else 0.0 for name in EXPRESSIONS])
    assert (performance.expression >= low).all()
    assert (performance.expression <= 1).all()
    assert (np.abs(performance.pose[:, :3]) <= (MAX_YAW, MAX_PITCH, MAX_ROLL)).all()
    assert (np.abs(performance.pose[:, 3:]) < 0.5).all()


@settings(max_examples=10)
@given(seed=st.integers(0, 2**31))
def test_the_same_seed_at_twice_the_rate_is_the_same_motion(seed: int) -> None:
    slow, fast = perform(seed, 75, 25), perform(seed, 150, 50)
    np.testing.assert_allclose(fast.expression[::2], slow.expression, atol=1e-6)
    np.testing.assert_allclose(fast.pose[::2], slow.pose, atol=1e-4)


def test_a_longer_performance_starts_like_a_shorter_one() -> None:
    short, long = perform(5, 50, Fraction(30000, 1001)), perform(5, 900, Fraction(30000, 1001))
    np.testing.assert_array_equal(long.expression[:50], short.expression)
    np.testing.assert_array_equal(long.pose[:50], short.pose)


def test_seeds_give_the_same_and_other_performances() -> None:
    np.testing.assert_array_equal(perform(1, 100, 25).expression, perform(1, 100, 25).expression)
    assert np.abs(perform(1, 100, 25).pose - perform(2, 100, 25).pose).max() > 1
    assert np.std([liveliness(seed) for seed in range(50)]) > 0.1


def test_blinks_come_at_human_rates_and_last_as_long_as_human_ones() -> None:
    all_blinks = [blink_times(np.random.default_rng(seed), 240.0) for seed in range(60)]
    rates = np.array([len(blinks) / 4 for blinks in all_blinks])
    assert 12 < rates.mean() < 19
    assert rates.min() >= 6
    assert rates.max() <= 27
    blinks = [blink for one in all_blinks for blink in one]
    durations = np.array([blink.end - blink.start for blink in blinks])
    assert durations.min() >= 0.15
    assert durations.max() <= 0.40
    assert all(blink.close < blink.open for blink in blinks)
    assert np.mean([blink.left == blink.right == 1.0 for blink in blinks]) > 0.8
    gaps = np.concatenate([np.diff([blink.start for blink in one]) for one in all_blinks])
    assert gaps.std() / gaps.mean() > 0.35


def test_lids_really_close_in_the_frames_of_a_25_fps_video() -> None:
    lids = [perform(seed, 25 * 60, 25).expression[:, LIDS].min(axis=1) for seed in range(20)]
    assert 9 < np.mean([count_blinks(closing) for closing in lids]) < 20
    assert all(closing.max() > 0.99 for closing in lids)


def test_mouths_open_and_close_at_the_rhythm_of_syllables() -> None:
    rates = []
    for seed in range(20):
        jaw = perform(seed, 100 * 20, 100).expression[:, INDEX["jaw_open"]]
        talking = np.convolve(jaw > 0.05, np.ones(60), "same") > 0
        peaks = (jaw[1:-1] > jaw[:-2]) & (jaw[1:-1] >= jaw[2:]) & (jaw[1:-1] > 0.08)
        rates.append(peaks.sum() / (talking.sum() / 100))
        assert jaw.max() > 0.4
    assert 2.0 < np.median(rates) < 7.0


def test_heads_turn_widely_over_many_performances_but_without_jitter() -> None:
    poses = [perform(seed, 200, 25).pose for seed in range(150)]
    assert np.std(np.concatenate(poses)[:, 0]) >= 12
    acceleration = np.abs(np.diff(np.stack(poses)[:, :, :3], n=2, axis=1))
    assert np.median(acceleration) < 0.15
    assert acceleration.max() < 6.0


def test_eyes_take_back_part_of_a_head_turn() -> None:
    yaw, gaze = [], []
    for seed in range(40):
        performance = perform(seed, 200, 25)
        yaw.append(performance.pose[:, 0])
        gaze.append(performance.expression[:, INDEX["gaze_x"]])
    assert np.corrcoef(np.concatenate(yaw), np.concatenate(gaze))[0, 1] < -0.4


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="fps > 0"):
        perform(1, 10, 0)


def test_keys_are_reached_and_held() -> None:
    keys = Keys((0.0,))
    keys.hold_until(1.0)
    keys.add(2.0, (3.0,))
    np.testing.assert_allclose(keys.at(np.array([0.0, 1.0, 1.5, 2.0, 9.0]))[:, 0], (0, 0, 1.5, 3, 3), atol=1e-12)
    with pytest.raises(ValueError, match="not after"):
        keys.add(2.0, (1.0,))


@given(x=st.floats(-1e4, 1e4), limit=st.floats(1, 90))
def test_soft_limits_hold(x: float, limit: float) -> None:
    assert abs(soft_limit(np.array([x]), limit)[0]) <= limit * (1 + 1e-9)
