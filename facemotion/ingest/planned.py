"""Which tube is the face that a plan row means: where time overlaps and boxes agree, and nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from facemotion import config
from facemotion.faces.boxes import Box, areas
from facemotion.video import Info


@dataclass(frozen=True)
class PlannedFace:
    """A row of the plan: seconds and box may be unknown; the box is in pixels of a frame of size `reference`. Where
    the width of that is unknown, it is the video's, scaled."""

    plan_id: str
    person_id: str | None
    start_s: float | None
    end_s: float | None
    box: Box | None
    reference: tuple[int | None, int] | None


def assign_plan(
    rows: Sequence[dict[str, Any]], planned: Sequence[PlannedFace], video_id: str, info: Info, settings: config.Tubes
) -> None:
    """Give every tube its plan row's id and person, or no plan row and a person of its own.

    The best pair goes first; at one time a plan row means only one face. Rejected tubes come last."""
    for row in rows:
        row["plan_id"], row["person_id"] = None, f"{video_id}#{row['shot']}.{row['tube']}"
    pairs = []
    for place, face in enumerate(planned):
        for k, row in enumerate(rows):
            agreement = _agreement(row, face, info, settings)
            if agreement > 0:
                pairs.append((bool(row["reason"]), -agreement, place, k))
    given: dict[int, list[dict[str, Any]]] = {}
    for _, _, place, k in sorted(pairs):
        row, face = rows[k], planned[place]
        if row["plan_id"] is None and not any(_together(row, other) for other in given.get(place, [])):
            given.setdefault(place, []).append(row)
            row["plan_id"] = face.plan_id
            row["person_id"] = face.person_id if face.person_id is not None else row["person_id"]


def _agreement(row: dict[str, Any], face: PlannedFace, info: Info, settings: config.Tubes) -> float:
    """Seconds in which tube and plan row agree, weighted by how well; 0 where they do not."""
    fps = float(info.fps)
    start = row["start_frame"] if face.start_s is None else max(row["start_frame"], round(face.start_s * fps))
    end = row["end_frame"] if face.end_s is None else min(row["end_frame"], round(face.end_s * fps))
    length = row["end_frame"] - row["start_frame"]
    if face.start_s is not None and face.end_s is not None:
        length = min(length, max(round((face.end_s - face.start_s) * fps), 1))
    if end <= start or end - start < settings.plan_time * length:
        return 0.0
    boxes = np.array(row["boxes"][start - row["start_frame"] : end - row["start_frame"]])
    if face.box is None:
        # Only the time is known: the largest face is meant.
        return float((end - start) / fps * areas(boxes).mean() / (info.width * info.height))
    width, height = face.reference or (info.width, info.height)
    scale = np.array([info.width / width if width else info.height / height, info.height / height] * 2)
    named = np.array(face.box) * scale
    low, high = np.maximum(boxes[:, :2], named[:2]), np.minimum(boxes[:, 2:], named[2:])
    covered = np.prod(np.clip(high - low, 0, None), axis=1)
    if float((covered / np.maximum(areas(boxes), 1e-9)).mean()) < settings.plan_cover:
        return 0.0
    # Lists draw boxes about faces, heads or shoulders: the one that fills the box best is meant.
    return float((end - start) / fps * covered.mean() / max(float(areas(named)), 1e-9))


def _together(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return bool(a["start_frame"] < b["end_frame"] and b["start_frame"] < a["end_frame"])
