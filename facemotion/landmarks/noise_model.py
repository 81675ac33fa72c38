"""A face whose true motion is known by formula, under white noise: compares smoothers without any detector."""

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion import config
from facemotion.landmarks.layout import LID_PAIRS_LEFT, LID_PAIRS_RIGHT, N_POINTS
from facemotion.landmarks.scores import Scored, blink_depth, jitter_ratio, lag_frames
from facemotion.landmarks.smoothing import smooth_track
from facemotion.landmarks.store import Track

Floats = NDArray[np.float64]

FPS: Final = Fraction(25)
NOISE_PX: Final = 0.8
BLINK_S: Final = 0.24
OPEN_PX: Final = 10.0
SHUT_PX: Final = 1.0
SECONDS: Final = 40
EYE_DISTANCE_PX: Final = 84.0


def score_on_model(settings: config.Smooth, seed: int = 0) -> dict[str, float]:
    """The figures with `_model` of `reports/metrics/smoothing.json`."""
    truth = model_motion(seed)
    rng = np.random.default_rng([seed, 1])
    raw = truth + rng.normal(0, NOISE_PX, truth.shape)
    track = Track("model", FPS, raw.astype(np.float32), np.ones(truth.shape[:2], np.float32))
    smooth = np.asarray(smooth_track(track, settings).points, np.float64)
    clip = Scored(truth, raw, smooth, np.ones(truth.shape[:2], bool), FPS)
    # Depth is told from the truth here: single raw frames are too noisy to measure by.
    exact = Scored(truth, truth, smooth, clip.visible, FPS)
    return {
        "jitter_ratio_model": jitter_ratio([clip]),
        "blink_depth_model": blink_depth([exact]),
        "lag_frames_model": lag_frames([clip]),
    }


def model_motion(seed: int) -> Floats:
    """Points [T, 70, 2] of a face at rest in a 256-pixel crop that blinks about every three seconds."""
    rng = np.random.default_rng([seed, 0])
    frames = int(SECONDS * FPS)
    seconds = np.arange(frames) / float(FPS)
    points = np.repeat(_face()[None], frames, axis=0)
    closing = np.zeros(frames)
    for begin in np.arange(1.5, SECONDS - 2, 3.0) + rng.uniform(0, 1, len(np.arange(1.5, SECONDS - 2, 3.0))):
        during = (seconds >= begin) & (seconds <= begin + BLINK_S)
        closing[during] = 0.5 - 0.5 * np.cos(2 * np.pi * (seconds[during] - begin) / BLINK_S)
    for upper, _ in LID_PAIRS_LEFT + LID_PAIRS_RIGHT:
        points[:, upper, 1] += (OPEN_PX - SHUT_PX) * closing
    return points


def _face() -> Floats:
    """A schematic face: ellipses for jaw, lips and eyes, arcs for brows, a nose; only its size matters here."""
    face = np.empty((N_POINTS, 2))
    unit = EYE_DISTANCE_PX
    jaw = np.linspace(np.pi, 0, 17)
    face[0:17] = np.column_stack([0.8 * np.cos(jaw), 0.05 + 1.2 * np.sin(jaw)])
    arch = np.linspace(-0.2, 0.2, 5)
    for first, middle in ((17, -0.35), (22, 0.35)):
        face[first : first + 5] = np.column_stack([middle + arch, -0.2 - 0.05 * np.cos(7 * arch)])
    face[27:31] = np.column_stack([np.zeros(4), np.linspace(0, 0.4, 4)])
    face[31:36] = np.column_stack([np.linspace(-0.15, 0.15, 5), np.full(5, 0.5)])
    lid = OPEN_PX / 2 / unit
    eye = np.array([[-0.17, 0], [-0.06, -lid], [0.06, -lid], [0.17, 0], [0.06, lid], [-0.06, lid]])
    face[36:42], face[42:48] = eye - np.array([0.33, 0]), eye + np.array([0.33, 0])
    face[68], face[69] = (-0.33, 0), (0.33, 0)
    for first, count, across, down in ((48, 12, 0.28, 0.12), (60, 8, 0.2, 0.04)):
        around = np.pi + 2 * np.pi * np.arange(count) / count
        face[first : first + count] = np.column_stack([across * np.cos(around), 0.8 + down * np.sin(around)])
    return face * unit + [127.5, 100]
