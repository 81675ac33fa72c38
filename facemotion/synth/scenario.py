"""Planning of found footage: who is filmed in which shots, where in the frame, for how long."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from facemotion.errors import FacemotionError
from facemotion.synth.background import Look
from facemotion.synth.camera import Camera
from facemotion.synth.grade import Grade
from facemotion.synth.specs import ActorSpec, ShotKind, ShotSpec, VideoSpec

Rng = np.random.Generator

MIN_VIDEO_S: Final = 2.0
MIN_SHOT_S: Final = 3.0
MAX_SHOT_S: Final = 12.0
_PAIR_SHARE: Final = 0.18

# Shots that later stages should reject, or at least not stumble over: chance per video, and seconds.
_ODD_SHOTS: Final[dict[ShotKind, tuple[float, float, float]]] = {
    "empty": (0.22, 0.6, 1.4),
    "short": (0.12, 0.4, 0.9),
    "far": (0.10, 1.6, 3.0),
    "profile": (0.10, 1.6, 3.0),
    "truncated": (0.12, 1.6, 3.0),
}
# What a video keeps for ordinary shots, whatever else it shows.
_ORDINARY_S: Final = 4.5

# Brow to chin in pixels of a frame 360 high.
_FACE_PX: Final = (90.0, 190.0)


@dataclass(frozen=True)
class People:
    """Seeds of all who appear, no two equal: a planned person is never a passer-by, a passer-by is never met twice."""

    seed: int

    def planned(self, index: int) -> int:
        return self._base() + 2 * index

    def passer_by(self, video: int, shot: int) -> int:
        return self._base() + 2 * (video * 256 + shot) + 1

    def _base(self) -> int:
        return int(np.random.SeedSequence([self.seed, 7]).generate_state(1)[0]) >> 4


def plan_footage(
    *,
    people: int = 52,
    videos_per_person: int = 1,
    minutes: float = 10.0,
    width: int = 640,
    height: int = 360,
    fps: Fraction | int = 25,
    seed: int = 1,
) -> list[VideoSpec]:
    """Every video of the footage: `videos_per_person` of each of `people` persons, `minutes` in all."""
    n_videos = people * videos_per_person
    total = round(minutes * 60 * fps)
    if total < n_videos * MIN_VIDEO_S * fps:
        raise FacemotionError(
            f"synthetic: {minutes:g} minutes are too little for {n_videos} videos of at least {MIN_VIDEO_S:g} s; "
            f"raise minutes to {n_videos * MIN_VIDEO_S / 60:.2g} or more, or have fewer people"
        )
    weights = np.random.default_rng([seed, 1]).uniform(0.7, 1.3, n_videos)
    ends = np.round(np.cumsum(weights) / weights.sum() * total).astype(int)
    lengths = np.diff(ends, prepend=0)
    return [
        _VideoPlanner(seed, index, videos_per_person, Fraction(fps), width, height).plan(int(length))
        for index, length in enumerate(lengths)
    ]


class _VideoPlanner:
    def __init__(self, seed: int, index: int, per_person: int, fps: Fraction, width: int, height: int) -> None:
        self.index, self.person = index, index // per_person
        self.take = index % per_person
        self.people = People(seed)
        self.fps, self.width, self.height = fps, width, height
        self.rng = np.random.default_rng([seed, 2, self.person, self.take])
        self.scale = min(height / 360, width / 480)

    def plan(self, n_frames: int) -> VideoSpec:
        shots: list[ShotSpec] = []
        start = 0
        for kind, length in self._cut(n_frames):
            background = self._background(shots[-1].background_seed if shots else None)
            shots.append(self._shot(kind, start, length, len(shots), background))
            start += length
        person_id = f"p{self.person:04d}"
        video_id = f"{person_id}_v{self.take}"
        return VideoSpec(video_id, person_id, self.fps, self.width, self.height, tuple(shots))

    def _cut(self, n_frames: int) -> list[tuple[ShotKind, int]]:
        """Kinds and lengths in frames of the shots, an ordinary one first."""
        left = n_frames
        odd: list[tuple[ShotKind, int]] = []
        for kind, (chance, shortest, longest) in _ODD_SHOTS.items():
            frames = round(self.rng.uniform(shortest, longest) * self.fps)
            if self.rng.random() < chance and left - frames >= _ORDINARY_S * self.fps:
                odd.append((kind, frames))
                left -= frames
        ordinary = self._split(left)
        rest = [*odd, *ordinary[1:]]
        return [ordinary[0], *(rest[i] for i in self.rng.permutation(len(rest)))]

    def _split(self, n_frames: int) -> list[tuple[ShotKind, int]]:
        """Ordinary shots of about five seconds that last `n_frames` together."""
        shortest = MIN_SHOT_S * self.fps
        usual = self.rng.uniform(3.8, 7.5) * self.fps
        fewest = int(np.ceil(n_frames / (MAX_SHOT_S * self.fps)))
        count = max(1, fewest, min(round(n_frames / usual), int(n_frames / shortest)))
        slack = n_frames - count * float(shortest)
        weights = self.rng.dirichlet(np.full(count, 3.0))
        if count == 1 or slack < 0:
            ends = np.linspace(0, n_frames, count + 1)[1:]
        else:
            ends = np.cumsum(float(shortest) + weights * slack)
        lengths = np.diff(np.round(ends).astype(int), prepend=0)
        return [("pair" if self.rng.random() < _PAIR_SHARE else "main", int(length)) for length in lengths]

    def _background(self, previous: int | None) -> int:
        """A place that differs from the one before the cut: of five, the most different."""
        seeds = [int(s) for s in self.rng.integers(2**31, size=5)]
        if previous is None:
            return seeds[0]
        before = Look.from_seed(previous)
        return max(seeds, key=lambda seed: Look.from_seed(seed).difference(before))

    def _shot(self, kind: ShotKind, start: int, n_frames: int, number: int, background: int) -> ShotSpec:
        return ShotSpec(
            kind=kind,
            start=start,
            n_frames=n_frames,
            actors=self._cast(kind, number),
            background_seed=background,
            lighting_seed=int(self.rng.integers(2**31)),
            camera=Camera.sample(self.rng),
            grade=Grade.sample(self.rng),
        )

    def _cast(self, kind: ShotKind, number: int) -> tuple[ActorSpec, ...]:
        if kind == "empty":
            return ()
        seed = self.people.planned(self.person)
        if kind == "pair":
            side = int(self.rng.choice((-1, 1)))
            face = self.rng.uniform(90, 128) * self.scale
            other = self.rng.uniform(84, 118) * self.scale
            passer = self.people.passer_by(self.index, number)
            return (
                self._actor(seed, face, 0.5 + side * self.rng.uniform(0.20, 0.24), planned=True),
                self._actor(passer, other, 0.5 - side * self.rng.uniform(0.20, 0.25), planned=False),
            )
        turn = 0.0
        place = self.rng.uniform(0.32, 0.68)
        face = float(np.clip(self.rng.lognormal(np.log(130), 0.22), *_FACE_PX)) * self.scale
        if kind == "far":
            face, place = self.rng.uniform(28, 48) * self.scale, self.rng.uniform(0.15, 0.85)
        elif kind == "profile":
            turn = self.rng.choice((-1.0, 1.0)) * self.rng.uniform(62, 80)
        elif kind == "truncated":
            place = 0.5 + self.rng.choice((-0.5, 0.5)) * (1 - self.rng.uniform(-0.2, 0.35) * face / self.width)
        return (self._actor(seed, face, place, planned=True, turn=float(turn), free=kind == "truncated"),)

    def _actor(
        self, person: int, face: float, place: float, *, planned: bool, turn: float = 0.0, free: bool = False
    ) -> ActorSpec:
        """At `place` of the frame's width, moved inside so that the whole head is seen unless `free`."""
        x = place * self.width
        if not free:
            x = float(np.clip(x, min(0.9 * face, self.width / 2), max(self.width - 0.9 * face, self.width / 2)))
        # The crown is about 1.4 face heights above the middle of the face; a close-up may cut it off a little.
        top, bottom = 1.12 * face, self.height - 0.68 * face
        y = self.rng.uniform(min(top, bottom), max(top, bottom)) if top < bottom else (top + bottom) / 2
        y = min(float(y), 0.68 * self.height)
        return ActorSpec(person, int(self.rng.integers(2**31)), (x, y), float(face), planned, turn)
