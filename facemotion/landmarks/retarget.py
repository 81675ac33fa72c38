"""Landmarks of a driver carried over to another face: what the driver's head and face did since a zero frame is done to
the reference, in the reference's own proportions, so that the driver's do not leak.

Points [70, 2] of a frame, or [T, 70, 2] of several, in pixels or normalised alike: any unit whose pixels are square."""

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import (
    GROUPS,
    LID_PAIRS_LEFT,
    LID_PAIRS_RIGHT,
    LIP_PAIRS,
    N_IBUG,
    N_POINTS,
    OUTER_EYES,
    RIGID,
)  # fmt: skip
from facemotion.landmarks.pose import head_pose
from facemotion.landmarks.scores import LIDS, MOUTH, eye_distance, opening

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]  # points as x + iy: multiplying by one turns and scales
Scale = Literal["auto", "off"]

# Rounds in which stiff points that do not fit are given less say, and the misfit, in distances of the outer corners of
# the eyes, that halves it.
ROUNDS: Final = 3
DOUBT: Final = 0.05
LEAST_STIFF: Final = 2  # points that a similarity needs
TINY: Final = 1e-6
# How far the reference's zero and the driver's may be apart in degrees of turn, in lips and in lids, in distances of
# the outer corners of the eyes, to be as unlike in each.
ALIKE: Final = (8.0, 0.05, 0.05)


class _Opens(NamedTuple):
    """Facing points, the upper one first, and all that goes up and down with each of the two edges. `wider`: within
    what times of the driver's an opening beyond the zero's must lie, since lids nearly shut at the zero do not tell how
    wide they go."""

    pairs: tuple[tuple[int, int], ...]
    upper: tuple[int, ...]
    lower: tuple[int, ...]
    wider: tuple[float, float]


_OPENING: Final = (
    _Opens(LID_PAIRS_LEFT, (37, 38), (40, 41), (0.6, 1.6)),
    _Opens(LID_PAIRS_RIGHT, (43, 44), (46, 47), (0.6, 1.6)),
    _Opens(LIP_PAIRS, (49, 50, 51, 52, 53, 61, 62, 63), (55, 56, 57, 58, 59, 65, 66, 67), (1.0, 1.0)),
)


def retargeted(
    reference: NDArray[np.floating], zero: NDArray[np.floating], driving: NDArray[np.floating], scale: Scale = "auto"
) -> Floats:
    """Where the reference's landmarks [70, 2] go in each of the driver's frames [T, 70, 2], if the driver's face at the
    zero [70, 2] stands for it. `scale`: whether a larger face is carried further ("auto"), or as far as the driver's
    ("off"). A point that is missing from any of the three is NaN; it takes no other along.

    The head goes as a similarity. What the face does beyond that is added in the head's own frame, by the ratio of the
    faces' sizes. A stiff face in three dimensions and ratios group by group came no nearer to rendered answers. Lids
    and lips keep the ratio of their opening, so that what shuts shuts."""
    own, start, moved = (_complex(points) for points in (reference, zero, driving))
    level, middle = start[OUTER_EYES[1]] - start[OUTER_EYES[0]], _mean(start[list(RIGID)])
    if not np.isfinite(level) or abs(level) < TINY:
        return np.full((len(moved), N_POINTS, 2), np.nan)
    start = (start - middle) / level
    turns, places = _heads(start, moved)
    (lean,), (place,) = _heads(start, own[None])
    both = np.isfinite(own[:N_IBUG]) & np.isfinite(start[:N_IBUG])
    size = _spread(own[:N_IBUG][both]) / max(_spread(start[:N_IBUG][both]), TINY)
    lean = lean / max(abs(lean), TINY) * size
    # In the heads' own frames: level, and in distances of the outer corners of the eyes.
    driver, reference_there = (moved - places[:, None]) / turns[:, None], (own - place) / lean
    made = _opened(reference_there + driver - start, reference_there, start, driver)
    made[:, N_IBUG:] = _gazing(made, reference_there, start, driver)
    gone = (places - middle) * (1.0 if scale == "off" else size / abs(level))
    result = (place + gone)[:, None] + (lean * turns / level)[:, None] * made
    return np.stack([result.real, result.imag], axis=-1)


def best_match(reference: NDArray[np.floating], driving: NDArray[np.floating]) -> int:
    """The driver's frame that is most like the reference in how the head is turned, and lips and lids are open."""
    usable = np.flatnonzero(np.isfinite(driving[:, :N_IBUG]).all(axis=(1, 2)))
    if not len(usable) or not np.isfinite(reference[:N_IBUG]).all():
        raise FacemotionError("no frame to begin from: a whole face is needed in the reference and in the driving clip")
    wanted, found = _telling(reference[None]), _telling(driving[usable])
    return int(usable[(np.abs(found - wanted) / np.repeat(ALIKE, (3, 1, 2))).sum(axis=1).argmin()])


