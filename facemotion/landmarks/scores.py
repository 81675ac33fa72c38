"""How good landmarks are against the truth: error, jitter, blinks, lag. Points are in pixels of one frame."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facemotion.landmarks.layout import (
    GROUPS,
    LID_PAIRS_LEFT,
    LID_PAIRS_RIGHT,
    LIP_PAIRS,
    MOUTH_CORNERS,
    N_IBUG,
    OUTER_EYES,
)  # fmt: skip

Floats = NDArray[np.float64]

BLINK_SHARE: Final = 0.5  # of its usual opening: an eye that closes further has blinked
BLINK_SECONDS: Final = 0.5  # on either side of a blink in which the usual opening is taken
MOST_LAG: Final = 6  # frames
OPEN_EYE: Final = 0.2  # opening over width of an eye that counts as open


class Opening(NamedTuple):
    """What opens and closes: facing points, upper one first, and the corners between which they lie."""

    pairs: tuple[tuple[int, int], ...]
    corners: tuple[int, int]


LIDS: Final = (Opening(LID_PAIRS_LEFT, (36, 39)), Opening(LID_PAIRS_RIGHT, (42, 45)))
MOUTH: Final = Opening(LIP_PAIRS, MOUTH_CORNERS)


@dataclass(frozen=True)
class Scored:
    """A clip's true, raw and smoothed points [T, 70, 2]; `visible` [T, 70] says which true ones can be seen."""

    truth: Floats
    raw: Floats
    smooth: Floats
    visible: NDArray[np.bool_]
    fps: Fraction


def score_landmarks(clips: Iterable[Scored]) -> dict[str, float]:
    """The figures of `reports/metrics/smoothing.json`; a figure that no clip allows is left out."""
    clips = list(clips)
    found = {
        "jitter_ratio": jitter_ratio(clips),
        "blink_depth": blink_depth(clips),
        "lag_frames": lag_frames(clips),
        "nme_raw": _mean([error for clip in clips for error in nme(clip.truth, clip.raw)]),
        "nme_smooth": _mean([error for clip in clips for error in nme(clip.truth, clip.smooth)]),
        "pupil_error": _mean([error for clip in clips for error in _pupil_errors(clip)]),
        "pupil_error_open": _median([error for clip in clips for error in _open_pupil_errors(clip)]),
    }
    return {name: value for name, value in found.items() if np.isfinite(value)}


def nme(truth: Floats, found: Floats) -> Floats:
    """Mean distance over 68 points in true outer-eye distances, for each frame where both are there."""
    off = np.linalg.norm(found[:, :N_IBUG] - truth[:, :N_IBUG], axis=2).mean(axis=1) / eye_distance(truth)
    return np.asarray(off[np.isfinite(off)], np.float64)


def jitter_ratio(clips: Sequence[Scored]) -> float:
    """Mean |second difference of (smoothed - truth)| over the same of (raw - truth), 68 points of all clips."""
    bends = [
        np.stack(
            [
                np.abs(np.diff(found[:, :N_IBUG] - clip.truth[:, :N_IBUG], 2, axis=0))
                for found in (clip.smooth, clip.raw)
            ]
        )
        for clip in clips
        if len(clip.truth) > 2
    ]
    kept = [bend[:, np.isfinite(bend).all(axis=(0, 2, 3))] for bend in bends]
    smooth, raw = (sum(float(bend[k].sum()) for bend in kept) for k in (0, 1))
    return smooth / raw if raw > 0 else float("nan")


def blink_depth(clips: Sequence[Scored]) -> float:
    """How far smoothed lids close, relative to how far raw ones do, at the frames where true blinks are deepest."""
    smooth_depth = raw_depth = 0.0
    for clip in clips:
        near = max(round(BLINK_SECONDS * clip.fps), 2)
        for part in LIDS:
            true, raw, smooth = (opening(points, part) for points in (clip.truth, clip.raw, clip.smooth))
            for deepest in blinks(true, near):
                around = slice(max(deepest - near, 0), deepest + near + 1)
                open_frames = true[around] > 0.8 * np.nanmedian(true)
                if open_frames.sum() < 3 or not np.isfinite([raw[deepest], smooth[deepest]]).all():
                    continue
                raw_depth += float(np.nanmedian(raw[around][open_frames]) - raw[deepest])
                smooth_depth += float(np.nanmedian(smooth[around][open_frames]) - smooth[deepest])
    return smooth_depth / raw_depth if raw_depth > 0 else float("nan")


