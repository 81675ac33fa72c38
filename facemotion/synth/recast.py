"""A shot cast anew: one person performs, in their own place and light, what another performed before a camera.

Only the performer changes. Where the face is in the picture, how large and how turned, is what the driver's frames
show, their camera's doing included; the place behind stands as still as in a photo, for no driver tells how another
camera moved. So the pictures are the right answer to that driver in the driver's own framing, frame by frame."""

from dataclasses import dataclass, replace

import numpy as np

from facemotion.synth.blocking import Blocking, block
from facemotion.synth.records import Truth, frame_rows
from facemotion.synth.specs import ActorSpec, ShotSpec, VideoSpec
from facemotion.synth.staging import Stage
from facemotion.synth.truth_table import COLUMNS, Rows


@dataclass(frozen=True)
class Take:
    """An actor, by index, from a frame of a video on; frames are counted from the video's first."""

    video: VideoSpec
    frame: int
    actor: int

    @property
    def shot(self) -> ShotSpec:
        return self.video.shot_of(self.frame)

    @property
    def role(self) -> ActorSpec:
        return self.shot.actors[self.actor]


class Recast(Stage):
    """The driver's shot, frames counted as there, with the person, place, light and film of the reference's take."""

    def __init__(self, reference: Take, driving: Take) -> None:
        shot = replace(
            driving.shot,
            kind="main",
            actors=(replace(driving.role, person_seed=reference.role.person_seed),),
            background_seed=reference.shot.background_seed,
            lighting_seed=reference.shot.lighting_seed,
            camera=reference.shot.camera,
            grade=reference.shot.grade,
        )
        super().__init__(driving.video, shot)
        place, at = block(reference.video, reference.shot), reference.frame - reference.shot.start
        self.blocking = Blocking(
            np.full(shot.n_frames, place.times[at]),
            np.repeat(place.affines[at : at + 1], shot.n_frames, axis=0),
            (block(driving.video, driving.shot).tracks[driving.actor],),
        )


class RecastTruth(Truth):
    """The truth of a recast, with rows of some of its frames, which are counted as in the driver's video."""

    def __init__(self, recast: Recast, frames: list[int]) -> None:
        spec = VideoSpec(
            recast.video.video_id, recast.video.person_id, recast.video.fps, recast.video.width, recast.video.height,
            (recast.shot,),
        )  # fmt: skip
        super().__init__(spec, _rows(recast, frames))
        self._recast = recast

    def staged(self, frame: int) -> tuple[ShotSpec, Stage]:
        return self.spec.shot_of(frame), self._recast


def _rows(recast: Recast, frames: list[int]) -> Rows:
    rows = [row for frame in frames for row in frame_rows(recast, frame - recast.shot.start)]
    return Rows(
        {
            name: np.asarray([row[name] for row in rows], kind).reshape(-1, *shape)
            for name, (kind, shape) in COLUMNS.items()
        }
    )