def _telling(points: NDArray[np.floating]) -> Floats:
    """Degrees of yaw, pitch and roll, and how far lips and both lids are open [T, 6]."""
    exact = np.asarray(points, np.float64)
    unit = np.maximum(eye_distance(exact), TINY)
    openings = [opening(exact, part) / unit for part in (MOUTH, *LIDS)]
    return np.column_stack([head_pose(exact), *openings])


def _complex(points: NDArray[np.floating]) -> Complex:
    exact = np.asarray(points, np.float64)
    return np.asarray(exact[..., 0] + 1j * exact[..., 1], np.complex128)


def _heads(start: Complex, frames: Complex) -> tuple[Complex, Complex]:
    """(turn, place) [T] with turn * start + place nearest to the stiff points of frames [T, 70]; NaN where too few were
    found."""
    stiff, points = start[list(RIGID)], frames[:, list(RIGID)]
    seen = np.isfinite(points) & np.isfinite(stiff)
    stiff, points = np.where(seen, stiff, 0), np.where(seen, points, 0)
    trust = seen.astype(np.float64)
    turn = place = np.zeros(len(frames), np.complex128)
    for _ in range(ROUNDS):
        total = np.maximum(trust.sum(axis=1), TINY)
        shape, middle = ((trust * one).sum(axis=1) / total for one in (stiff, points))
        about = stiff - shape[:, None]
        spread = np.maximum((trust * np.abs(about) ** 2).sum(axis=1), TINY**2)
        turn = (trust * (points - middle[:, None]) * about.conj()).sum(axis=1) / spread
        turn = np.where(np.abs(turn) > TINY, turn, TINY)
        place = middle - turn * shape
        missed = np.abs((points - place[:, None]) / turn[:, None] - stiff)
        trust = seen / (1 + (missed / DOUBT) ** 2)
    enough = seen.sum(axis=1) >= LEAST_STIFF
    return np.where(enough, turn, 1), np.where(enough, place, np.nan)


def _opened(made: Complex, reference: Complex, start: Complex, driver: Complex) -> Complex:
    """`made` [T, 70] with lids and lips as far open as the driver's, by the ratio of the reference's to the zero's."""
    result = made.copy()
    for part in _OPENING:
        own, zero, now = (_gap(points, part.pairs) for points in (reference, start, driver))
        ratio = own / max(float(zero), TINY)
        beyond = own + np.clip(ratio, *part.wider) * (now - zero)
        wanted = np.where(now < zero, ratio * now, beyond)
        short = (wanted - _signed_gap(made, part.pairs)) / 2
        down = 1j * np.where(np.isfinite(short), short, 0.0)[:, None]
        result[:, part.upper] -= down
        result[:, part.lower] += down
    return result


def _signed_gap(points: Complex, pairs: tuple[tuple[int, int], ...]) -> Floats:
    upper, lower = np.transpose(pairs)
    return np.asarray((points[..., lower] - points[..., upper]).imag.mean(axis=-1))


def _gap(points: Complex, pairs: tuple[tuple[int, int], ...]) -> Floats:
    return np.maximum(_signed_gap(points, pairs), 0.0)


def _gazing(made: Complex, reference: Complex, start: Complex, driver: Complex) -> Complex:
    """Pupils [T, 2] that lie between the corners of their eyes as the driver's do, but for how the reference's and the
    zero's differ; as the driver's, where the zero's cannot be told."""
    own, zero, now = _gaze(reference), _gaze(start), _gaze(driver)
    found = now + np.where(np.isfinite(zero), own - zero, np.where(np.isfinite(own), 0.0, np.nan))
    left, right = (made[..., [part.corners[side] for part in LIDS]] for side in (0, 1))
    return np.asarray((left + right) / 2 + found * (right - left))


def _gaze(points: Complex) -> Complex:
    """Where pupils [..., 2] lie, as numbers of eye widths from the middle of the eye, along its corners and across."""
    left, right = (points[..., [part.corners[side] for part in LIDS]] for side in (0, 1))
    width = right - left
    away = points[..., GROUPS["pupils"]] - (left + right) / 2
    return np.where(np.abs(width) > TINY, away / np.where(np.abs(width) > TINY, width, 1), np.nan)


def _spread(points: Complex) -> float:
    return float(np.abs(points - points.mean()).mean()) if len(points) else 0.0


def _mean(points: Complex) -> np.complex128:
    known = points[np.isfinite(points)]
    return np.complex128(known.mean() if len(known) else np.nan)
