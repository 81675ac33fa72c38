"""How strangers judge the footage: whether detectors find the faces, and landmarkers the true points and motions."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.landmarks.layout import GROUPS, LID_PAIRS_LEFT, LID_PAIRS_RIGHT, LIP_PAIRS, N_IBUG, OUTER_EYES
from facemotion.synth.records import Truth
from facemotion.synth.truth_table import Rows

Image = NDArray[np.uint8]
Detect = Callable[[Image], NDArray[np.floating]]  # to boxes [N, 4], pixels
Landmark = Callable[[Image, NDArray[np.floating]], NDArray[np.floating]]  # image and one box to points [68+, 2]
Read = Callable[[Path, int, int, int], Iterator[Image]]  # frames start, start + step, ... before end of a video

MAX_YAW: Final = 30.0
MIN_FACE_PX: Final = 80.0
STEP: Final = 2
SEQUENCE: Final = 40  # judged frames of one shot, every STEP-th
_MIN_OVERLAP: Final = 0.3
# Sequences in which the truth hardly moves say nothing about correlation: ranges over the outer-eye distance.
_MIN_LID_RANGE: Final = 0.06
_MIN_LIP_RANGE: Final = 0.04
_MIN_FRAMES: Final = 12


@dataclass(frozen=True)
class Judged:
    """Frames of one face in one video to be judged; the slow detector sees every `cnn_step`-th of them, 0 none."""

    path: Path
    rows: Rows
    cnn_step: int


@dataclass
class Tally:
    """What was found, frame by frame (correlations: sequence by sequence)."""

    found: list[bool] = field(default_factory=list)
    found_cnn: list[bool] = field(default_factory=list)
    inner: list[float] = field(default_factory=list)
    jaw: list[float] = field(default_factory=list)
    lids: list[float] = field(default_factory=list)
    lips: list[float] = field(default_factory=list)


def eligible(rows: Rows, width: int, height: int) -> NDArray[np.bool_]:
    """Faces that a detector must find: turned by at most 30 degrees, over 80 pixels, wholly in the frame."""
    box = rows["face_box"]
    inside = (box[:, :2] >= 0).all(axis=1) & (box[:, 2] <= width) & (box[:, 3] <= height)
    size = (box[:, 2:] - box[:, :2]).min(axis=1)
    good: NDArray[np.bool_] = inside & (size > MIN_FACE_PX) & (np.abs(rows["pose"][:, 0]) <= MAX_YAW)
    return good


def chosen(videos: Sequence[tuple[Path, Truth]], frames: int, cnn_frames: int = 0, seed: int = 0) -> list[Judged]:
    """Tracks of planned people in shots drawn at random, until `frames` eligible frames are reached."""
    shots = [(path, truth, number) for path, truth in videos for number in range(len(truth.spec.shots))]
    cnn_step = max(1, frames // cnn_frames) if cnn_frames else 0
    found: list[Judged] = []
    for choice in np.random.default_rng([seed, len(shots)]).permutation(len(shots)):
        path, truth, number = shots[choice]
        rows = truth.track(number, 0)
        if len(rows) and rows["planned"][0]:
            rows = _liveliest(rows.where(np.arange(len(rows)) % STEP == 0))
            good = eligible(rows, truth.spec.width, truth.spec.height)
            if good.sum() >= _MIN_FRAMES:
                found.append(Judged(path, rows.where(good), cnn_step))
        if sum(len(sequence.rows) for sequence in found) >= frames:
            break
    return found


def figures(tallies: Sequence[Tally]) -> dict[str, float]:
    """The figures of reports/metrics/synth.json; what nothing was found for is left out."""
    whole = Tally(*([value for tally in tallies for value in getattr(tally, f.name)] for f in fields(Tally)))
    found = {
        "hog_detection_rate": _mean(whole.found),
        "cnn_detection_rate": _mean(whole.found_cnn),
        "dlib_nme_median": float(np.median(whole.inner)) if whole.inner else None,
        "dlib_nme_jaw_median": float(np.median(whole.jaw)) if whole.jaw else None,
        "lid_correlation": _mean(whole.lids),
        "lip_correlation": _mean(whole.lips),
    }
    return {name: value for name, value in found.items() if value is not None}


def _liveliest(rows: Rows) -> Rows:
    """The SEQUENCE rows in a row in which the lids move most: without a blink there is nothing to follow."""
    if len(rows) <= SEQUENCE:
        return rows
    lids = rows["openings"][:, :2].mean(axis=1)
    spread = [float(lids[start : start + SEQUENCE].std()) for start in range(len(rows) - SEQUENCE + 1)]
    start = int(np.argmax(spread))
    index = np.arange(len(rows))
    return rows.where((index >= start) & (index < start + SEQUENCE))


def judge(
    sequence: Judged, *, read: Read, detect: Detect, landmark: Landmark, detect_cnn: Detect | None = None
) -> Tally:
    """What strangers make of one sequence. The second detector is slow: it sees some frames only, about the face."""
    tally, rows = Tally(), sequence.rows
    wanted = {int(frame): row for row, frame in enumerate(rows["frame"])}
    first, last = min(wanted), max(wanted)
    seen, found = [], []
    for offset, image in enumerate(read(sequence.path, first, last + 1, STEP)):
        row = wanted.get(first + offset * STEP)
        if row is None:
            continue
        true_box, true_points = rows["face_box"][row], rows["points"][row]
        if detect_cnn is not None and sequence.cnn_step and len(tally.found) % sequence.cnn_step == 0:
            part, corner = _about(image, true_box)
            tally.found_cnn.append(best_box(detect_cnn(part) + np.tile(corner, 2), true_box) is not None)
        box = best_box(detect(image), true_box)
        tally.found.append(box is not None)
        if box is not None:
            points = landmark(image, box)[:N_IBUG]
            inner, jaw = point_errors(points, true_points)
            tally.inner.append(inner)
            tally.jaw.append(jaw)
            seen.append(row)
            found.append(points)
    if len(found) >= _MIN_FRAMES:
        openings = rows["openings"][seen]
        _correlate(tally.lids, [_lids(points) for points in found], openings[:, :2].mean(axis=1), _MIN_LID_RANGE)
        _correlate(tally.lips, [_gap(points, LIP_PAIRS) for points in found], openings[:, 2], _MIN_LIP_RANGE)
    return tally


def _about(image: Image, box: NDArray[np.floating]) -> tuple[Image, NDArray[np.int64]]:
    """The part of a frame about a face box, half a box's size more on all sides, and its corner in pixel edges."""
    margin = (box[2:] - box[:2]) / 2
    low = np.maximum(np.floor(box[:2] - margin), 0).astype(np.int64)
    high = np.minimum(np.ceil(box[2:] + margin), image.shape[1::-1]).astype(np.int64)
    return image[low[1] : high[1], low[0] : high[0]], low


