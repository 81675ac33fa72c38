"""How good tubes are against the truth: one identity a tube, and whether true faces are found where they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facemotion.faces.boxes import paired_iou

LONG_S: Final = 2.0  # true tubes longer than this must be found
FOUND_IOU: Final = 0.8
ON_FACE_IOU: Final = 0.3  # a tube's box that overlaps no face by more is on none


@dataclass(frozen=True)
class TrueFace:
    """A person's face through one shot, all frames of it; boxes [N, 4] in pixel edges of the video, drawn about the
    true points as `faces.boxes.face_boxes` does."""

    video_id: str
    identity: str
    start_frame: int
    fps: float
    boxes: NDArray[np.float64]
    wanted: bool  # large, whole and turned to the camera enough that it should be found

    @property
    def end_frame(self) -> int:
        return self.start_frame + len(self.boxes)


def score_tubes(rows: Iterable[Mapping[str, Any]], faces: Sequence[TrueFace], margin: int) -> dict[str, float]:
    """Rows of the table of tubes against all true faces of the same videos; `margin` frames at either end of a true
    face may be missing, which is what trimming at cuts takes."""
    rows = list(rows)
    by_video: dict[str, list[TrueFace]] = {}
    for face in faces:
        by_video.setdefault(face.video_id, []).append(face)
    tubes: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        tubes.setdefault(row["video_id"], []).append(row)
    accepted = [row for row in rows if row["accepted"]]
    scores = {"accepted": float(len(accepted)), "rejected": float(len(rows) - len(accepted))}
    pure = frames = 0
    for row in accepted:
        identities = _identities(row, by_video.get(row["video_id"], []))
        _, counts = np.unique(identities[identities >= 0], return_counts=True)
        pure, frames = pure + int(counts.max(initial=0)), frames + len(identities)
    if frames:
        scores["purity"] = pure / frames
    long_faces = [face for face in faces if len(face.boxes) > LONG_S * face.fps]
    overlaps = np.array([_best_overlap(face, tubes.get(face.video_id, []), margin) for face in long_faces])
    wanted = np.array([face.wanted for face in long_faces], np.bool_)
    if wanted.any():
        scores["iou80_share"] = float(np.mean(overlaps[wanted] >= FOUND_IOU))
        scores["iou_mean"] = float(np.mean(overlaps[wanted]))
        scores["iou80_share_all"] = float(np.mean(overlaps >= FOUND_IOU))  # with those that should be rejected
    return scores


def _identities(row: Mapping[str, Any], faces: Sequence[TrueFace]) -> NDArray[np.int64]:
    """For each frame of a tube the index of the person under its box, -1 where there is none."""
    people = sorted({face.identity for face in faces})
    best, who = np.full(len(row["boxes"]), ON_FACE_IOU), np.full(len(row["boxes"]), -1)
    for face in faces:
        shared = _shared(row, face)
        if shared is None:
            continue
        low, high, overlap = shared
        here = slice(low - row["start_frame"], high - row["start_frame"])
        better = overlap > best[here]
        best[here] = np.where(better, overlap, best[here])
        who[here] = np.where(better, people.index(face.identity), who[here])
    return who


def _best_overlap(face: TrueFace, rows: Sequence[Mapping[str, Any]], margin: int) -> float:
    """The mean overlap with the tube that fits best; frames it lacks count as none, but for the margins."""
    best = 0.0
    for row in rows:
        shared = _shared(row, face)
        if shared is not None:
            missing_before = max(shared[0] - face.start_frame - margin, 0)
            missing_after = max(face.end_frame - shared[1] - margin, 0)
            best = max(best, float(shared[2].sum()) / (len(shared[2]) + missing_before + missing_after))
    return best


def _shared(row: Mapping[str, Any], face: TrueFace) -> tuple[int, int, NDArray[np.float64]] | None:
    """The frames that a tube and a face share, half-open, and their overlap in each."""
    low, high = max(row["start_frame"], face.start_frame), min(row["end_frame"], face.end_frame)
    if high <= low:
        return None
    boxes = np.array(row["boxes"][low - row["start_frame"] : high - row["start_frame"]], np.float64)
    return low, high, paired_iou(boxes, face.boxes[low - face.start_frame : high - face.start_frame])
