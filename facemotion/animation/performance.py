"""What a face does in a driving video: its landmarks, frame by frame, and the files that keep them. No picture."""

import json
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from facemotion import config, files
from facemotion.animation.faces import OPEN_LIDS, eyes_hidden, lids_open
from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import N_IBUG, N_POINTS
from facemotion.landmarks.smoothing import smooth_track
from facemotion.landmarks.store import Track

Floats = NDArray[np.float64]

SUFFIX: Final = ".motion"
FORMAT: Final = "facemotion.motion/1"
MOST_BYTES: Final = 2 << 30
MOST_FRAMES: Final = 5_000_000
RATES: Final = (Fraction(1, 10), Fraction(1000))
MOSTLY: Final = 0.6
AGAIN: Final = "make it again with `facemotion motion extract`"


@dataclass(frozen=True)
class Performance:
    """Points float32 [T, 70, 2] in pixel coordinates of frames of `width` x `height`, NaN where no face was seen, and
    scores [T, 70], as measured. `start`: the number of the first in its video; `source`: the video's SHA-256."""

    fps: Fraction
    width: int
    height: int
    points: NDArray[np.float32]
    scores: NDArray[np.float32]
    start: int = 0
    source: str = ""

    @property
    def frames(self) -> int:
        return len(self.points)

    @property
    def seen(self) -> NDArray[np.bool_]:
        return np.asarray(np.isfinite(self.points[:, :N_IBUG]).all(axis=(1, 2)))

    def cut(self, start_s: float | None, end_s: float | None) -> Self:
        """From one time of the video to another, seconds."""
        first = 0 if start_s is None else round(start_s * self.fps) - self.start
        last = self.frames if end_s is None else round(end_s * self.fps) - self.start
        first, last = max(first, 0), min(last, self.frames)
        if first >= last:
            lasts = float((self.start + self.frames) / self.fps)
            raise FacemotionError(
                f"there is nothing to animate from second {start_s or 0:g} to {lasts if end_s is None else end_s:g}: "
                f"the driving ends at {lasts:.2f}"
            )
        return replace(self, points=self.points[first:last], scores=self.scores[first:last], start=self.start + first)

    def steady(self, settings: config.Smooth, strength: float) -> Floats:
        """Points [T, 70, 2] without jitter and without gaps: over those the face goes on evenly."""
        track = Track("", self.fps, self.points, self.scores)
        if strength > 0:
            track = smooth_track(track, _as_strong(settings, strength))
        return _bridged(np.asarray(track.points, np.float64))

    @property
    def eyes_hidden(self) -> bool:
        """Whether they cannot be seen in most frames, blinks apart: dark glasses, or shadow."""
        seen = self.seen
        wide = lids_open(self.points[seen]) >= OPEN_LIDS
        hidden = eyes_hidden(self.points[seen], self.scores[seen])
        return bool(wide.mean() > 1 - MOSTLY and hidden.sum() > MOSTLY * wide.sum()) if seen.any() else False

    def gaps(self) -> list[tuple[int, int]]:
        """Half-open ranges of frames, of this performance, without a face."""
        return ranges(~self.seen)


def ranges(of: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open, those in which it is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], of, [False])).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def save_performance(path: Path, performance: Performance) -> None:
    """As a motion file, or as a table where its name ends in .parquet."""
    about = {
        "format": FORMAT, "fps": str(performance.fps), "width": performance.width, "height": performance.height,
        "start": performance.start, "source": performance.source,
    }  # fmt: skip
    if path.suffix == ".parquet":
        _save_table(path, performance, about)
        return
    tensors = {"points": performance.points.astype(np.float32), "scores": performance.scores.astype(np.float32)}
    files.write_bytes(path, save(tensors, {"facemotion": json.dumps(about, sort_keys=True)}))


