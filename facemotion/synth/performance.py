"""Performances: expression and head pose over time from a seed. A performance is a function of time, so
one seed at two frame rates is the same motion, and a longer one starts like a shorter one."""

from fractions import Fraction
from typing import Final

import numpy as np

from facemotion.synth.controls import INDEX, N_EXPRESSIONS, SIGNED, Performance
from facemotion.synth.easing import Times, soft_limit
from facemotion.synth.performance_face import (
    MOOD,
    blink_times,
    brow_flashes,
    glances,
    lids,
    moods,
)
from facemotion.synth.performance_head import head_pose
from facemotion.synth.performance_speech import MOUTH, Speaker

# Each part of a performance has a random stream of its own, so that changing one leaves the others.
_STREAMS: Final = {"temper": 0, "speech": 1, "blinks": 2, "gaze": 3, "moods": 4, "brows": 5, "head": 6}

# Motion is planned a little past the last frame, so that the last frames already head for the next key.
_BEYOND_S: Final = 3.0

# Share of a head turn that the eyes take back, to keep looking where they looked.
_EYES_HOLD: Final = 0.45


def _stream(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, _STREAMS[name]])


def liveliness(seed: int) -> float:
    """How much this performer moves: 1 is usual, from 0.5 (still) to 1.5 (lively)."""
    return float(np.clip(_stream(seed, "temper").normal(1.0, 0.28), 0.5, 1.5))


def perform(seed: int, n_frames: int, fps: Fraction | float) -> Performance:
    """The performance `seed` sampled at frames 0 .. n_frames-1 of a film at `fps`."""
    if seed < 0 or n_frames < 0 or fps <= 0:
        raise ValueError(f"perform needs seed >= 0, n_frames >= 0 and fps > 0, got {seed}, {n_frames}, {fps}")
    times = np.arange(n_frames) / float(fps)
    until = n_frames / float(fps) + _BEYOND_S
    live = liveliness(seed)
    pose = head_pose(_stream(seed, "head"), live, until, times)
    expression = np.zeros((n_frames, N_EXPRESSIONS))
    _talk(expression, seed, live, until, times)
    _feel(expression, seed, live, until, times)
    _look(expression, seed, until, times, pose)
    low = np.array([-1.0 if name in SIGNED else 0.0 for name in INDEX])
    expression = np.clip(expression, low, 1.0)
    return Performance(expression.astype(np.float32), pose.astype(np.float32))


def _talk(expression: Times, seed: int, live: float, until: float, times: Times) -> None:
    mouth = Speaker(_stream(seed, "speech"), live).track(until).at(times)
    for column, name in enumerate(MOUTH):
        expression[:, INDEX[name]] += mouth[:, column]


def _feel(expression: Times, seed: int, live: float, until: float, times: Times) -> None:
    mood = moods(_stream(seed, "moods"), live, until).at(times)
    for column, name in enumerate(MOOD):
        expression[:, INDEX[name]] += mood[:, column]
    brows = brow_flashes(_stream(seed, "brows"), live, until).at(times)
    lowered = expression[:, INDEX["brow_down"]]
    for column, name in enumerate(("brow_inner_up", "brow_outer_up")):
        expression[:, INDEX[name]] += brows[:, column] * (1.0 - lowered)
    # Lips drawn into a smile cannot be pursed as far.
    smile = expression[:, INDEX["smile"]]
    for name in ("pucker", "funnel"):
        expression[:, INDEX[name]] *= 1.0 - 0.55 * smile


def _look(expression: Times, seed: int, until: float, times: Times, pose: Times) -> None:
    gaze = glances(_stream(seed, "gaze"), until).at(times)
    # 30 degrees of eye turn to gaze_x = 1, 25 to gaze_y = 1.
    gaze = soft_limit(gaze - _EYES_HOLD * pose[:, :2] / (30.0, 25.0), 0.95)
    expression[:, INDEX["gaze_x"]] = gaze[:, 0]
    expression[:, INDEX["gaze_y"]] = gaze[:, 1]
    closing = lids(blink_times(_stream(seed, "blinks"), until)).at(times)
    expression[:, [INDEX["lid_left"], INDEX["lid_right"]]] = closing
