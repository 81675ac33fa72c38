"""Which two frames make the k-th training pair: a pure function of the seed and k, so that a resumed training, or one
in several processes, sees the same pairs."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from facemotion.dataset.spoiling import SPOILT
from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import LID_PAIRS_LEFT, LID_PAIRS_RIGHT, LIP_PAIRS, N_POINTS

log = logging.getLogger(__name__)

# Numbers from 0 to 1 and normal ones that augmentation and losses may use for each pair; the last, one a landmark.
UNIFORMS: Final = 8
NORMALS: Final = 64 + N_POINTS
# A second apart counts as much as this share of a face's size of movement: time tells where landmarks cannot.
SECOND: Final = 0.02


class ClipFacts(Protocol):
    """What sampling needs to know of a clip; a point that was not found is NaN."""

    @property
    def clip_id(self) -> str: ...
    @property
    def person_id(self) -> str: ...
    @property
    def frames(self) -> int: ...
    @property
    def fps(self) -> float: ...
    @property
    def points(self) -> NDArray[np.float32]: ...  # [frames, 70, 2], in any unit of length
    @property
    def camera(self) -> NDArray[np.float32]: ...  # [frames, 4], the background's way to the first frame


class SamplingRules(Protocol):
    @property
    def candidates(self) -> int: ...
    @property
    def max_seconds(self) -> float | None: ...
    @property
    def easy_share(self) -> float: ...
    @property
    def ramp(self) -> float: ...
    @property
    def telling(self) -> float: ...
    @property
    def references(self) -> int: ...
    @property
    def spoilt(self) -> float: ...


class Other(NamedTuple):
    """A further reference: a frame, what is done to spoil it, see `spoiling`, and whose clip it is from."""

    clip: int
    frame: int
    spoilt: int = 0


@dataclass(frozen=True)
class Pair:
    """Frames of one clip, and random numbers of this pair's own."""

    index: int
    clip: int
    reference: int
    driving: int
    uniforms: NDArray[np.float32]  # [UNIFORMS]
    normals: NDArray[np.float32]  # [NORMALS]
    others: tuple[Other, ...] = ()


