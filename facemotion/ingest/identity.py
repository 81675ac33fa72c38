"""One person in a tube: where a face was lost for a while, and every few seconds, one looks who it is; a track in which
somebody else goes on is cut there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from facemotion.faces.boxes import paired_iou
from facemotion.faces.interfaces import Embedder, Embedding
from facemotion.ingest.association import Track
from facemotion.ingest.sighting import Sighting
from facemotion.landmarks.pose import head_pose

MOST_YAW: Final = 35.0  # degrees: beyond it embeddings tell more of the turn than of the person
CONTINUOUS: Final = 0.5  # overlap of a face with itself from one search to the next; less is a join like a gap
REMEMBERED: Final = 6  # looks at a person that another one is compared with
CONFIRMED: Final = 2  # further sightings that must be of somebody else too, where there are so many


@dataclass(frozen=True)
class Watch:
    """Who looks, how many frames apart at most, and from which distance on it is another person; `stride` frames lie
    between searches."""

    embedder: Embedder
    every: int
    far: float
    stride: int
    least: int = 0  # frames; of shorter tracks nobody asks who it is


def one_person_each(tracks: Sequence[Track], watch: Watch) -> list[Track]:
    """The tracks, cut where somebody else goes on."""
    return [part for track in tracks for part in _parts(track, watch)]


def _parts(track: Track, watch: Watch) -> list[Track]:
    if track.sightings[-1].frame + 1 - track.sightings[0].frame < watch.least:
        return [track]
    sightings = [sighting for sighting in track.sightings if _believed(sighting)]
    cuts = _cuts(sightings, watch)
    if not cuts:
        return [track]
    parts, start = [], track.sightings[0].frame
    for before, after in cuts:  # whoever is seen between the two may be either
        parts.append(Track([s for s in track.sightings if start <= s.frame <= before]))
        start = after
    parts.append(Track([s for s in track.sightings if s.frame >= start]))
    return parts


def _believed(sighting: Sighting) -> bool:
    return abs(float(head_pose(sighting.points)[0])) <= MOST_YAW


def _cuts(sightings: Sequence[Sighting], watch: Watch) -> list[tuple[int, int]]:
    """The last frame of one person and the first of the next, for every change."""
    seen: dict[int, Embedding] = {}

    def look(k: int) -> Embedding:
        if k not in seen:
            seen[k] = embedding(sightings[k], watch.embedder)
        return seen[k]

    def apart(k: int, known: Sequence[Embedding]) -> float:
        return min(float(np.linalg.norm(look(k) - one)) for one in known)

    cuts: list[tuple[int, int]] = []
    known: list[Embedding] = []
    sure = 0
    for k in _anchors(sightings, watch):
        if not known or apart(k, known) <= watch.far:
            known, sure = [*known, look(k)][-REMEMBERED:], k
            continue
        further = range(k + 1, min(k + 1 + CONFIRMED, len(sightings)))
        if any(apart(other, known) <= watch.far for other in further):
            continue  # a blur, a hand, a shadow
        low, high = sure, k
        while high - low > 1:
            middle = (low + high) // 2
            nearer = apart(middle, known) <= float(np.linalg.norm(look(middle) - look(k)))
            low, high = (middle, high) if nearer else (low, middle)
        cuts.append((sightings[low].frame, sightings[high].frame))
        known, sure = [look(high), look(k)], k
    return cuts


def _anchors(sightings: Sequence[Sighting], watch: Watch) -> list[int]:
    """Which sightings are looked at: both sides of every join, and never too long none."""
    if len(sightings) < 2:
        return []
    frames = np.array([sighting.frame for sighting in sightings])
    boxes = np.array([sighting.box for sighting in sightings])
    joins = (np.diff(frames) > watch.stride) | (paired_iou(boxes[:-1], boxes[1:]) < CONTINUOUS)
    anchors = {0, len(sightings) - 1}
    for k in np.flatnonzero(joins).tolist():
        anchors |= {k, k + 1}
    last = 0
    for k in range(len(sightings)):
        if k in anchors or frames[k] - frames[last] >= watch.every:
            anchors.add(k)
            last = k
    return sorted(anchors)


def embedding(sighting: Sighting, embedder: Embedder) -> Embedding:
    image = cv2.imdecode(np.frombuffer(sighting.portrait, np.uint8), cv2.IMREAD_COLOR)
    return embedder.embed(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), sighting.portrait_points)
