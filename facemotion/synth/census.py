"""Figures of planned footage, from specs and performances alone: how varied it is, before anything is rendered."""

from collections.abc import Sequence

import numpy as np

from facemotion.synth.blocking import block
from facemotion.synth.controls import INDEX
from facemotion.synth.specs import VideoSpec

# A lid that falls below and rises above this has blinked.
_SHUT = 0.8


def statistics(videos: Sequence[VideoSpec]) -> dict[str, float]:
    """minutes, people, videos, shots; yaw_std in degrees, yaw_within_30, blinks_per_minute and jaw_open_std of the
    planned people; shares of frames with two faces and with none."""
    yaw, jaw = [], []
    blinks, faces = 0, np.zeros(3)
    for video in videos:
        for shot in video.shots:
            faces[len(shot.actors)] += shot.n_frames
            for actor, track in zip(shot.actors, block(video, shot).tracks, strict=True):
                if actor.planned:
                    yaw.append(track.pose[:, 0])
                    jaw.append(track.expression[:, INDEX["jaw_open"]])
                    blinks += count_blinks(track.expression[:, [INDEX["lid_left"], INDEX["lid_right"]]].min(axis=1))
    frames = float(faces.sum())
    angles = np.concatenate(yaw)
    minutes = sum(video.seconds for video in videos) / 60
    filmed = len(angles) / frames * minutes
    return {
        "minutes": minutes,
        "people": len({video.person_id for video in videos}),
        "videos": len(videos),
        "shots": sum(len(video.shots) for video in videos),
        "yaw_std": float(angles.std()),
        "yaw_within_30": float((np.abs(angles) <= 30).mean()),
        "blinks_per_minute": blinks / filmed,
        "jaw_open_std": float(np.concatenate(jaw).std()),
        "two_face_share": float(faces[2] / frames),
        "no_face_share": float(faces[0] / frames),
    }


def count_blinks(closing: np.ndarray) -> int:
    """How often a lid [T] that was open shuts."""
    shut = closing > _SHUT
    return int(np.count_nonzero(shut[1:] & ~shut[:-1]))
