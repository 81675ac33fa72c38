"""Following faces through one shot: searched for at a stride, associated by overlap, ends and jumps found frame by
frame."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from facemotion.faces.boxes import iou_matrix
from facemotion.faces.interfaces import Detector, Face, Image, Landmarker
from facemotion.ingest.sighting import DOUBLE_IOU, SAME_FACE_IOU, Sighting, sightings_in

AROUND: Final = 0.6  # of a box's side: how far about it a face is looked for in the next frame
LEAST: Final = 0.7  # of its side is what it may have shrunk to
# What no head does from one frame to the next, but a cut between two views of one person does: change of side, and of
# place in sides. From one search to the next it is a reason to look at the frames between.
JUMP: Final = 1.12
JUMP_SHIFT: Final = 0.3
SUSPICIOUS: Final = 1.15
SUSPICIOUS_SHIFT: Final = 0.6
CHANGES: Final = 2.5  # so many times what is usual about it the picture must change where a face jumps,
LEAST_CHANGE: Final = 5.0  # and at least by so many grey levels


@dataclass
class Track:
    """One face in one shot, sightings in order of time; `jumped`: it begins with a cut that the shots do not tell."""

    sightings: list[Sighting] = field(default_factory=list)
    jumped: bool = False

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
    whole: int = 1  # of so many searches one looks at the whole frame, the others only about the faces followed


def follow_faces(frames: Iterable[Image], first: int, search: Search) -> list[Track]:
    """Tracks of all faces in the consecutive frames of one shot, of which the first has number `first`."""
    active: list[Track] = []
    done: list[Track] = []
    recent: list[tuple[int, Image]] = []  # from the last searched frame on
    partly: list[tuple[int, Image]] = []  # searched about the faces followed only, since a whole frame was searched
    # A detector that is shown many frames at once has found all faces before those of the frame before are followed.
    whole = search.whole if search.detector.batch == 1 else 1
    for number, frame, faces in _searched(frames, first, search):
        recent.append((number, frame))
        if faces is None:
            continue
        found = _about(active, number, frame, search) if active and len(partly) + 1 < whole else None
        in_part = found is not None
        found = found if found is not None else _sightings(frame, number, faces(), search)
        active = _advance(active, done, recent, partly, found, search)
        recent = recent[-1:]
        partly = [*partly, recent[0]] if in_part else []
    if len(recent) > 1:  # a shot's last frame is always searched
        number, frame = recent[-1]
        found = _about(active, number, frame, search) if active and len(partly) + 1 < whole else None
        found = found if found is not None else _sightings(frame, number, _detect([frame], search)[0], search)
        active = _advance(active, done, recent, partly, found, search)
    return _joined(done + active)


Look = Callable[[], list[Face]]


def _searched(frames: Iterable[Image], first: int, search: Search) -> Iterator[tuple[int, Image, Look | None]]:
    """Frames with their numbers, and at every stride what tells the faces of the whole frame; the detector is shown as
    many frames at once as it likes, and so many strides are held."""
    if search.detector.batch == 1:
        for number, frame in enumerate(frames, first):
            due = (number - first) % search.stride == 0
            yield number, frame, partial(search.detector.detect, frame, weakest=search.keep_score) if due else None
        return
    held: list[tuple[int, Image]] = []

    def told() -> Iterator[tuple[int, Image, Look | None]]:
        faces = iter(_detect([frame for number, frame in held if (number - first) % search.stride == 0], search))
        for number, frame in held:
            due = (number - first) % search.stride == 0
            yield number, frame, partial(list, next(faces)) if due else None
        held.clear()

    for number, frame in enumerate(frames, first):
        held.append((number, frame))
        if (number - first) % (search.stride * search.detector.batch) == (search.detector.batch - 1) * search.stride:
            yield from told()
    if held:
        yield from told()


def _detect(images: list[Image], search: Search) -> list[list[Face]]:
    return search.detector.detect_many(images, weakest=search.keep_score) if images else []


def _sightings(frame: Image, number: int, faces: list[Face], search: Search) -> list[Sighting]:
    return sightings_in(frame, number, faces, search.landmarker, search.min_certainty)


def _joined(tracks: list[Track]) -> list[Track]:
    """Tracks in order of their beginning; one that begins where another one is goes on with it, but over a cut."""
    joined: list[Track] = []
    for track in sorted(tracks, key=lambda track: (track.sightings[0].frame, tuple(track.sightings[0].box))):
        first = track.sightings[0]
        for before in joined:
            near = [s for s in before.sightings if abs(s.frame - first.frame) <= 1]
            ends_first = before.last.frame < track.last.frame
            if (
                near
                and ends_first
                and not track.jumped
                and iou_matrix([first.box], [s.box for s in near]).max() > DOUBLE_IOU
            ):
                before.sightings = [s for s in before.sightings if s.frame < first.frame] + track.sightings
                break
        else:
            joined.append(track)
    return joined


def _advance(
    active: list[Track],
    done: list[Track],
    recent: list[tuple[int, Image]],
    partly: list[tuple[int, Image]],
    found: list[Sighting],
    search: Search,
) -> list[Track]:
    number = recent[-1][0]
    between = recent[:-1]
    pairs, new = _associate([track.expected(number) for track in active], found)
    for index, track in enumerate(active):
        if index in pairs:
            seen = found[pairs[index]]
            watched = between and track.last.frame == between[0][0] and _suspicious(track.last, seen)
            jump = _jump(track, seen, recent, search) if watched else None
            if jump is None:
                track.sightings.append(seen)
            else:
                done.append(Track(track.sightings, track.jumped))
                track.sightings, track.jumped = jump, True
        elif between and track.last.frame == between[0][0]:
            # Lost since the last search: see how far it went.
            _extend(track, between[1:], search)
    for k in new:
        if found[k].score >= search.start_score:
            born = Track([found[k]])
            # Where only others were looked at it may have been before.
            _extend(born, between[:0:-1] + partly[::-1], search)
            born.sightings.sort(key=lambda sighting: sighting.frame)
            active.append(born)
    done += [track for track in active if number - track.last.frame > search.max_gap]
    return [track for track in active if number - track.last.frame <= search.max_gap]


def _suspicious(before: Sighting, after: Sighting) -> bool:
    return _apart(before.box, after.box, SUSPICIOUS, SUSPICIOUS_SHIFT)


def _apart(one: NDArray[np.float64], other: NDArray[np.float64], ratio: float, shift: float) -> bool:
    """Whether two boxes differ by more than a ratio of their sides, or by more than a shift in sides."""
    sides = float(one[2] - one[0]), float(other[2] - other[0])
    moved = float(np.abs((one - other).reshape(2, 2).mean(axis=0)).max())
    return max(sides) > ratio * min(sides) or moved > shift * min(sides)


def _jump(track: Track, seen: Sighting, recent: list[tuple[int, Image]], search: Search) -> list[Sighting] | None:
    """Sightings of the face from the frame on with which it jumped, if it did; what was before it goes to the track."""
    before = Track([track.last])
    _extend(before, recent[1:], search, jumping=False)
    if before.last.frame == seen.frame:
        return None  # it came there step by step
    after = Track([seen])
    _extend(after, [one for one in recent[-2:0:-1] if one[0] > before.last.frame], search, jumping=False)
    after.sightings.sort(key=lambda sighting: sighting.frame)
    first = after.sightings[0]
    if not _apart(before.last.box, first.box, JUMP, JUMP_SHIFT):
        return None  # it was merely not seen for a moment
    if not _changes(recent, before.last.frame, first.frame, before.last.box):
        return None  # the points were wrong for a moment, and the box with them
    track.sightings += before.sightings[1:]
    return after.sightings


def _changes(recent: list[tuple[int, Image]], before: int, after: int, box: NDArray[np.float64]) -> bool:
    """Whether the picture where a face was changes more between two frames than it does about them."""
    left, top, right, bottom = (max(round(edge), 0) for edge in box.tolist())
    shown = [_thumbnail(frame[top:bottom, left:right]) for _, frame in recent]
    moved = [float(np.abs(b - a).mean()) for a, b in pairwise(shown)]
    inside = [value for (number, _), value in zip(recent, moved, strict=False) if before <= number < after]
    beside = [value for (number, _), value in zip(recent, moved, strict=False) if not before <= number < after]
    return max(inside) > max(LEAST_CHANGE, CHANGES * float(np.median(beside)) if beside else 0.0)


def _thumbnail(image: Image) -> NDArray[np.float32]:
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA), np.float32)


def _extend(track: Track, frames: Iterable[tuple[int, Image]], search: Search, *, jumping: bool = True) -> None:
    """Add sightings frame by frame, forwards or backwards in time, until the face is gone, or jumps if it may not."""
    for number, frame in frames:
        box = track.last.box
        found = _around(box, track.last.points, number, frame, search)
        if not found:
            return
        best = found[0]
        if not jumping and _apart(box, best.box, JUMP, JUMP_SHIFT):
            return
        track.sightings.append(best)


def _around(
    box: NDArray[np.float64], like: NDArray[np.float32], number: int, frame: Image, search: Search
) -> list[Sighting]:
    """Faces about a place, the one that overlaps it most first; none where none overlaps it. `like`: points of the face
    that is looked for, a moment away."""
    side = float(box[2] - box[0])
    left, top = (int(max(np.floor(box[k] - AROUND * side), 0)) for k in (0, 1))
    right, bottom = (int(np.ceil(box[k] + AROUND * side)) for k in (2, 3))
    window = frame[top:bottom, left:right]
    if min(window.shape[:2]) < 16:
        return []
    faces = search.detector.detect(window, weakest=search.keep_score, least=LEAST * side)
    found = sightings_in(window, number, faces, search.landmarker, search.min_certainty, (left, top), like)
    overlaps = iou_matrix([box], [s.box for s in found])[0]
    order = np.argsort(-overlaps, kind="stable")
    return [found[k] for k in order] if len(order) and overlaps[order[0]] >= SAME_FACE_IOU else []


def _about(tracks: list[Track], number: int, frame: Image, search: Search) -> list[Sighting] | None:
    """Faces about those followed; None where one of them is not found, so that all must be sought."""
    found: list[Sighting] = []
    for track in tracks:
        here = _around(track.expected(number), track.last.points, number, frame, search)
        if not here:
            return None
        found += [s for s in here if not found or iou_matrix([s.box], [f.box for f in found]).max() <= DOUBLE_IOU]
    return found


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
