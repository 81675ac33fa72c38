"""What there is to film, as plain data: videos of shots of actors. A spec holds seeds and numbers, no pixels."""

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Literal

from facemotion.errors import FacemotionError
from facemotion.synth.camera import Camera
from facemotion.synth.grade import Grade

# What a shot shows: a person as usual, with a passer-by, nobody, too short, too far, turned away, cut off by the frame.
ShotKind = Literal["main", "pair", "empty", "short", "far", "profile", "truncated"]


@dataclass(frozen=True)
class ActorSpec:
    """A person at a place: `anchor` is where the face's middle is filmed by a steady camera, `face_px` brow to chin."""

    person_seed: int
    performance_seed: int
    anchor: tuple[float, float]
    face_px: float
    planned: bool
    turn: float = 0.0  # degrees of yaw around which the head moves, beyond what the performance does


@dataclass(frozen=True)
class ShotSpec:
    """Frames start .. start + n_frames - 1 of the video, between two cuts. The planned person, if any, is actor 0."""

    kind: ShotKind
    start: int
    n_frames: int
    actors: tuple[ActorSpec, ...]
    background_seed: int
    lighting_seed: int
    camera: Camera
    grade: Grade

    @property
    def end(self) -> int:
        return self.start + self.n_frames


@dataclass(frozen=True)
class VideoSpec:
    video_id: str
    person_id: str
    fps: Fraction
    width: int
    height: int
    shots: tuple[ShotSpec, ...]

    @property
    def n_frames(self) -> int:
        return self.shots[-1].end if self.shots else 0

    @property
    def seconds(self) -> float:
        return float(self.n_frames / self.fps)

    def shot_of(self, frame: int) -> ShotSpec:
        for shot in self.shots:
            if shot.start <= frame < shot.end:
                return shot
        raise IndexError(f"{self.video_id} has frames 0 to {self.n_frames - 1}, not {frame}")

    def to_json(self) -> str:
        record = asdict(self)
        record["fps"] = str(self.fps)
        return json.dumps(record, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "VideoSpec":
        try:
            record = json.loads(text)
            shots = tuple(_shot(shot) for shot in record.pop("shots"))
            fps = Fraction(record.pop("fps"))
            return cls(fps=fps, shots=shots, **record)
        except (KeyError, TypeError, ValueError) as error:
            raise FacemotionError(f"not a video spec ({error}): render the synthetic footage again") from error


def _shot(record: dict[str, Any]) -> ShotSpec:
    actors = tuple(ActorSpec(**{**actor, "anchor": tuple(actor["anchor"])}) for actor in record.pop("actors"))
    camera = Camera(**record.pop("camera"))
    grade = record.pop("grade")
    return ShotSpec(actors=actors, camera=camera, grade=Grade(**{**grade, "white": tuple(grade["white"])}), **record)
