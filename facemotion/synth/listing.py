"""The list that strangers publish of the footage: one row per shot of the planned person, with a loose box."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from facemotion.synth.blocking import Track, block
from facemotion.synth.specs import ShotSpec, VideoSpec

# A head about the middle of its face, in brow-to-chin heights, hair included: (left, top, right, bottom).
_HEAD: Final = (-0.73, -1.20, 0.73, 0.63)

# What list makers leave away at either end of a shot.
_TRIM_S: Final = (0.04, 0.20)


@dataclass(frozen=True)
class ListRow:
    """Seconds of the video; pixels of its frames."""

    video_id: str
    person_id: str
    start_s: float
    end_s: float
    left: int
    top: int
    right: int
    bottom: int


def listing(video: VideoSpec) -> list[ListRow]:
    rows = []
    for number, shot in enumerate(video.shots):
        if shot.actors and shot.actors[0].planned:
            rng = np.random.default_rng([shot.background_seed, 3, number])
            trims = np.minimum(rng.uniform(*_TRIM_S, 2), 0.2 * shot.n_frames / float(video.fps))
            start = shot.start / float(video.fps) + float(trims[0])
            end = shot.end / float(video.fps) - float(trims[1])
            box = head_box(video, shot, 0)
            rows.append(ListRow(video.video_id, video.person_id, round(start, 3), round(end, 3), *box))
    return rows


def head_box(video: VideoSpec, shot: ShotSpec, actor: int) -> tuple[int, int, int, int]:
    """Box in pixels around the actor's head throughout the shot, from its track alone, clipped to the frame."""
    boxes = _head_boxes(video, block(video, shot).tracks[actor])
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    return (
        max(0, math.floor(left)),
        max(0, math.floor(top)),
        min(video.width, math.ceil(right)),
        min(video.height, math.ceil(bottom)),
    )


def _head_boxes(video: VideoSpec, track: Track) -> np.ndarray:
    """[T, 4] pixels. Distances in face heights from a lens of 24 degrees, as the view has."""
    distance = video.height / track.face_px / (2 * math.tan(math.radians(12)))
    face = track.face_px * distance / (distance + track.pose[:, 5])
    centre = track.anchor + track.pose[:, 3:5] * face[:, None]
    # A turned head swings its face to the side it looks to; the skull stays behind.
    sway = np.sin(np.radians(track.pose[:, :2])) * (0.30, 0.25) * face[:, None]
    near = np.minimum(centre, centre + sway) + np.outer(face, _HEAD[:2])
    far = np.maximum(centre, centre + sway) + np.outer(face, _HEAD[2:])
    return np.concatenate((near, far), axis=1)
