"""The truth of a video: written from geometry, and read with all that can be worked out from it when asked."""

from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from facemotion import files
from facemotion.synth import geometry
from facemotion.synth.specs import ShotSpec, VideoSpec
from facemotion.synth.staging import Stage, stage
from facemotion.synth.truth_table import COLUMNS, Array, Rows, read_rows, read_spec


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
    for frame in range(shot_stage.shot.n_frames):
        for row in frame_rows(shot_stage, frame):
            for name, value in row.items():
                rows[name].append(number if name == "shot" else value)
    return rows


def frame_rows(shot_stage: Stage, frame: int) -> Iterator[dict[str, Any]]:
    """A row for every actor of a frame of a shot, as if that were the video's first shot."""
    shot = shot_stage.shot
    for index, actor in enumerate(shot_stage.actors(frame)):
        points, visible = geometry.points(shot_stage.view, actor)
        yield {
            "frame": shot.start + frame,
            "shot": 0,
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


class Truth:
    """All that is known of one video. Motion and masks are worked out when asked, by the code that rendered."""

    def __init__(self, spec: VideoSpec, rows: Rows) -> None:
        self.spec, self.rows = spec, rows

    @classmethod
    def load(cls, path: Path) -> "Truth":
        """From FOLDER/<video_id>.parquet and the .json beside it."""
        return cls(read_spec(path), read_rows(path))

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
        shot, shot_stage = self.staged(frame)
        return geometry.masks(shot_stage.view, shot_stage.actors(frame - shot.start))

    def flow(self, to: int, source: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Backward flow [H, W, 2] in pixels from frame `to` into frame `source` of the same shot, and where it holds.

        It does not hold where the surface is hidden in `source` or out of its frame, nor on what moves by itself
        in the background, such as lights that drift."""
        shot, shot_stage = self.staged(to)
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

    def staged(self, frame: int) -> tuple[ShotSpec, Stage]:
        """The shot of a frame, ready to be filmed."""
        shot = self.spec.shot_of(frame)
        return shot, stage(self.spec, shot)
