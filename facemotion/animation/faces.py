"""Faces in a single picture: all there are, the one that is meant, and what is wrong with it."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.errors import FacemotionError
from facemotion.faces.boxes import Box, face_boxes, iou_matrix
from facemotion.faces.interfaces import Image
from facemotion.faces.registry import detector, landmarker
from facemotion.landmarks.layout import GROUPS, N_IBUG
from facemotion.landmarks.pose import head_pose
from facemotion.landmarks.scores import LIDS, eye_distance, opening

Floats = NDArray[np.float64]

DETECTOR: Final = "dlib_hog"
# Pictures are searched no larger than this, first for large faces, which is quick, then for small ones.
SEARCHED: Final = 960
SMALLEST: Final = (96.0, 44.0)
LEAST_SCORE: Final = 0.0
LEAST_CERTAINTY: Final = 0.4  # of the landmarker
SAME: Final = 0.35  # overlap of a detector's box with that of the points, and of two sightings of one face
# Degrees of turn from which on half of a face is hidden, and from which on a photo hardly serves.
TURNED: Final = 30.0
PROFILE: Final = 45.0
# Pupils are not found though lids are this far open, in distances of the outer corners of the eyes: dark glasses.
OPEN_LIDS: Final = 0.06
NO_PUPIL: Final = 0.25
LEAST_PX: Final = 40.0
AVERAGED: Final = 4  # predictions of the landmarker: a photo has time


@dataclass(frozen=True)
class FoundFace:
    """Points [70, 2] in pixel coordinates of the picture, scores [70]; box in its pixel edges."""

    points: NDArray[np.float32]
    scores: NDArray[np.float32]

    @property
    def box(self) -> Floats:
        return face_boxes(self.points)

    @property
    def side(self) -> float:
        return float(self.box[3] - self.box[1])

    @property
    def eyes_hidden(self) -> bool:
        return bool(eyes_hidden(self.points[None], self.scores[None])[0])


def find_faces(image: Image, averaged: int = AVERAGED) -> list[FoundFace]:
    """From left to right."""
    for smallest in SMALLEST:
        found = [face for box in detections(image, smallest) if (face := _measured(image, box, averaged)) is not None]
        apart: list[FoundFace] = []
        for face in found:
            if not apart or iou_matrix([face.box], [one.box for one in apart]).max() < SAME:
                apart.append(face)
        if apart:
            return sorted(apart, key=lambda face: float(face.box[0]))
    return []


def detections(image: Image, smallest: float) -> list[Box]:
    """Boxes in pixel edges, best first; `smallest` face in pixels of the picture as it is searched."""
    scale = min(1.0, SEARCHED / max(image.shape[:2]))
    shown = image if scale == 1 else _shrunk(image, scale)
    across, down = image.shape[1] / shown.shape[1], image.shape[0] / shown.shape[0]
    found = detector(DETECTOR, smallest).detect(shown, weakest=LEAST_SCORE)
    scale_back = np.array([across, down, across, down])
    return [_box(np.array(face.box) * scale_back) for face in found]


def _box(edges: Floats) -> Box:
    left, top, right, bottom = edges.tolist()
    return left, top, right, bottom


def _shrunk(image: Image, scale: float) -> Image:
    height, width = image.shape[:2]
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _measured(image: Image, box: Box, averaged: int) -> FoundFace | None:
    points, scores = landmarker("dlib", averaged).points(image, box)
    face = FoundFace(points, scores)
    sure = float(scores[:N_IBUG].mean()) >= LEAST_CERTAINTY
    return face if sure and iou_matrix([face.box], [box])[0, 0] >= SAME else None


def chosen(faces: list[FoundFace], which: str, where: str) -> FoundFace:
    """`which`: largest, leftmost, or a number from left to right, the first being 1."""
    if not faces:
        raise FacemotionError(
            f"{where}: no face was found. It must look roughly into the camera, be in focus, about upright, at least "
            f"{LEAST_PX:.0f} pixels wide, and not be covered: try another picture"
        )
    if which == "largest":
        return max(faces, key=lambda face: face.side)
    if which == "leftmost":
        return faces[0]
    number = number_of(which)
    if number > len(faces):
        count = "1 face" if len(faces) == 1 else f"{len(faces)} faces"
        raise FacemotionError(f"{where}: there is no face {number}: {count} found, counted from the left")
    return faces[number - 1]


def number_of(which: str) -> int:
    if not which.isdecimal() or int(which) < 1:
        raise FacemotionError(f"face {which!r}: say largest, leftmost, or a number from the left, 1 being the first")
    return int(which)


def objection(face: FoundFace) -> str:
    """Why a photo of this face cannot be animated, or nothing."""
    yaw = float(head_pose(face.points)[0])
    if face.side < LEAST_PX:
        return f"the face is {face.side:.0f} pixels wide: give a larger picture, of at least {LEAST_PX:.0f}"
    if abs(yaw) > PROFILE:
        return f"the face is turned by about {abs(yaw):.0f} degrees (a profile): give one that looks into the camera"
    return ""


def remarks(face: FoundFace) -> list[str]:
    """What will show in the result."""
    yaw = abs(float(head_pose(face.points)[0]))
    said = []
    if yaw > TURNED:
        said.append(f"the face is turned by about {yaw:.0f} degrees: its far side has to be made up")
    if lids_open(face.points[None])[0] < OPEN_LIDS:
        said.append("the eyes are shut: what they look like has to be made up")
    elif face.eyes_hidden:
        said.append(
            "the eyes cannot be seen (dark glasses, or shadow): they stay as they are while the rest moves; for eyes "
            "that blink and look, give a picture without glasses"
        )
    return said


def eyes_hidden(points: NDArray[np.floating], scores: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Where, of faces [T, 70, 2] with scores [T, 70], no pupil is found though lids seem open."""
    pupils = scores[:, list(GROUPS["pupils"])].max(1)
    return np.asarray((pupils < NO_PUPIL) & (lids_open(points) >= OPEN_LIDS), np.bool_)


def lids_open(points: NDArray[np.floating]) -> Floats:
    """How far those of the wider eye are [T], in distances of the outer corners of the eyes."""
    exact = np.asarray(points, np.float64)
    wide = np.max([opening(exact, lid) for lid in LIDS], axis=0)
    return np.asarray(wide / np.maximum(eye_distance(exact), 1e-9))
