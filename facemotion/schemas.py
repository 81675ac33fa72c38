"""The tables that pass between stages: columns, types, and checks made whenever one is written or read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from facemotion.errors import FacemotionError
from facemotion.files import replacing

BOX: Final = pl.Array(pl.Float64, 4)  # left, top, right, bottom; right and bottom exclusive


@dataclass(frozen=True)
class Schema:
    """A table's columns in order. `key` columns identify a row; `required` ones are never null."""

    name: str
    columns: Mapping[str, Any]  # name -> polars type, a class or an instance of one
    key: tuple[str, ...]
    required: tuple[str, ...]

    def frame(self, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
        return pl.DataFrame(list(rows), schema=dict(self.columns), orient="row", strict=True)

    def check(self, table: pl.DataFrame, where: str) -> None:
        expected = {name: pl.DataType.from_python(t) if isinstance(t, type) and not issubclass(t, pl.DataType) else t
                    for name, t in self.columns.items()}  # fmt: skip
        problems = [f"column {c!r} is missing" for c in expected if c not in table.columns]
        problems += [f"column {c!r} is not known" for c in table.columns if c not in expected]
        problems += [
            f"column {c!r} holds {table.schema[c]}, not {t}"
            for c, t in expected.items()
            if c in table.columns and table.schema[c] != t
        ]
        if not problems:
            problems += [f"column {c!r} has empty rows" for c in self.required if table[c].null_count()]
            if table.select(self.key).is_duplicated().any():
                problems.append(f"two rows share the same {', '.join(self.key)}")
        if problems:
            raise FacemotionError(f"{where} is not a proper {self.name} table: " + "; ".join(problems))

    def write(self, table: pl.DataFrame, path: Path) -> None:
        table = table.select(list(self.columns)) if set(table.columns) == set(self.columns) else table
        self.check(table, str(path))
        with replacing(path) as temporary:
            table.write_parquet(temporary, compression="zstd", statistics=False)

    def read(self, path: Path) -> pl.DataFrame:
        if not path.is_file():
            raise FacemotionError(f"{path} does not exist; `dvc repro` makes it")
        try:
            table = pl.read_parquet(path)
        except Exception as error:  # any reader error means the same to the person: this file is not whole
            raise FacemotionError(
                f"{path} cannot be read as Parquet ({error}); delete it and run `dvc repro`"
            ) from error
        self.check(table, str(path))
        return table


PLAN: Final = Schema(
    "plan",
    {
        "plan_id": pl.String,  # stable hash of what the row denotes
        "video_id": pl.String,
        "location": pl.String,  # a URL, or a path for folders; empty for what is rendered
        "person_id": pl.String,
        "start_s": pl.Float64,
        "end_s": pl.Float64,
        "box": BOX,  # pixels of a ref_width x ref_height frame, or null
        "ref_width": pl.Int32,
        "ref_height": pl.Int32,
        "partition": pl.String,
        "source": pl.String,
        "license": pl.String,
    },
    key=("plan_id",),
    required=("plan_id", "video_id", "location", "source"),
)

VIDEO_STATUSES: Final = (
    "ok", "private", "removed", "blocked", "geo", "age", "unsupported", "too_large", "timeout", "corrupt", "no_video",
    "refused", "missing",
)  # fmt: skip
LEDGER: Final = Schema(
    "ledger of videos",
    {
        "video_id": pl.String,
        "status": pl.Enum(VIDEO_STATUSES),
        "reason": pl.String,  # empty when ok
        "path": pl.String,  # within data/videos; empty unless ok
        "sha256": pl.String,
        "bytes": pl.Int64,
        "width": pl.Int32,
        "height": pl.Int32,
        "fps_num": pl.Int64,  # the true rational frame rate
        "fps_den": pl.Int64,
        "frames": pl.Int64,
        "duration_s": pl.Float64,
    },
    key=("video_id",),
    required=("video_id", "status", "reason", "path"),
)

SHOTS: Final = Schema(
    "shots",
    {
        "video_id": pl.String,
        "shot": pl.Int32,
        "start_frame": pl.Int64,  # half-open; margins at cuts are already trimmed off
        "end_frame": pl.Int64,
        "cut_frame": pl.Int64,  # where the shot begins before the margin: the detected cut, or 0
        "cut_score": pl.Float64,  # null for a video's first shot
        "accepted": pl.Boolean,
        "reason": pl.String,  # empty when accepted
    },
    key=("video_id", "shot"),
    required=("video_id", "shot", "start_frame", "end_frame", "cut_frame", "accepted", "reason"),
)

TUBES: Final = Schema(
    "tubes",
    {
        "video_id": pl.String,
        "shot": pl.Int32,
        "tube": pl.Int32,
        "start_frame": pl.Int64,  # half-open, within the shot
        "end_frame": pl.Int64,
        "boxes": pl.List(BOX),  # the face box of every frame, detections and what lies between them
        "detected": pl.List(pl.Boolean),  # whether the frame's box was seen or filled in
        "score": pl.Float64,  # mean detector score
        "certainty": pl.Float64,  # mean agreement of the landmarks, 0 to 1
        "face_px": pl.Float64,  # median face box height
        "sharpness": pl.Float64,  # median; the standard deviation of the Laplacian on 96 pixels
        "yaw": pl.Float64,  # rough median |yaw| in degrees, from landmarks
        "outside": pl.Float64,  # mean share of the face box outside the frame
        "exposure": pl.Float64,  # median brightness of the face, 0 to 255
        "yaw_left": pl.Float64,  # the 5th and 95th percentile of yaw, degrees to the image's right
        "yaw_right": pl.Float64,
        "mouth": pl.Float64,  # how far the mouth opens and closes, in eye distances, as seen at the searched frames
        "lids": pl.Float64,  # likewise
        "shake": pl.Float64,  # how the box starts and stops between searches, in its sides
        "missed": pl.Float64,  # share of the searched frames in which the face was not seen
        "plan_id": pl.String,  # the plan row it agrees with in time and box, or null
        "person_id": pl.String,  # that row's person, or one of its own
        "accepted": pl.Boolean,
        "reason": pl.String,  # empty when accepted
    },
    key=("video_id", "shot", "tube"),
    required=("video_id", "shot", "tube", "start_frame", "end_frame", "boxes", "person_id", "accepted", "reason"),
)

CLIPS: Final = Schema(
    "clips",
    {
        "clip_id": pl.String,
        "plan_id": pl.String,  # null for a face that no plan row names
        "video_id": pl.String,
        "shot": pl.Int32,
        "tube": pl.Int32,
        "person_id": pl.String,
        "group": pl.String,  # people who share a video, or videos that share a face: never in two splits
        "path": pl.String,  # relative to the folder of clips; empty unless accepted
        "sha256": pl.String,
        "frames": pl.Int64,
        "fps_num": pl.Int64,  # the true rational frame rate, that of the video
        "fps_den": pl.Int64,
        "size": pl.Int32,
        "first_frame": pl.Int64,  # of the source video, half-open: clip frame k is source frame first_frame + k
        "end_frame": pl.Int64,
        "start_s": pl.Float64,
        "end_s": pl.Float64,
        "box": BOX,  # in pixels of the source video; a square with whole numbers that may reach past the frame
        "outside": pl.Float64,  # share of the box outside the frame, filled by reflection
        "faces": pl.List(BOX),  # the tube's face box of every frame, in pixels of the clip
        "accepted": pl.Boolean,
        "reason": pl.String,  # empty when accepted
    },
    key=("clip_id",),
    required=(
        "clip_id", "video_id", "person_id", "group", "path", "sha256", "frames", "size", "box", "faces", "accepted",
        "reason",
    ),
)  # fmt: skip

SCORES: Final = Schema(
    "scores",
    {
        "clip_id": pl.String,
        "person_id": pl.String,
        "metric": pl.String,
        "value": pl.Float64,  # mean over the frames that count
        "frames": pl.Int64,  # how many those are
    },
    key=("clip_id", "metric"),
    required=("clip_id", "person_id", "metric", "value", "frames"),
)

PROTOCOLS: Final = ("same", "cross")
PAIRS: Final = Schema(
    "pairs",
    {
        "pair_id": pl.String,  # same: the clip's id
        "protocol": pl.Enum(PROTOCOLS),
        "reference_clip": pl.String,
        "reference_person": pl.String,
        "driving_clip": pl.String,
        "driving_person": pl.String,
        "start_gap": pl.Float64,  # degrees between the head poses of both clips' first frames; null where unknown
        "answered": pl.Boolean,  # whether there is a right answer to compare with
    },
    key=("pair_id",),
    required=(
        "pair_id", "protocol", "reference_clip", "reference_person", "driving_clip", "driving_person", "answered",
    ),
)  # fmt: skip

FRAME_SCORES: Final = Schema(
    "scores of frames",
    {
        "clip_id": pl.String,
        "frame": pl.Int32,  # of the clip
        "metric": pl.String,  # also what drives: pose_gap, lip_opening, lid_opening
        "value": pl.Float64,
    },
    key=("clip_id", "frame", "metric"),
    required=("clip_id", "frame", "metric", "value"),
)

ERROR_MAPS: Final = Schema(
    "error maps",
    {
        "clip_id": pl.String,
        "map": pl.List(pl.Float32),  # row by row, mean absolute RGB error on a mean face
    },
    key=("clip_id",),
    required=("clip_id", "map"),
)