def best_box(boxes: NDArray[np.floating], true_box: NDArray[np.floating]) -> NDArray[np.floating] | None:
    """The detected box that overlaps the true face most; None where none overlaps by 0.3 (intersection over union)."""
    best, best_overlap = None, _MIN_OVERLAP
    for box in boxes:
        size = np.minimum(box[2:], true_box[2:]) - np.maximum(box[:2], true_box[:2])
        shared = float(np.prod(np.maximum(size, 0)))
        union = float(np.prod(box[2:] - box[:2]) + np.prod(true_box[2:] - true_box[:2])) - shared
        if shared / union > best_overlap:
            best, best_overlap = box, shared / union
    return best


def point_errors(points: NDArray[np.floating], true_points: NDArray[np.floating]) -> tuple[float, float]:
    """Mean distance over the true outer-eye distance: of the 51 points inside the face, and of the jaw."""
    left, right = OUTER_EYES
    unit = np.linalg.norm(true_points[left] - true_points[right])
    errors = np.linalg.norm(points - true_points[:N_IBUG], axis=1) / unit
    jaw = len(GROUPS["jaw"])
    return float(errors[jaw:].mean()), float(errors[:jaw].mean())


def _gap(points: NDArray[np.floating], pairs: Sequence[tuple[int, int]]) -> float:
    left, right = OUTER_EYES
    unit = np.linalg.norm(points[left] - points[right])
    return float(np.mean([np.linalg.norm(points[a] - points[b]) for a, b in pairs]) / unit)


def _lids(points: NDArray[np.floating]) -> float:
    return _gap(points, (*LID_PAIRS_LEFT, *LID_PAIRS_RIGHT))


def _correlate(into: list[float], measured: list[float], true: NDArray[np.floating], least: float) -> None:
    values = np.asarray(measured)
    if np.ptp(true) >= least and values.std() > 0:
        into.append(float(np.corrcoef(values, true)[0, 1]))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
