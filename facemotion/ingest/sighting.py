"""A face seen in one frame: where it is, how well it is to be seen, and a small picture to tell later who it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.faces.boxes import Box, face_boxes, iou_matrix
from facemotion.faces.interfaces import Face, Found, Image, Landmarker

SURE: Final = 0.85  # of points found by a shorter look: below it a longer one is worth while
SAME_FACE_IOU: Final = 0.25  # overlap at which a face found later may be the one seen before
DOUBLE_IOU: Final = 0.4  # overlap at which two faces found in one frame are one
PORTRAIT_PX: Final = 160  # side of what is kept of a face; embedders look at about as much
PORTRAIT_QUALITY: Final = 95
PORTRAIT_AROUND: Final = 0.35  # of a box's side that it shows about the box


@dataclass(frozen=True)
class Sighting:
    """A face in one frame; box in pixel edges, points in pixel coordinates of the frame."""

    frame: int
    box: NDArray[np.float64]
    points: NDArray[np.float32]
    score: float  # the detector's
    certainty: float  # the landmarker's, 0 to 1
    sharpness: float
    exposure: float  # mean brightness of the face, 0 to 255
    portrait: bytes  # a small picture of the face, JPEG, to look later who it is
    portrait_points: NDArray[np.float32]  # in pixel coordinates of it


def sightings_in(
    image: Image,
    number: int,
    faces: Iterable[Face],
    landmarker: Landmarker,
    min_certainty: float,
    offset: tuple[int, int] = (0, 0),
    like: NDArray[np.float32] | None = None,
) -> list[Sighting]:
    """Faces detected in an image that lies at `offset` in its frame. Their boxes are drawn about their points: a
    detector's own box jumps between its pyramid's steps."""
    sightings: list[Sighting] = []
    for face in faces:
        points, scores = _points(image, face, like, landmarker)
        box, certainty = face_boxes(points), float(scores[:68].mean())
        if certainty < min_certainty or iou_matrix([box], [face.box])[0, 0] < SAME_FACE_IOU:
            continue
        box = box + np.array([*offset, *offset])
        if sightings and iou_matrix([box], [s.box for s in sightings]).max() > DOUBLE_IOU:
            continue
        moved = points + np.array(offset, np.float32)
        here = tuple((box - np.array([*offset, *offset])).tolist())
        looks = sharpness(image, here), exposure(image, here)
        sightings.append(Sighting(number, box, moved, face.score, certainty, *looks, *portrait(image, here, points)))
    return sightings


def _points(image: Image, face: Face, like: NDArray[np.float32] | None, landmarker: Landmarker) -> Found:
    """Of a face that was detected; one that was seen a moment ago, with the points `like`, needs a shorter look."""
    found = None
    if like is not None:
        box, before = np.array(face.box), face_boxes(like)
        scale = (box[2] - box[0]) / (before[2] - before[0])
        found = landmarker.follow(image, ((like + 0.5 - before[:2]) * scale + box[:2] - 0.5).astype(np.float32))
        if float(found[1][:68].mean()) >= SURE:
            return found
    anew = landmarker.points(image, face.box)
    return anew if found is None else max(anew, found, key=lambda one: float(one[1][:68].mean()))


def exposure(image: Image, box: Box) -> float:
    """Mean brightness of the middle of a face, 0 to 255."""
    height, width = image.shape[:2]
    across, down = (box[2] - box[0]) / 6, (box[3] - box[1]) / 6
    left, top = max(round(box[0] + across), 0), max(round(box[1] + down), 0)
    face = image[top : min(round(box[3] - down), height), left : min(round(box[2] - across), width)]
    if not face.size:
        return 0.0
    return float((face if face.ndim == 2 else cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)).mean())


def portrait(image: Image, box: Box, points: NDArray[np.floating]) -> tuple[bytes, NDArray[np.float32]]:
    """A face as it is kept, small, with its points in pixel coordinates of it."""
    side = max(float(box[2] - box[0]) * (1 + 2 * PORTRAIT_AROUND), 1.0)
    scale = PORTRAIT_PX / side
    left, top = (box[0] + box[2] - side) / 2, (box[1] + box[3] - side) / 2
    # Pixel edges to pixel edges, written for pixel centres.
    forward = np.array([[scale, 0, (0.5 - left) * scale - 0.5], [0, scale, (0.5 - top) * scale - 0.5]])
    small = cv2.warpAffine(
        image, forward, (PORTRAIT_PX, PORTRAIT_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    fine = [cv2.IMWRITE_JPEG_QUALITY, PORTRAIT_QUALITY]
    coded = cv2.imencode(".jpg", small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2BGR), fine)[1]
    return coded.tobytes(), (np.asarray(points) @ forward[:, :2].T + forward[:, 2]).astype(np.float32)


def sharpness(image: Image, box: Box) -> float:
    """Fine detail of a face at a fixed size: standard deviation of the Laplacian on 96 pixels, in grey levels."""
    height, width = image.shape[:2]
    left, top = max(round(box[0]), 0), max(round(box[1]), 0)
    right, bottom = min(round(box[2]), width), min(round(box[3]), height)
    if right - left < 8 or bottom - top < 8:
        return 0.0
    face = image[top:bottom, left:right]
    grey = face if face.ndim == 2 else cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    how = cv2.INTER_AREA if grey.shape[0] > 96 else cv2.INTER_LINEAR
    return float(cv2.Laplacian(cv2.resize(grey, (96, 96), interpolation=how), cv2.CV_32F).std())
