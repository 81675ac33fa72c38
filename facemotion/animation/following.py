"""One person's face through a driving video, in one pass that keeps no pictures: landmarks go from frame to frame, a
detector looks now and then, and after a loss the person is told from others by their face."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion import config
from facemotion.animation.ahead import ahead
from facemotion.animation.faces import FoundFace, chosen, detections, find_faces
from facemotion.animation.performance import Performance
from facemotion.errors import FacemotionError
from facemotion.faces.boxes import face_boxes, iou_matrix
from facemotion.faces.interfaces import Embedding, Image, Landmarker
from facemotion.faces.registry import embedder, landmarker
from facemotion.landmarks.layout import N_IBUG, N_POINTS
from facemotion.video import Reader

LOOK_S: Final = 1.0  # seconds between looks of the detector at a face that is followed
SEEK_S: Final = 0.12  # and between those for one that is lost
AROUND: Final = 0.8  # of its side, in which a followed face is looked for
FIRST_S: Final = 10.0  # within which the face to follow has to appear
LOST: Final = 0.3  # mean score of points below which no face is believed
SAME: Final = 0.35
JUMP: Final = 0.6  # overlap of a face's boxes in two frames below which it may be another's
# Pictures this small tell a cut, by how far they are apart on average, in grey levels.
THUMB: Final = (32, 32)
CUT: Final = 14.0
AHEAD: Final = 4  # frames decoded before they are looked at
EMBEDDER: Final = "dlib_resnet"
SAME_PERSON: Final = 0.6  # distance of embeddings, as its makers say; only faces of one video are compared


class Follower:
    """`which` of the faces is followed: as `chosen` has it, of the first frame that shows any."""

    def __init__(self, which: str, settings: config.Landmarks, fps: float, where: str) -> None:
        self._which, self._settings, self._where = which, settings, where
        self._landmarker: Landmarker = landmarker(settings.landmarker, settings.averaged)
        self._look, self._seek = max(round(LOOK_S * fps), 1), max(round(SEEK_S * fps), 1)
        self._before: NDArray[np.float32] | None = None
        self._person: Embedding | None = None
        self._looked = 0
        self._thumb: NDArray[np.int16] | None = None

    def next(self, number: int, frame: Image) -> FoundFace | None:
        # After a cut another person may be where the one was: then it is asked who everybody is.
        cut = self._is_cut(frame)
        face = self._followed(number, frame) if self._before is not None and not cut else None
        if face is None and (self._before is not None or cut or number % self._seek == 0):
            face = self._sought(number, frame)
        self._before = face.points if face is not None else None
        return face

    def _is_cut(self, frame: Image) -> bool:
        before, self._thumb = self._thumb, cv2.resize(frame, THUMB, interpolation=cv2.INTER_AREA).astype(np.int16)
        return before is not None and float(np.abs(self._thumb - before).mean()) > CUT

    def _followed(self, number: int, frame: Image) -> FoundFace | None:
        assert self._before is not None
        face = FoundFace(*self._landmarker.follow(frame, self._before))
        certain = float(face.scores[:N_IBUG].mean())
        if certain < LOST or iou_matrix([face.box], [face_boxes(self._before)])[0, 0] < JUMP:
            return None
        if certain < self._settings.doubt or number - self._looked >= self._look:
            self._looked = number
            return self._confirmed(frame, face)
        return face

    def _confirmed(self, frame: Image, face: FoundFace) -> FoundFace | None:
        """Where a detector sees it too; dimmer faces are still believed while their points are sure."""
        reach = AROUND * face.side
        left, top = (max(int(face.box[k] - reach), 0) for k in (0, 1))
        right, bottom = (int(face.box[k] + reach) + 1 for k in (2, 3))
        window = frame[top:bottom, left:right]
        if min(window.shape[:2]) < 16:
            return None
        # The face at about 110 pixels, whatever the video's size.
        scale = min(110.0 / face.side, 2.0)
        small = cv2.resize(window, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        boxes = [tuple(np.array(box) / scale + np.array([left, top, left, top])) for box in detections(small, 80.0)]
        if boxes:
            overlaps = iou_matrix([face.box], boxes)[0]
            if overlaps.max() < SAME:
                return None
            again = FoundFace(*self._landmarker.points(frame, boxes[int(overlaps.argmax())]))
            surer = float(again.scores[:N_IBUG].mean()) > float(face.scores[:N_IBUG].mean()) + 0.05
            return again if surer else face
        return face if float(face.scores[:N_IBUG].mean()) >= self._settings.doubt else None

    def _sought(self, number: int, frame: Image) -> FoundFace | None:
        faces = find_faces(frame, self._settings.averaged)
        self._looked = number
        if not faces:
            return None
        if self._person is None:
            face = chosen(faces, self._which, f"{self._where}, frame {number}")
            self._person = self._embedded(frame, face)
            return face
        apart = [float(np.linalg.norm(self._embedded(frame, face) - self._person)) for face in faces]
        nearest = int(np.argmin(apart))
        return faces[nearest] if apart[nearest] < SAME_PERSON else None

    def _embedded(self, frame: Image, face: FoundFace) -> Embedding:
        return embedder(EMBEDDER).embed(frame, face.points)


def follow(
    reader: Reader,
    settings: config.Landmarks,
    *,
    which: str = "largest",
    start: int = 0,
    end: int | None = None,
    source: str = "",
    done: Callable[[int], None] = lambda _: None,
) -> Performance:
    """Frames start..end of a video; `done` is called with how many more have been looked at."""
    info = reader.info
    last = info.frames if end is None else min(end, info.frames)
    if start >= last:
        raise FacemotionError(f"{reader.path} has {info.duration_s:.2f} seconds: nothing lies in the range asked for")
    cv2.setNumThreads(1)
    points = np.full((last - start, N_POINTS, 2), np.nan, np.float32)
    scores = np.zeros((last - start, N_POINTS), np.float32)
    follower = Follower(which, settings, float(info.fps), str(reader.path))
    for number, frame in enumerate(ahead(reader.frames(start, last), AHEAD)):
        face = follower.next(number, frame)
        if face is not None:
            points[number], scores[number] = face.points, face.scores
        elif number >= FIRST_S * info.fps and not np.isfinite(points[:number]).any():
            break
        done(1)
    performance = Performance(info.fps, info.width, info.height, points, scores, start, source)
    if not performance.seen.any():
        at = f"from second {start / float(info.fps):.1f} on" if start else "at its beginning"
        raise FacemotionError(
            f"{reader.path}: no face was found {at} (frames {start} to {start + min(number + 1, last - start)}): "
            "it must look roughly into the camera; give another video, or begin later with --start"
        )
    return performance
