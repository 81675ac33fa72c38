"""Landmarks on disk: one Arrow file for all clips, a row a clip, points in pixel coordinates of the clip."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from facemotion.errors import FacemotionError
from facemotion.files import replacing
from facemotion.landmarks.layout import N_POINTS

FILE: Final = "landmarks.arrow"
SCHEMA: Final = pa.schema(
    [
        ("clip_id", pa.string()),
        ("fps_num", pa.int64()),
        ("fps_den", pa.int64()),
        ("frames", pa.int32()),
        ("points", pa.list_(pa.float32())),  # frames x 70 x (x, y)
        ("scores", pa.list_(pa.float32())),  # frames x 70, 0 to 1
    ],
    metadata={
        "units": "pixel coordinates of the clip, (0, 0) at the top-left pixel's centre; NaN where no face was seen",
        "layout": "68 iBUG points, then the pupils at the image's left and right",
    },
)


@dataclass(frozen=True)
class Track:
    """The landmarks of a clip: points float32 [T, 70, 2] in pixel coordinates of the clip, scores float32 [T, 70]."""

    clip_id: str
    fps: Fraction
    points: NDArray[np.float32]
    scores: NDArray[np.float32]


def write_tracks(folder: Path, tracks: Iterable[Track]) -> None:
    """All clips of a stage, in order of their ids; equal tracks give equal bytes."""
    with (
        replacing(folder / FILE) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, SCHEMA) as out,
    ):
        for track in sorted(tracks, key=lambda track: track.clip_id):
            frames = len(track.points)
            if track.points.shape != (frames, N_POINTS, 2) or track.scores.shape != (frames, N_POINTS):
                raise ValueError(f"{track.clip_id}: points {track.points.shape}, scores {track.scores.shape}")
            columns = [
                [track.clip_id], [track.fps.numerator], [track.fps.denominator], [frames],
                [np.asarray(track.points, np.float32).ravel()], [np.asarray(track.scores, np.float32).ravel()],
            ]  # fmt: skip
            arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
            out.write_batch(pa.record_batch(arrays, schema=SCHEMA))


def read_tracks(folder: Path) -> Iterator[Track]:
    """All clips, in order of their ids."""
    with _opened(folder) as reader:
        for index in range(reader.num_record_batches):
            yield _track(reader.get_batch(index))


class TrackStore:
    """The tracks of a folder by clip id, read when asked for."""

    def __init__(self, folder: Path) -> None:
        self._reader = _opened(folder)
        self._places = {
            self._reader.get_batch(k).column("clip_id")[0].as_py(): k for k in range(self._reader.num_record_batches)
        }

    @property
    def clip_ids(self) -> list[str]:
        return list(self._places)

    def __contains__(self, clip_id: object) -> bool:
        return clip_id in self._places

    def __getitem__(self, clip_id: str) -> Track:
        return _track(self._reader.get_batch(self._places[clip_id]))


def _opened(folder: Path) -> pa.ipc.RecordBatchFileReader:
    path = folder / FILE
    if not path.is_file():
        raise FacemotionError(f"{path} does not exist; `dvc repro` makes it")
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
    except pa.ArrowInvalid as error:
        raise FacemotionError(f"{path} cannot be read ({error}); delete it and run `dvc repro`") from error
    if not reader.schema.equals(SCHEMA):
        raise FacemotionError(f"{path} is not a file of landmarks as this version writes it; run `dvc repro`")
    return reader


def _track(batch: pa.RecordBatch) -> Track:
    frames = batch.column("frames")[0].as_py()
    points, scores = (
        np.array(batch.column(name).flatten().to_numpy(zero_copy_only=False), np.float32)
        for name in ("points", "scores")
    )
    fps = Fraction(batch.column("fps_num")[0].as_py(), batch.column("fps_den")[0].as_py())
    shape = (frames, N_POINTS)
    return Track(batch.column("clip_id")[0].as_py(), fps, points.reshape(*shape, 2), scores.reshape(shape))
