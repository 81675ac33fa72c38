"""What is scored: each held-out clip driving its own first frame, and people driven by other people. Which pairs those
are follows from the clips alone, the same in every run."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facemotion import config
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.errors import FacemotionError
from facemotion.evaluation.head_turn import Floats, angle, rotation

Protocol = Literal["same", "cross"]
LEAST_FRAMES: Final = 2  # the reference, and one to drive it
MOST_NAMED: Final = 5


class PairRow(NamedTuple):
    """A row of the table of pairs, schemas.PAIRS."""

    pair_id: str
    protocol: Protocol
    reference_clip: str
    reference_person: str
    driving_clip: str
    driving_person: str
    start_gap: float | None
    answered: bool

    @classmethod
    def of(cls, row: dict[str, Any]) -> "PairRow":
        return cls(**row)


class Start(NamedTuple):
    """How a clip begins: the points [70, 2] of its first frame, NaN where no face was found."""

    clip_id: str
    person_id: str
    points: NDArray[np.floating]

    @classmethod
    def of(cls, clip: PackedClip) -> "Start":
        return cls(clip.clip_id, clip.person_id, clip.points[0])


def starts(split: PackedSplit) -> list[Start]:
    """Of the clips that can be scored at all, in order of their ids."""
    return [Start.of(clip) for clip in sorted(split, key=lambda clip: clip.clip_id) if clip.frames >= LEAST_FRAMES]


def same_pairs(clips: Sequence[Start]) -> list[PairRow]:
    return [
        PairRow(clip.clip_id, "same", clip.clip_id, clip.person_id, clip.clip_id, clip.person_id, 0.0, True)
        for clip in clips
    ]


def cross_pairs(clips: Sequence[Start], count: int, salt: str) -> list[PairRow]:
    """At most `count` pairs of two people: people take turns as reference, then as driver, and of those whose turn it
    is the clips that start most alike are paired; the salt decides where they do so equally, or nobody knows."""
    turns = [rotation(one.points) if np.isfinite(one.points).all() else None for one in clips]
    people = list(zip(clips, turns, strict=True))
    waiting = [_crossed(*one, *other) for one in people for other in people if one[0].person_id != other[0].person_id]
    lots = {pair.pair_id: hashlib.sha256(f"{salt}\0{pair.pair_id}".encode()).digest() for pair in waiting}
    shown: Counter[str] = Counter()
    drove: Counter[str] = Counter()
    found: list[PairRow] = []

    def turn(pair: PairRow) -> tuple[int, int, float, bytes]:
        gap = np.inf if pair.start_gap is None else pair.start_gap
        return shown[pair.reference_person], drove[pair.driving_person], gap, lots[pair.pair_id]

    while waiting and len(found) < count:
        chosen = min(waiting, key=turn)
        waiting.remove(chosen)
        found.append(chosen)
        shown[chosen.reference_person] += 1
        drove[chosen.driving_person] += 1
    return sorted(found)


def _crossed(reference: Start, one: Floats | None, driving: Start, other: Floats | None) -> PairRow:
    return PairRow(
        f"{reference.clip_id}--{driving.clip_id}", "cross", reference.clip_id, reference.person_id,
        driving.clip_id, driving.person_id, None if one is None or other is None else float(angle(one, other)), False,
    )  # fmt: skip


def scored_frames(frames: int, stride: int) -> NDArray[np.intp]:
    """Every stride-th frame counted back from the last, but not the reference itself."""
    return np.arange(frames - 1, 0, -stride)[::-1]


def cross_frames(frames: int, settings: config.Evaluate) -> NDArray[np.intp]:
    """Of a driving clip: some of those that are scored within it."""
    return scored_frames(frames, settings.stride * settings.pairs_every)


def check_apart(judged: PackedSplit, *learnt: PackedSplit) -> None:
    """Refuse to judge by people whom the models may have seen."""
    for split in learnt:
        both = sorted(set(judged.people) & set(split.people))
        if both:
            more = f" and {len(both) - MOST_NAMED} more" if len(both) > MOST_NAMED else ""
            raise FacemotionError(
                f"{len(both)} people are in {judged.folder} and in {split.folder} ({', '.join(both[:MOST_NAMED])}"
                f"{more}), so that the evaluation would flatter: pack the clips again with `dvc repro -f pack`"
            )