def blinks(true_opening: Floats, near: int) -> list[int]:
    """Frames in which an eye's true opening is at its least, once for each time it closes."""
    usual = float(np.nanmedian(true_opening))
    closed = true_opening < BLINK_SHARE * usual
    edges = np.flatnonzero(np.diff(np.concatenate([[False], closed, [False]]).astype(int)))
    deepest = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - start <= near:  # longer than that the eye is shut, or nearly
            least = np.flatnonzero(true_opening[start:end] <= true_opening[start:end].min() + 1e-6)
            deepest.append(start + int(least[len(least) // 2]))
    return deepest


def lag_frames(clips: Sequence[Scored]) -> float:
    """By how many frames the smoothed openings of lids and lips come after the true ones: the peak, to a fraction of
    a frame, of their cross-correlation over all clips."""
    lags = np.arange(-MOST_LAG, MOST_LAG + 1)
    products = np.zeros(len(lags))
    for clip in clips:
        for part in (*LIDS, MOUTH):
            true, smooth = opening(clip.truth, part), opening(clip.smooth, part)
            there = np.isfinite(true) & np.isfinite(smooth)
            if there.sum() < 4 * MOST_LAG:
                continue
            # Speed instead of opening: slow drifts would blunt the peak.
            true, smooth = (np.diff(np.where(there, values, values[there].mean())) for values in (true, smooth))
            middle = true[MOST_LAG:-MOST_LAG]
            products += [float(middle @ smooth[MOST_LAG + lag : MOST_LAG + lag + len(middle)]) for lag in lags]
    top = int(np.argmax(products))
    if products[top] <= 0:
        return float("nan")
    if not 0 < top < len(lags) - 1:
        return float(lags[top])
    left, middle_value, right = products[top - 1 : top + 2]
    return float(lags[top] + (left - right) / (2 * (left - 2 * middle_value + right)))


def opening(points: Floats, part: Opening) -> Floats:
    """Mean distance [T] of facing points, pixels, across the line of the part's corners: signed, so that noise on
    nearly closed lids does not open them on average."""
    line = points[:, part.corners[1]] - points[:, part.corners[0]]
    across = np.stack([-line[:, 1], line[:, 0]], axis=1) / np.maximum(np.linalg.norm(line, axis=1), 1e-9)[:, None]
    upper, lower = [pair[0] for pair in part.pairs], [pair[1] for pair in part.pairs]
    gap = (points[:, lower] - points[:, upper]).mean(axis=1)
    return np.asarray((gap * across).sum(axis=1), np.float64)


def eye_distance(points: Floats) -> Floats:
    """Distance [T] of the outer corners of the eyes."""
    return np.asarray(np.linalg.norm(points[:, OUTER_EYES[0]] - points[:, OUTER_EYES[1]], axis=1), np.float64)


def _pupil_errors(clip: Scored) -> Floats:
    pupils = list(GROUPS["pupils"])
    off = np.linalg.norm(clip.smooth[:, pupils] - clip.truth[:, pupils], axis=2) / eye_distance(clip.truth)[:, None]
    return np.asarray(off[clip.visible[:, pupils] & np.isfinite(off)], np.float64)


def _open_pupil_errors(clip: Scored) -> list[float]:
    """In widths of the eye, where the true eye is open."""
    found = []
    for pupil, part in zip(GROUPS["pupils"], LIDS, strict=True):
        width = np.linalg.norm(clip.truth[:, part.corners[1]] - clip.truth[:, part.corners[0]], axis=1)
        off = np.linalg.norm(clip.smooth[:, pupil] - clip.truth[:, pupil], axis=1) / width
        wide = clip.visible[:, pupil] & (opening(clip.truth, part) > OPEN_EYE * width)
        found += off[wide & np.isfinite(off)].tolist()
    return found


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
