"""Face tubes: one face through one shot, a box for every frame, and whether it is good enough or why not."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion import config
from facemotion.faces.boxes import paired_iou, share_outside
from facemotion.faces.interfaces import ON_CPU, Colour, Running
from facemotion.faces.registry import detector, embedder, landmarker
from facemotion.ingest.association import Search, Track, follow_faces
from facemotion.ingest.identity import Watch, one_person_each
from facemotion.ingest.planned import PlannedFace, assign_plan
from facemotion.ingest.quality import quality
from facemotion.ingest.sighting import DOUBLE_IOU
from facemotion.landmarks.pose import head_pose
from facemotion.video import Limits, Reader

Floats = NDArray[np.float64]
WHOLE_S: Final = 1.0  # seconds between looks at whole frames while all faces known are found; less than tubes last
ROUGH: Final = 2  # predictions averaged: enough to tell a face from what is none


@dataclass(frozen=True)
class TubeJob:
    """One video in which to look for faces: its shots as (shot, start, end), what the plan says of it; picklable."""

    video_id: str
    path: Path
    shots: tuple[tuple[int, int, int], ...]
    planned: tuple[PlannedFace, ...]
    settings: config.Tubes
    limits: Limits
    running: Running = ON_CPU


def tubes_of(job: TubeJob) -> list[dict[str, Any]]:
    """Rows of the table of tubes for one video, rejects included with the reason."""
    cv2.setNumThreads(1)
    reader = Reader(job.path, job.limits)
    info, settings = reader.info, job.settings
    search = Search(
        detector=detector(settings.detector, settings.min_face_px, job.running),
        landmarker=landmarker(settings.landmarker, ROUGH, job.running),
        stride=max(round(settings.stride_s * info.fps), 1),
        max_gap=round(settings.max_gap_s * info.fps),
        start_score=settings.min_score,
        keep_score=settings.keep_score,
        min_certainty=settings.min_certainty / 2,  # of a single sighting
        whole=max(round(min(settings.min_seconds, WHOLE_S) / settings.stride_s), 1),
    )
    watch = (
        Watch(
            embedder(settings.embedder),
            round(settings.identity_s * info.fps),
            settings.max_drift,
            search.stride,
            round(settings.min_seconds * info.fps),
        )
        if settings.embedder is not None
        else None
    )
    colour: Colour = "rgb" if "rgb" in (search.detector.colour, search.landmarker.colour) else "grey"
    rows: list[dict[str, Any]] = []
    shots = sorted(job.shots, key=lambda shot: shot[1])
    # One pass over the video: a seek for every shot would decode much of it twice.
    position = shots[0][1] if shots else 0
    stream = reader.frames(position, shots[-1][2] if shots else 0, colour=colour)
    for shot, start, end in shots:
        deque(islice(stream, start - position), maxlen=0)
        tracks = follow_faces(islice(stream, end - start), start, search)
        tracks = one_person_each(tracks, watch) if watch is not None else tracks
        position = end
        described = [_describe(track, info.width, info.height, search.stride) for track in tracks]
        for tube, row in enumerate(described):
            row.update(video_id=job.video_id, shot=shot, tube=tube, reason=_objection(row, float(info.fps), settings))
        _drop_doubles(described)
        rows += described
    assign_plan(rows, job.planned, job.video_id, info, settings)
    for row in rows:
        row["accepted"] = not row["reason"]
    return rows


def _describe(track: Track, width: int, height: int, stride: int) -> dict[str, Any]:
    sightings = track.sightings
    start, end = sightings[0].frame, sightings[-1].frame + 1
    seen = np.array([sighting.frame for sighting in sightings])
    boxes = fill_between(seen, np.array([sighting.box for sighting in sightings]), start, end)
    pose = head_pose(np.array([sighting.points for sighting in sightings]))
    return {
        "start_frame": start,
        "end_frame": end,
        "boxes": boxes.tolist(),
        "detected": np.isin(np.arange(start, end), seen).tolist(),
        "score": float(np.mean([sighting.score for sighting in sightings])),
        "certainty": float(np.mean([sighting.certainty for sighting in sightings])),
        "face_px": float(np.median(boxes[:, 3] - boxes[:, 1])),
        "sharpness": float(np.median([sighting.sharpness for sighting in sightings])),
        "yaw": float(np.median(np.abs(pose[:, 0]))),
        "outside": float(np.mean([share_outside(box, width, height) for box in boxes])),
        **quality(sightings, boxes, start, stride),
    }


def fill_between(seen: NDArray[np.int64], boxes: Floats, start: int, end: int) -> Floats:
    """A box for every frame start..end, straight lines between those seen."""
    frames = np.arange(start, end)
    return np.column_stack([np.interp(frames, seen, boxes[:, k]) for k in range(4)])


def _objection(row: dict[str, Any], fps: float, settings: config.Tubes) -> str:
    """Why a tube is not good enough: the first of the reasons, or nothing."""
    checks = (
        ("short", row["end_frame"] - row["start_frame"] < settings.min_seconds * fps),
        ("small", row["face_px"] < settings.min_face_px),
        ("truncated", row["outside"] > settings.max_outside),
        ("profile", row["yaw"] > settings.max_yaw),
        ("low_score", row["score"] < settings.min_score),
        ("doubtful", row["certainty"] < settings.min_certainty),
        ("blurred", row["sharpness"] < settings.min_sharpness),
        ("dark", row["exposure"] < settings.min_exposure),
        ("bright", row["exposure"] > settings.max_exposure),
        ("stiff", row["yaw_right"] - row["yaw_left"] < settings.min_turn),
        ("turning", row["yaw_right"] - row["yaw_left"] > settings.max_turn),
        ("silent", row["mouth"] < settings.min_mouth),
        ("unblinking", row["lids"] < settings.min_lids),
        ("shaky", row["shake"] > settings.max_shake),
        ("hidden", row["missed"] > settings.max_missed),
    )
    return next((reason for reason, failed in checks if failed), "")


def _drop_doubles(rows: Sequence[dict[str, Any]]) -> None:
    """Of two tubes that follow one face, keep the longer one, then the one the detector is surer of."""
    ranked = sorted(rows, key=lambda row: (row["start_frame"] - row["end_frame"], -row["score"], row["tube"]))
    for k, worse in enumerate(ranked):
        for better in ranked[:k]:
            if not better["reason"] and not worse["reason"] and _overlap(worse, better) > DOUBLE_IOU:
                worse["reason"] = "double"


def _overlap(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Mean overlap of boxes while both last, 0 if they share less than half of the shorter one's time."""
    start, end = max(a["start_frame"], b["start_frame"]), min(a["end_frame"], b["end_frame"])
    shorter = min(len(a["boxes"]), len(b["boxes"]))
    if end - start < max(shorter / 2, 1):
        return 0.0
    first, second = (
        np.array(list(islice(row["boxes"], start - row["start_frame"], end - row["start_frame"]))) for row in (a, b)
    )
    return float(paired_iou(first, second).mean())
