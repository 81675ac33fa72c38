"""Who is scored driven by whom: held-out people only, everyone in turn, the most alike starts first."""

from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemotion import schemas
from facemotion.dataset.images import encode
from facemotion.dataset.packed import PackedSplit
from facemotion.dataset.packing import batch_of, write_batches
from facemotion.errors import FacemotionError
from facemotion.evaluation.protocols import Start, check_apart, cross_pairs, same_pairs, scored_frames, starts
from facemotion.landmarks.layout import N_POINTS
from facemotion.landmarks.pose import MODEL

FACE = np.zeros((N_POINTS, 2))
FACE[list(MODEL)] = [place[:2] for place in MODEL.values()]


def turned(degrees: float) -> np.ndarray:
    """A face turned in the picture's plane."""
    angle = np.radians(degrees)
    return FACE @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def start(clip: str, person: str, degrees: float = 0.0) -> Start:
    return Start(clip, person, turned(degrees))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 5), st.floats(-40, 40)), max_size=12), st.integers(0, 20))
def test_pairs_are_of_two_people_and_turns_are_fair(clips: list[tuple[int, float]], count: int) -> None:
    given_ = [start(f"c{k}", f"p{person}", degrees) for k, (person, degrees) in enumerate(clips)]
    pairs = cross_pairs(given_, count, "salt")
    assert pairs == cross_pairs(given_[::-1], count, "salt")
    assert len({pair.pair_id for pair in pairs}) == len(pairs)
    assert all(pair.reference_person != pair.driving_person for pair in pairs)
    possible = sum(a.person_id != b.person_id for a, b in product(given_, given_))
    assert len(pairs) == min(count, possible)
    people = {one.person_id for one in given_}
    if possible and count >= len(people):
        assert {pair.reference_person for pair in pairs} == people
    table = schemas.PAIRS.frame([pair._asdict() for pair in pairs + same_pairs(given_)])
    schemas.PAIRS.check(table, "here")


def test_the_most_alike_starts_are_paired_first() -> None:
    clips = [start("a1", "a", 0), start("a2", "a", 30), start("b1", "b", 28), start("c1", "c", -7)]
    (pair,) = cross_pairs(clips, 1, "")
    assert {pair.reference_clip, pair.driving_clip} == {"a2", "b1"}
    assert pair.start_gap == pytest.approx(2, abs=0.5)


def test_where_no_face_is_found_the_salt_decides() -> None:
    clips = [Start(name, name, np.full((N_POINTS, 2), np.nan)) for name in "abcdefgh"]
    one, other = (cross_pairs(clips, 8, salt) for salt in ("x", "y"))
    assert {pair.start_gap for pair in one} == {None}
    assert one != other


def packed(folder: Path, people: dict[str, tuple[str, int]]) -> PackedSplit:
    """Of people by clip, with how many frames it has."""
    grey = encode(np.full((16, 16, 3), 90, np.uint8), 90)
    batches = [
        batch_of(
            clip, person, np.arange(frames), Fraction(25), [grey] * frames, np.zeros((frames, N_POINTS, 2)),
            np.ones((frames, N_POINTS)),
        )
        for clip, (person, frames) in people.items()
    ]  # fmt: skip
    write_batches(batches, folder / "00000.arrow")
    return PackedSplit(folder)


def test_a_person_seen_in_training_is_refused(tmp_path: Path) -> None:
    judged = packed(tmp_path / "test", {"one": ("ann", 3), "two": ("bob", 3)})
    check_apart(judged, packed(tmp_path / "val", {"three": ("cid", 3)}), packed(tmp_path / "none", {}))
    with pytest.raises(FacemotionError, match=r"1 people are in .*test and in .*train \(bob\).*flatter"):
        check_apart(judged, packed(tmp_path / "train", {"four": ("bob", 2), "five": ("dan", 2)}))


def test_clips_without_a_frame_to_drive_are_left_out(tmp_path: Path) -> None:
    split = packed(tmp_path / "test", {"b": ("ann", 5), "a": ("bob", 1)})
    assert [one.clip_id for one in starts(split)] == ["b"]
    assert cross_pairs(starts(split), 8, "") == []


@given(st.integers(2, 300), st.integers(1, 9), st.integers(1, 4))
def test_frames_scored_across_are_among_those_scored_within(frames: int, stride: int, every: int) -> None:
    within, across = scored_frames(frames, stride), scored_frames(frames, stride * every)
    assert set(across.tolist()) <= set(within.tolist())
    assert 0 not in within
    assert within[-1] == across[-1] == frames - 1
