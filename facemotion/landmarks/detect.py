"""Landmarks of one clip: the landmarker follows the face from frame to frame, the tube's boxes keep it honest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion import config
from facemotion.faces.boxes import Box, face_boxes, iou_matrix
from facemotion.faces.interfaces import ON_CPU, Found, Image, Landmarker, Running
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
    running: Running = ON_CPU


def landmarks_of(job: LandmarkJob) -> Track:
    """Points in pixel coordinates of the clip; frames without a face hold NaN and score 0."""
    cv2.setNumThreads(1)
    reader = Reader(job.path)
    found = landmarker(job.settings.landmarker, job.settings.averaged, job.running)
    boxes = (job.faces[min(number, len(job.faces) - 1)] for number in count())
    frames = zip(reader.frames(colour=found.colour), boxes, strict=False)
    points = np.full((reader.info.frames, N_POINTS, 2), np.nan, np.float32)
    scores = np.zeros((reader.info.frames, N_POINTS), np.float32)
    for number, best in enumerate((_followed if found.batch == 1 else _at_once)(found, frames, job.settings)):
        if best is not None:
            points[number], scores[number] = best
    return Track(job.clip_id, reader.info.fps, points, scores)


def _followed(
    found: Landmarker, frames: Iterable[tuple[Image, Box]], settings: config.Landmarks
) -> Iterator[Found | None]:
    previous: NDArray[np.float32] | None = None
    for frame, box in frames:
        best = _best(found, frame, previous, box, settings)
        yield best
        previous = best[0] if best is not None else None


def _at_once(
    found: Landmarker, frames: Iterable[tuple[Image, Box]], settings: config.Landmarks
) -> Iterator[Found | None]:
    """Several frames at a time, each by its own box."""
    frames = iter(frames)
    while some := list(islice(frames, found.batch)):
        images, boxes = zip(*some, strict=True)
        for candidate, box in zip(found.many(images, boxes), boxes, strict=True):
            yield candidate if _on_face(candidate, box, settings) else None


def _best(
    found: Landmarker, frame: Image, previous: NDArray[np.float32] | None, box: Box, settings: config.Landmarks
) -> Found | None:
    """Points and scores of one frame, followed from the frame before or, where that is in doubt, sought anew in the
    tube's box, whichever is surer; None where there is no face."""
    candidates = []
    if previous is not None:
        candidates.append(found.follow(frame, previous))
    if not candidates or not _on_face(candidates[0], box, settings) or _sureness(candidates[0]) < settings.doubt:
        candidates.append(found.points(frame, box))
    # Following lingers on an error: a wrong face makes the next frame's box wrong.
    fitting = [candidate for candidate in candidates if _on_face(candidate, box, settings)]
    return max(fitting, key=_sureness, default=None)


def _on_face(candidate: Found, box: Box, settings: config.Landmarks) -> bool:
    overlap = float(iou_matrix([face_boxes(candidate[0])], [box])[0, 0])
    return overlap >= settings.check_iou and _sureness(candidate) >= LOST


def _sureness(candidate: Found) -> float:
    return float(candidate[1][:N_IBUG].mean())