class PairSampler:
    """People take turns in an order shuffled anew each round; a person's clips are chosen by their length.

    `total` is the number of pairs of the whole training: early pairs are alike in pose and close in time. The pairs of
    a `batch` have as many references each."""

    def __init__(self, clips: Sequence[ClipFacts], rules: SamplingRules, seed: int, total: int, batch: int = 1) -> None:
        usable = [index for index, clip in enumerate(clips) if clip.frames >= 2]
        if not usable:
            raise FacemotionError(
                f"none of the {len(clips)} training clips has two frames, so that there are no pairs to learn from: "
                "give longer videos, or lower tubes.min_seconds"
            )
        if len(usable) < len(clips):
            log.warning("%d of %d clips have one frame only and are left out", len(clips) - len(usable), len(clips))
        self.clips, self.rules, self.seed, self.total, self.batch = clips, rules, seed, total, batch
        people: dict[str, list[int]] = {}
        for index in sorted(usable, key=lambda i: (clips[i].person_id, clips[i].clip_id)):
            people.setdefault(clips[index].person_id, []).append(index)
        self.people = list(people.values())
        self.ends = [np.cumsum([clips[index].frames for index in own]) for own in self.people]
        self.scales = {index: face_size(clips[index].points) for index in usable}
        self._telling: dict[int, list[NDArray[np.float64]]] = {}
        self._round: tuple[int, NDArray[np.intp]] | None = None

    def pair(self, k: int) -> Pair:
        rng = self._generator(0, k)
        person = self._order(k // len(self.people))[k % len(self.people)]
        chosen = int(np.searchsorted(self.ends[person], rng.integers(self.ends[person][-1]), side="right"))
        clip = self.people[person][chosen]
        frames = self.clips[clip].frames
        driving = int(rng.integers(frames))
        if self.rules.telling and rng.random() < self.rules.telling:
            driving = self._telling_frame(clip, driving, rng)
        reference = self._reference(clip, driving, k / max(self.total, 1), rng)
        uniforms = rng.random(UNIFORMS, dtype=np.float32)
        normals = rng.standard_normal(NORMALS, dtype=np.float32)
        # Drawn last, so that they change nothing else about a pair.
        others = self._others(person, clip, (reference, driving), self.references(k) - 1, rng)
        return Pair(k, clip, reference, driving, uniforms, normals, others)

    def references(self, k: int) -> int:
        """How many the k-th pair has: the same for all pairs of a batch, whoever works through it."""
        if self.rules.references == 1:
            return 1
        return int(self._generator(2, k // self.batch).integers(1, self.rules.references + 1))

    def _others(
        self, person: int, clip: int, pair: tuple[int, int], count: int, rng: np.random.Generator
    ) -> tuple[Other, ...]:
        """Frames unlike the reference and each other; in some pairs one of them is of no use."""
        reference, driving = pair
        chosen = [reference]
        for _ in range(count):
            candidates = rng.integers(self.clips[clip].frames - 1, size=self.rules.candidates)
            chosen.append(unlike(self.clips[clip], chosen, candidates + (candidates >= driving), self.scales[clip]))
        found = [Other(clip, frame) for frame in chosen[1:]]
        if found and rng.random() < self.rules.spoilt:
            place, kind = int(rng.integers(len(found))), int(rng.integers(len(SPOILT) + 1))
            if kind < len(SPOILT):
                found[place] = found[place]._replace(spoilt=kind + 1)
            # Of two nobody can tell who is the stranger.
            elif len(found) > 1 and len(self.people) > 1:
                stranger = (person + 1 + int(rng.integers(len(self.people) - 1))) % len(self.people)
                whose = self.people[stranger][int(rng.integers(len(self.people[stranger])))]
                found[place] = Other(whose, int(rng.integers(self.clips[whose].frames)))
        return tuple(found)

    def _telling_frame(self, clip: int, driving: int, rng: np.random.Generator) -> int:
        """A frame in which lids, or lips, are open or closed unlike most of the clip: blinks are a few frames in a
        hundred. Where no landmarks tell, `driving`."""
        if clip not in self._telling:
            points = self.clips[clip].points
            parts = (LID_PAIRS_LEFT + LID_PAIRS_RIGHT, LIP_PAIRS)
            self._telling[clip] = [np.cumsum(_unusual(points, pairs)) for pairs in parts]
        ends = self._telling[clip][int(rng.integers(2))]
        at = rng.random() * ends[-1]
        return int(np.searchsorted(ends, at, side="right")) if ends[-1] > 0 else driving

    def _reference(self, clip: int, driving: int, progress: float, rng: np.random.Generator) -> int:
        facts, rules = self.clips[clip], self.rules
        reach = facts.frames if rules.max_seconds is None else max(1, round(rules.max_seconds * facts.fps))
        first, end = max(0, driving - reach), min(facts.frames, driving + reach + 1)
        others = rng.integers(first, end - 1, size=rules.candidates)
        others = others + (others >= driving)
        order = np.argsort(gaps(facts, driving, others, self.scales[clip]), kind="stable")
        ramped = 1.0 if rules.ramp == 0 else min(progress / rules.ramp, 1.0)
        share = rules.easy_share + (1 - rules.easy_share) * ramped
        rank = min(int(rng.random() * max(share * len(order), 1)), len(order) - 1)
        return int(others[order[rank]])

    def _order(self, turn: int) -> NDArray[np.intp]:
        if self._round is None or self._round[0] != turn:
            self._round = turn, self._generator(1, turn).permutation(len(self.people))
        return self._round[1]

    def _generator(self, purpose: int, position: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, purpose, position])


def gaps(clip: ClipFacts, frame: int, others: NDArray[np.intp], scale: float) -> NDArray[np.float64]:
    """How far the other frames are from one in pose, expression and time, in face sizes."""
    moved = np.abs(clip.points[others] - clip.points[frame]).mean(axis=(1, 2), dtype=np.float64)
    apart = SECOND * np.abs(others - frame) / clip.fps
    return np.asarray(np.where(np.isfinite(moved), moved / scale, 0.0) + apart, np.float64)


def unlike(clip: ClipFacts, chosen: Sequence[int], candidates: NDArray[np.intp], scale: float | None = None) -> int:
    """Of the candidates the frame that is least like the chosen ones."""
    scale = face_size(clip.points) if scale is None else scale
    least = np.min([gaps(clip, frame, candidates, scale) for frame in chosen], axis=0)
    return int(candidates[int(np.argmax(least))])


def _unusual(points: NDArray[np.float32], pairs: tuple[tuple[int, int], ...]) -> NDArray[np.float64]:
    """By how much the opening between facing points differs from the clip's usual one; 0 where nothing was found."""
    upper, lower = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    openings = np.linalg.norm(points[:, lower] - points[:, upper], axis=-1).mean(axis=1, dtype=np.float64)
    if not np.isfinite(openings).any():
        return np.zeros(len(points))
    return np.asarray(np.nan_to_num(np.abs(openings - np.nanmedian(openings))), np.float64)


def face_size(points: NDArray[np.float32]) -> float:
    """Median diagonal of the points' box; 1 where no frame has a face."""
    whole = points[np.isfinite(points).all(axis=(1, 2))]
    if not len(whole):
        return 1.0
    diagonals = np.linalg.norm(whole.max(axis=1) - whole.min(axis=1), axis=-1)
    return max(float(np.median(diagonals)), 1e-6)
