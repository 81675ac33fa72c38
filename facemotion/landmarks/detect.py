"""Landmarks of one clip: the landmarker follows the face from frame to frame, the tube's boxes keep it honest."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion import config
from facemotion.faces.boxes import face_boxes, iou_matrix
from facemotion.faces.interfaces import Image, Landmarker
from facemotion.faces.registry import landmarker
from facemotion.landmarks.layout import N_IBUG, N_POINTS
from facemotion.landmarks.store import Track
from facemotion.video import Reader

LOST: Final = 0.15  # mean score of a frame's points below which nothing is believed


@dataclass(frozen=True)
class LandmarkJob:
    """One clip and its face boxes in pixels of the clip, one a frame; picklable."""

    clip_id: str
    path: Path
    faces: tuple[tuple[float, float, float, float], ...]
    settings: config.Landmarks


def landmarks_of(job: LandmarkJob) -> Track:
    """Points in pixel coordinates of the clip; frames without a face hold NaN and score 0."""
    cv2.setNumThreads(1)
    reader = Reader(job.path)
    found = landmarker(job.settings.landmarker, job.settings.averaged)
    points = np.full((reader.info.frames, N_POINTS, 2), np.nan, np.float32)
    scores = np.zeros((reader.info.frames, N_POINTS), np.float32)
    previous: NDArray[np.float32] | None = None
    for number, frame in enumerate(reader.frames(colour="grey")):
        box = np.array(job.faces[min(number, len(job.faces) - 1)], np.float64)
        previous = _one_frame(found, frame, previous, box, job.settings.check_iou, points[number], scores[number])
    return Track(job.clip_id, reader.info.fps, points, scores)


def _one_frame(
    found: Landmarker,
    frame: Image,
    previous: NDArray[np.float32] | None,
    box: NDArray[np.float64],
    check_iou: float,
    points: NDArray[np.float32],
    scores: NDArray[np.float32],
) -> NDArray[np.float32] | None:
    """Fill in a frame's points and scores; the points to follow on from, or None where there is no face."""
    for start in (previous, None):
        if start is not None:
            seen, sure = found.follow(frame, start)
        else:
            seen, sure = found.points(frame, (float(box[0]), float(box[1]), float(box[2]), float(box[3])))
        overlap = float(iou_matrix([face_boxes(seen)], [box])[0, 0])
        if overlap >= check_iou and float(sure[:N_IBUG].mean()) >= LOST:
            points[:], scores[:] = seen, sure
            return seen
    return None