def load_performance(path: Path) -> Performance:
    """Of a stranger's file: whatever it holds is checked."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise FacemotionError(f"{path} has {size >> 20} MiB: no motion file is as large")
        about, points, scores = _read_table(path) if path.suffix == ".parquet" else _read_tensors(path.read_bytes())
    except OSError as error:
        raise FacemotionError(f"cannot read {path}: {error.strerror or error}; check the path") from error
    except (SafetensorError, KeyError, ValueError, TypeError, RecursionError) as error:
        raise FacemotionError(f"{path} is no motion file ({_short(error)}): {AGAIN}") from error
    if about.get("format") != FORMAT:
        raise FacemotionError(f"{path} is of format {_short(about.get('format'))}, not {FORMAT}: {AGAIN}")
    return _checked(path, about, points, scores)


def _checked(path: Path, about: dict[str, Any], points: Any, scores: Any) -> Performance:
    try:
        fps = Fraction(str(about["fps"]))
        width, height, start = (int(about[name]) for name in ("width", "height", "start"))
        source = str(about["source"])
    except (KeyError, ValueError, TypeError, ZeroDivisionError) as error:
        raise FacemotionError(f"{path} lacks what a motion file tells ({_short(error)}): {AGAIN}") from error
    count = len(points) if getattr(points, "ndim", 0) else 0
    fits = (
        0 < count <= MOST_FRAMES and points.shape == (count, N_POINTS, 2) and scores.shape == (count, N_POINTS)
        and points.dtype == scores.dtype == np.float32 and np.isfinite(scores).all()
        and RATES[0] <= fps <= RATES[1] and 1 <= width <= 1 << 16 and 1 <= height <= 1 << 16
        and start >= 0 and len(source) <= 64
    )  # fmt: skip
    near = np.abs(points[np.isfinite(points)]) if fits else np.empty(0)
    if not fits or (near.size and float(near.max()) > 1 << 20):
        raise FacemotionError(f"{path} holds what no motion file does (sizes or values): {AGAIN}")
    return Performance(fps, width, height, points, scores, start, source)


def _read_tensors(data: bytes) -> tuple[dict[str, Any], Any, Any]:
    tensors = load(data)
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    about = json.loads(header["__metadata__"]["facemotion"])
    if not isinstance(about, dict):
        raise ValueError("its header is no table")
    return about, tensors["points"], tensors["scores"]


def _save_table(path: Path, performance: Performance, about: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = performance.frames
    points = pa.array(performance.points.astype(np.float32).ravel())
    scores = pa.array(performance.scores.astype(np.float32).ravel())
    columns = {
        "frame": pa.array(np.arange(performance.start, performance.start + count)),
        "points": pa.FixedSizeListArray.from_arrays(points, 2 * N_POINTS),
        "scores": pa.FixedSizeListArray.from_arrays(scores, N_POINTS),
    }
    table = pa.table(columns).replace_schema_metadata({"facemotion": json.dumps(about, sort_keys=True)})
    with files.replacing(path) as temporary:
        pq.write_table(table, temporary)


def _read_table(path: Path) -> tuple[dict[str, Any], Any, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, columns=["points", "scores"])
    except (pa.ArrowException, KeyError) as error:
        raise ValueError(str(error)) from error
    about = json.loads((table.schema.metadata or {})[b"facemotion"])
    if not isinstance(about, dict):
        raise ValueError("its header is no table")
    flat = [
        np.array(table.column(name).combine_chunks().flatten().to_numpy(zero_copy_only=False))
        for name in ("points", "scores")
    ]
    return about, flat[0].reshape(-1, N_POINTS, 2), flat[1].reshape(-1, N_POINTS)


def _as_strong(settings: config.Smooth, strength: float) -> config.Smooth:
    """Less is let through, at rest and in motion, the greater the strength; at 1 as in params.yaml."""
    groups = {
        name: how.model_copy(update={"rest": how.rest / strength, "trust": how.trust / strength})
        for name, how in settings
        if isinstance(how, config.Steadiness)
    }
    return settings.model_copy(update=groups)


def _bridged(points: Floats) -> Floats:
    """Straight lines over gaps; before the first and after the last known one as that."""
    frames = np.arange(len(points))
    filled = points.reshape(len(points), -1).copy()
    for column in filled.T:
        known = np.isfinite(column)
        if known.any() and not known.all():
            column[~known] = np.interp(frames[~known], frames[known], column[known])
    return filled.reshape(points.shape)


def _short(said: object) -> str:
    return repr(str(said))[:120]
