"""A shot ready to be filmed: its people, light, background and camera. Footage and truth both come from here."""

from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.background import Background
from facemotion.synth.blocking import Blocking, block
from facemotion.synth.camera import Affine, between
from facemotion.synth.grade import develop
from facemotion.synth.person import Person
from facemotion.synth.scene import Actor, Lighting, View, render
from facemotion.synth.specs import ShotSpec, VideoSpec

Image = NDArray[np.uint8]


class Stage:
    """Frames are counted from the start of the shot."""

    def __init__(self, video: VideoSpec, shot: ShotSpec) -> None:
        self.video, self.shot = video, shot
        self.view = View(video.width, video.height)
        self.blocking: Blocking = block(video, shot)
        self._people = [Person.from_seed(actor.person_seed) for actor in shot.actors]

    @cached_property
    def lighting(self) -> Lighting:
        return Lighting.sample(np.random.default_rng([self.shot.lighting_seed]))

    @cached_property
    def background(self) -> Background:
        return Background(self.shot.background_seed, self.video.width, self.video.height)

    def actors(self, frame: int) -> list[Actor]:
        return [
            Actor(
                person=person,
                expression=track.expression[frame],
                pose=track.pose[frame],
                anchor=(float(track.anchor[frame, 0]), float(track.anchor[frame, 1])),
                face_px=float(track.face_px[frame]),
            )
            for person, track in zip(self._people, self.blocking.tracks, strict=True)
        ]

    def backdrop(self, frame: int) -> Image:
        """The background alone, as the camera sees it."""
        return self.background.film(self.blocking.affines[frame], float(self.blocking.times[frame]))

    def unsteady(self, frame: int) -> NDArray[np.bool_]:
        """Pixels whose background moves by itself."""
        return self.background.unsteady(self.blocking.affines[frame], float(self.blocking.times[frame]))

    def background_motion(self, to: int, source: int) -> Affine:
        """Where pixels of the background of frame `to` lie in frame `source`: [2, 3], pixels to pixels."""
        return between(self.blocking.affines[to], self.blocking.affines[source])

    def rendered(self, frame: int) -> Image:
        """The frame as light falls, before the camera adds its own."""
        backdrop = self.backdrop(frame)
        actors = self.actors(frame)
        if not actors:
            return backdrop
        image: Image = render(self.view, actors, self.lighting, backdrop).image
        return image

    def filmed(self, frame: int) -> Image:
        return develop(self.rendered(frame), self.shot.grade, float(self.blocking.times[frame]), frame)


@lru_cache(maxsize=4)
def stage(video: VideoSpec, shot: ShotSpec) -> Stage:
    return Stage(video, shot)
