"""Following faces through one shot: searched for at a stride, associated by overlap, ends found frame by frame."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from facemotion.faces.boxes import Box, face_boxes, iou_matrix
from facemotion.faces.interfaces import Detector, Image, Landmarker

SAME_FACE_IOU: Final = 0.25  # overlap at which a face found later may be the one seen before
DOUBLE_IOU: Final = 0.4  # overlap at which two faces found in one frame are one
AROUND: Final = 0.6  # of a box's side: how far about it a face is looked for in the next frame


@dataclass(frozen=True)
class Sighting:
    """A face in one frame; box in pixel edges, points in pixel coordinates of the frame."""

    frame: int
    box: NDArray[np.float64]
    points: NDArray[np.float32]
    score: float  # the detector's
    certainty: float  # the landmarker's, 0 to 1
    sharpness: float


@dataclass
class Track:
    """One face in one shot, sightings in order of time."""

    sightings: list[Sighting] = field(default_factory=list)

    @property
    def last(self) -> Sighting:
        """The one added last."""
        return self.sightings[-1]

    def expected(self, frame: int) -> NDArray[np.float64]:
        """Where the face should be in a later frame: on with its last speed, but not far."""
        box = self.last.box
        if len(self.sightings) < 2:
            return box
        before = self.sightings[-2]
        speed = (box - before.box) / max(self.last.frame - before.frame, 1)
        side = float(box[2] - box[0])
        return box + np.clip(speed * (frame - self.last.frame), -side / 4, side / 4)


@dataclass(frozen=True)
class Search:
    """How faces are sought: `stride` frames apart, tracks survive gaps of `max_gap` frames; scores of the detector."""

    detector: Detector
    landmarker: Landmarker
    stride: int
    max_gap: int
    start_score: float
    keep_score: float
    min_certainty: float


def follow_faces(frames: Iterable[Image], first: int, search: Search) -> list[Track]:
    """Tracks of all faces in the consecutive frames of one shot, of which the first has number `first`."""
    active: list[Track] = []
    done: list[Track] = []
    recent: list[tuple[int, Image]] = []  # from the last searched frame on
    number = first
    for number, frame in enumerate(frames, first):
        recent.append((number, frame))
        if (number - first) % search.stride == 0:
            active = _advance(active, done, recent, search)
            recent = recent[-1:]
    if len(recent) > 1:  # a shot's last frame is always searched
        active = _advance(active, done, recent, search)
    return _joined(done + active)


def _joined(tracks: list[Track]) -> list[Track]:
    """Tracks in order of their beginning; one that begins where another one is goes on with it."""
    joined: list[Track] = []
    for track in sorted(tracks, key=lambda track: (track.sightings[0].frame, tuple(track.sightings[0].box))):
        first = track.sightings[0]
        for before in joined:
            near = [s for s in before.sightings if abs(s.frame - first.frame) <= 1]
            ends_first = before.last.frame < track.last.frame
            if near and ends_first and iou_matrix([first.box], [s.box for s in near]).max() > DOUBLE_IOU:
                before.sightings = [s for s in before.sightings if s.frame < first.frame] + track.sightings
                break
        else:
            joined.append(track)
    return joined


def _advance(active: list[Track], done: list[Track], recent: list[tuple[int, Image]], search: Search) -> list[Track]:
    number, frame = recent[-1]
    between = recent[:-1]
    found = sightings_in(frame, number, search)
    pairs, new = _associate([track.expected(number) for track in active], found)
    for index, track in enumerate(active):
        if index in pairs:
            track.sightings.append(found[pairs[index]])
        elif between and track.last.frame == between[0][0]:
            # Lost since the last search: see how far it went.
            _extend(track, between[1:], search)
    for k in new:
        if found[k].score >= search.start_score:
            born = Track([found[k]])
            _extend(born, between[:0:-1], search)
            born.sightings.sort(key=lambda sighting: sighting.frame)
            active.append(born)
    done += [track for track in active if number - track.last.frame > search.max_gap]
    return [track for track in active if number - track.last.frame <= search.max_gap]


def _extend(track: Track, frames: Iterable[tuple[int, Image]], search: Search) -> None:
    """Add sightings frame by frame, forwards or backwards in time, until the face is gone."""
    for number, frame in frames:
        box = track.last.box
        reach = AROUND * float(box[2] - box[0])
        left, top = (int(max(np.floor(box[k] - reach), 0)) for k in (0, 1))
        right, bottom = (int(np.ceil(box[k] + reach)) for k in (2, 3))
        window = frame[top:bottom, left:right]
        if min(window.shape[:2]) < 16:
            return
        found = sightings_in(window, number, search, (left, top))
        overlaps = iou_matrix([box], [s.box for s in found])[0]
        if not found or overlaps.max() < SAME_FACE_IOU:
            return
        track.sightings.append(found[int(np.argmax(overlaps))])


def sightings_in(image: Image, number: int, search: Search, offset: tuple[int, int] = (0, 0)) -> list[Sighting]:
    """Faces in an image that lies at `offset` in its frame. Their boxes are drawn about their points: a detector's own
    box jumps between its pyramid's steps."""
    sightings: list[Sighting] = []
    for face in search.detector.detect(image, weakest=search.keep_score):
        points, scores = search.landmarker.points(image, face.box)
        box, certainty = face_boxes(points), float(scores[:68].mean())
        if certainty < search.min_certainty or iou_matrix([box], [face.box])[0, 0] < SAME_FACE_IOU:
            continue
        box = box + np.array([*offset, *offset])
        if sightings and iou_matrix([box], [s.box for s in sightings]).max() > DOUBLE_IOU:
            continue
        moved = points + np.array(offset, np.float32)
        sharp = sharpness(image, tuple(box - np.array([*offset, *offset])))
        sightings.append(Sighting(number, box, moved, face.score, certainty, sharp))
    return sightings


def _associate(expected: list[NDArray[np.float64]], found: list[Sighting]) -> tuple[dict[int, int], list[int]]:
    """Track index -> sighting index, and the sightings that belong to no track."""
    if not expected or not found:
        return {}, list(range(len(found)))
    overlaps = iou_matrix(np.array(expected), np.array([sighting.box for sighting in found]))
    tracks, sightings = linear_sum_assignment(-overlaps)
    pairs = {int(t): int(s) for t, s in zip(tracks, sightings, strict=True) if overlaps[t, s] >= SAME_FACE_IOU}
    # What overlaps a followed face without being it is a second look at the same face.
    taken = [found[s].box for s in pairs.values()]
    new = [
        k for k in range(len(found))
        if k not in pairs.values() and (not taken or iou_matrix([found[k].box], taken).max() <= DOUBLE_IOU)
    ]  # fmt: skip
    return pairs, new


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
