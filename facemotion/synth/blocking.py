"""Where each actor of a shot is, frame by frame: performance and camera put together, before anything is drawn."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.camera import Affine
from facemotion.synth.controls import Floats
from facemotion.synth.performance import perform
from facemotion.synth.specs import ActorSpec, ShotSpec, VideoSpec

# How much of a performance's own yaw is left when the head is turned away by the shot.
_YAW_LEFT = 0.3


@dataclass(frozen=True)
class Track:
    """One actor through a shot: expression [T, E], pose [T, 6], anchor [T, 2] in filmed pixels, face_px [T]."""

    expression: Floats
    pose: Floats
    anchor: NDArray[np.float64]
    face_px: NDArray[np.float64]


@dataclass(frozen=True)
class Blocking:
    """A shot's camera as affines [T, 2, 3] from steady to filmed pixels, and its actors' tracks."""

    times: NDArray[np.float64]
    affines: Affine
    tracks: tuple[Track, ...]


@lru_cache(maxsize=8)
def block(video: VideoSpec, shot: ShotSpec) -> Blocking:
    times = np.arange(shot.n_frames) / float(video.fps)
    affines = shot.camera.affines(times, video.width, video.height)
    return Blocking(times, affines, tuple(_track(video, shot, actor, affines) for actor in shot.actors))


def _track(video: VideoSpec, shot: ShotSpec, actor: ActorSpec, affines: Affine) -> Track:
    performance = perform(actor.performance_seed, shot.n_frames, video.fps)
    pose = performance.pose.copy()
    if actor.turn:
        pose[:, 0] = actor.turn + _YAW_LEFT * pose[:, 0]
    anchor = affines[:, :, :2] @ np.asarray(actor.anchor) + affines[:, :, 2]
    return Track(performance.expression, pose, anchor, actor.face_px * affines[:, 0, 0])
