"""The truth as a table: one Parquet file a video, one row a frame and actor, with the video's spec as JSON beside it.

Reading it needs nothing of what renders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import N_POINTS
from facemotion.synth.controls import N_EXPRESSIONS, POSE
from facemotion.synth.specs import VideoSpec

Array = NDArray[Any]

# Name: type and shape of one actor's entry in one frame. Points and boxes in pixels of the video; openings are
# lid left, lid right, lips and mouth width over the distance of the outer eye corners.
COLUMNS: Final[dict[str, tuple[type, tuple[int, ...]]]] = {
    "frame": (np.int32, ()),
    "shot": (np.int32, ()),
    "actor": (np.int32, ()),
    "person_seed": (np.int64, ()),
    "planned": (np.bool_, ()),
    "points": (np.float32, (N_POINTS, 2)),
    "visible": (np.bool_, (N_POINTS,)),
    "pose": (np.float32, (len(POSE),)),
    "expression": (np.float32, (N_EXPRESSIONS,)),
    "openings": (np.float32, (4,)),
    "face_box": (np.float32, (4,)),
    "head_box": (np.float32, (4,)),
}


@dataclass(frozen=True)
class Rows:
    """Columns of COLUMNS as arrays [rows, ...]."""

    columns: dict[str, Array]

    def __len__(self) -> int:
        return len(self.columns["frame"])

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def where(self, mask: NDArray[np.bool_]) -> "Rows":
        return Rows({name: column[mask] for name, column in self.columns.items()})


def read_spec(path: Path) -> VideoSpec:
    """The spec beside FOLDER/<video_id>.parquet."""
    try:
        return VideoSpec.from_json(path.with_suffix(".json").read_text())
    except OSError as error:
        raise FacemotionError(f"cannot read the truth in {path}: {error}; render the footage again") from error


def read_rows(path: Path) -> Rows:
    """The rows of FOLDER/<video_id>.parquet."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise FacemotionError(f"cannot read the truth in {path}: {error}; render the footage again") from error
    if table.column_names != list(COLUMNS):
        raise FacemotionError(f"{path} has other columns than this version writes: render the footage again")
    columns: dict[str, Array] = {}
    for name, (kind, shape) in COLUMNS.items():
        column = table.column(name).combine_chunks()
        values = column.flatten() if shape else column
        columns[name] = np.asarray(values.to_numpy(zero_copy_only=False), kind).reshape(-1, *shape)
    return Rows(columns)
