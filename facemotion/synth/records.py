"""Truth on disk: one Parquet file a video, one row a frame and actor, with the video's spec as JSON beside it."""

from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from facemotion import files
from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import N_POINTS
from facemotion.synth import geometry
from facemotion.synth.controls import N_EXPRESSIONS, POSE
from facemotion.synth.specs import ShotSpec, VideoSpec
from facemotion.synth.staging import Stage, stage

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


def write_truth(spec: VideoSpec, folder: Path) -> Path:
    """Work out the truth of every frame from geometry and write FOLDER/<video_id>.parquet and .json."""
    files.write_text(folder / f"{spec.video_id}.json", spec.to_json())
    parts = [_shot_rows(number, Stage(spec, shot)) for number, shot in enumerate(spec.shots)]
    arrays = []
    for name, (kind, shape) in COLUMNS.items():
        values: Array = np.asarray([value for part in parts for value in part[name]], kind).reshape(-1)
        flat = pa.array(values)
        arrays.append(pa.FixedSizeListArray.from_arrays(flat, int(np.prod(shape))) if shape else flat)
    table = pa.Table.from_arrays(arrays, names=list(COLUMNS))
    path = folder / f"{spec.video_id}.parquet"
    with files.replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", use_dictionary=False)
    return path


def _shot_rows(number: int, shot_stage: Stage) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    shot = shot_stage.shot
    for frame in range(shot.n_frames):
        for index, actor in enumerate(shot_stage.actors(frame)):
            points, visible = geometry.points(shot_stage.view, actor)
            row = {
                "frame": shot.start + frame,
                "shot": number,
                "actor": index,
                "person_seed": shot.actors[index].person_seed,
                "planned": shot.actors[index].planned,
                "points": points,
                "visible": visible,
                "pose": actor.pose,
                "expression": actor.expression,
                "openings": astuple(geometry.openings(actor)),
                "face_box": geometry.face_box(points),
                "head_box": geometry.head_box(shot_stage.view, actor),
            }
            for name, value in row.items():
                rows[name].append(value)
    return rows


class Truth:
    """All that is known of one video. Motion and masks are worked out when asked, by the code that rendered."""

    def __init__(self, spec: VideoSpec, rows: Rows) -> None:
        self.spec, self.rows = spec, rows

    @classmethod
    def load(cls, path: Path) -> "Truth":
        """From FOLDER/<video_id>.parquet and the .json beside it."""
        try:
            spec = VideoSpec.from_json(path.with_suffix(".json").read_text())
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
        return cls(spec, Rows(columns))

    @property
    def cuts(self) -> tuple[int, ...]:
        """First frames of all shots but the first."""
        return tuple(shot.start for shot in self.spec.shots[1:])

    def frame(self, frame: int) -> Rows:
        """The actors of one frame; no rows where nobody is in it."""
        self.spec.shot_of(frame)
        return self.rows.where(self.rows["frame"] == frame)

    def track(self, shot: int, actor: int) -> Rows:
        """One actor through one shot, a row a frame."""
        return self.rows.where((self.rows["shot"] == shot) & (self.rows["actor"] == actor))

    def masks(self, frame: int) -> NDArray[np.uint8]:
        """Labels [H, W] of one frame, as geometry.masks gives them."""
        shot, shot_stage = self._staged(frame)
        return geometry.masks(shot_stage.view, shot_stage.actors(frame - shot.start))

    def flow(self, to: int, source: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Backward flow [H, W, 2] in pixels from frame `to` into frame `source` of the same shot, and where it holds.

        It does not hold where the surface is hidden in `source` or out of its frame, nor on what moves by itself
        in the background, such as lights that drift."""
        shot, shot_stage = self._staged(to)
        if not shot.start <= source < shot.end:
            raise ValueError(f"{self.spec.video_id}: frames {to} and {source} are not of one shot")
        i, j = to - shot.start, source - shot.start
        flow, visible = geometry.flow(
            shot_stage.view, shot_stage.actors(i), shot_stage.actors(j), shot_stage.background_motion(i, j)
        )
        return flow, visible & self._steady(shot_stage, i, j, flow)

    def _steady(self, shot_stage: Stage, to: int, source: int, flow: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Pixels that show no self-moving background in `to` and do not look at any in `source`."""
        shape = flow.shape[:2]
        moving, moving_source = shot_stage.unsteady(to), shot_stage.unsteady(source)
        if not moving.any() and not moving_source.any():
            return np.ones(shape, np.bool_)
        people = geometry.masks(shot_stage.view, shot_stage.actors(to)) > 0
        x = np.clip(np.rint(np.arange(shape[1]) + flow[..., 0]), 0, shape[1] - 1).astype(np.intp)
        y = np.clip(np.rint(np.arange(shape[0])[:, None] + flow[..., 1]), 0, shape[0] - 1).astype(np.intp)
        steady: NDArray[np.bool_] = people | ~(moving | moving_source[y, x])
        return steady

    def _staged(self, frame: int) -> tuple[ShotSpec, Stage]:
        shot = self.spec.shot_of(frame)
        return shot, stage(self.spec, shot)
