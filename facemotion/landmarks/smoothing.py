"""Steady landmarks: offline, without lag, by group of points, in seconds and in units of the face's size."""

from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion import config
from facemotion.landmarks.layout import GROUPS
from facemotion.landmarks.similarity import split_motion
from facemotion.landmarks.store import Track
from facemotion.landmarks.whittaker import noise_variance, smooth_together

Floats = NDArray[np.float64]

# Points that move and rest together. Lids go by rows: the upper ones fall in a blink while the corners stay.
TOGETHER: Final[dict[str, tuple[tuple[int, ...], ...]]] = {
    "jaw": (GROUPS["jaw"],),
    "brows": (GROUPS["brow_left"], GROUPS["brow_right"]),
    "nose": (GROUPS["nose"],),
    "eyes": ((37, 38, 43, 44), (40, 41, 46, 47), (36, 39, 42, 45)),
    "lips": ((48, 54), (49, 50, 51, 52, 53, 61, 62, 63), (55, 56, 57, 58, 59, 65, 66, 67), (60, 64)),
    "pupils": (GROUPS["pupils"],),
}
LEAST_WEIGHT: Final = 0.02  # of a point whose score is 0: it yields to its neighbours in time, but not to nothing
LEAST_NOISE: Final = 1e-4  # outer-eye distances; below it two measurements do not differ
SHORTEST: Final = 5  # frames; what is shorter stays as it is


def smooth_track(track: Track, settings: config.Smooth) -> Track:
    """The same clip with steady points; scores stay the raw ones. Gaps longer than `max_gap_s` stay empty, and nothing
    is carried over them."""
    points = np.asarray(track.points, np.float64)
    seen = np.asarray(np.isfinite(points).all(axis=(1, 2)))
    result = np.full_like(points, np.nan)
    for start, end in segments(seen, int(settings.max_gap_s * track.fps)):
        result[start:end] = _smooth_segment(
            points[start:end], track.scores[start:end], seen[start:end], track.fps, settings
        )
    return Track(track.clip_id, track.fps, result.astype(np.float32), track.scores)


def segments(seen: NDArray[np.bool_], max_gap: int) -> list[tuple[int, int]]:
    """Half-open ranges of frames that begin and end with a seen one and hold no gap longer than `max_gap`."""
    found: list[tuple[int, int]] = []
    for frame in np.flatnonzero(seen).tolist():
        if found and frame - found[-1][1] <= max_gap:
            found[-1] = found[-1][0], frame + 1
        else:
            found.append((frame, frame + 1))
    return found


def _smooth_segment(
    points: Floats, scores: NDArray[np.float32], seen: NDArray[np.bool_], fps: Fraction, settings: config.Smooth
) -> Floats:
    if int(seen.sum()) < SHORTEST:
        return points
    frames = len(points)
    complex_points = points[..., 0] + 1j * points[..., 1]
    weights = np.clip(np.asarray(scores, np.float64), LEAST_WEIGHT, 1.0)
    weights[~seen] = 0.0
    turn, place = np.zeros(frames, np.complex128), np.zeros(frames, np.complex128)
    local = np.zeros(complex_points.shape, np.complex128)
    turn[seen], place[seen], local[seen] = split_motion(complex_points[seen], weights[seen])
    size = float(np.median(np.abs(turn[seen])))
    step = float(1 / fps) ** 3  # a random walk's bends grow with the cube of the time between frames

    # In the face's own directions, so that a turned picture is smoothed like an upright one.
    upright = turn[seen].sum() / max(abs(turn[seen].sum()), 1e-9)
    head = np.stack([turn / upright, place / upright], axis=1) / size
    columns = np.concatenate([head.real, head.imag], axis=1)
    present = np.repeat(seen[:, None].astype(np.float64), 4, axis=1)
    columns = _smooth_columns(columns, present, settings.head, step, settings.doubt)
    steady = (columns[:, :2] + 1j * columns[:, 2:]) * size * upright
    steady_local = np.empty_like(local)
    for name, rows in TOGETHER.items():
        how: config.Steadiness = getattr(settings, name)
        for row in rows:
            # Across and down apart: lids and lips that open move down, and what they do must not be thinned out.
            across = _smooth_columns(local[:, row].real, weights[:, row], how, step, settings.doubt)
            down = _smooth_columns(local[:, row].imag, weights[:, row], how, step, settings.doubt)
            steady_local[:, row] = across + 1j * down
    moved = steady[:, :1] * steady_local + steady[:, 1:]
    return np.stack([moved.real, moved.imag], axis=-1)


def _smooth_columns(values: Floats, weights: Floats, how: config.Steadiness, step: float, doubt: float) -> Floats:
    variance = noise_variance(values, weights > 0)
    # One point's estimate is rough: none may be thought much quieter or louder than its group.
    typical = max(float(np.median(variance)), LEAST_NOISE**2)
    variance = np.clip(variance, typical / 3, typical * 3)
    return smooth_together(values, weights, variance, how.rest * step, how.trust, doubt)
