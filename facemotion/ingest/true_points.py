"""The true points of a clip's frames, from the truth of the video it was cut from: for scoring only."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.faces.boxes import iou_matrix
from facemotion.ingest.framing import to_crop

LEAST_IOU: Final = 0.3  # with the tube's face, for a true face to be the one that was meant

Square = tuple[int, int, int, int]


def true_clip_points(
    frames: NDArray[np.int64],
    actors: NDArray[np.int64],
    points: NDArray[np.float32],
    visible: NDArray[np.bool_],
    face_boxes: NDArray[np.float32],
    *,
    first_frame: int,
    clip_faces: NDArray[np.float64],
    square: Square,
    size: int,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """Points [T, 70, 2] in pixel coordinates of the clip, and which are visible, of the actor whom the clip shows;
    None if it shows none of them. The truth's rows, one a frame and actor, are in pixels of the video."""
    length = len(clip_faces)
    inside = (frames >= first_frame) & (frames < first_frame + length)
    best, best_overlap = None, LEAST_IOU
    for actor in np.unique(actors[inside]).tolist():
        rows = np.flatnonzero(inside & (actors == actor))
        if len(rows) != length:
            continue
        edges = to_crop(face_boxes[rows].reshape(-1, 2, 2) - 0.5, square, size).reshape(-1, 4) + 0.5
        overlap = float(np.mean([iou_matrix([a], [b])[0, 0] for a, b in zip(edges, clip_faces, strict=True)]))
        if overlap > best_overlap:
            best, best_overlap = rows, overlap
    if best is None:
        return None
    return to_crop(points[best], square, size), visible[best]
