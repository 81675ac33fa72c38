"""Pairs by position: the same for whoever asks, fair to people, easy ones first."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from facemotion.dataset.sampling import PairSampler
from facemotion.errors import FacemotionError
from facemotion.training.config import Sampling
from facemotion.training.stream import Pieces

RULES = Sampling(candidates=8, max_seconds=None, easy_share=0.1, ramp=0.5, telling=0.0, references=1, spoilt=0.0)


@dataclass
class Clip:
    clip_id: str
    person_id: str
    frames: int
    fps: float
    points: NDArray[np.float32]


def clip(name: str, person: str, frames: int, speed: float = 1.0) -> Clip:
    """A face that moves steadily to the right."""
    face = np.random.default_rng(0).uniform(0, 50, (70, 2))
    moved = face + np.arange(frames)[:, None, None] * np.array([speed, 0.0])
    return Clip(name, person, frames, 25.0, moved.astype(np.float32))


CLIPS = [clip("a", "one", 40), clip("b", "one", 80), clip("c", "two", 30), clip("d", "three", 2)]


def test_a_pair_depends_on_the_seed_and_its_position_alone() -> None:
    forwards, backwards = PairSampler(CLIPS, RULES, 7, 1000), PairSampler(CLIPS, RULES, 7, 1000)
    one = [forwards.pair(k) for k in range(100)]
    other = [backwards.pair(k) for k in reversed(range(100))][::-1]
    for a, b in zip(one, other, strict=True):
        assert (a.clip, a.reference, a.driving) == (b.clip, b.reference, b.driving)
        np.testing.assert_array_equal(a.uniforms, b.uniforms)
        np.testing.assert_array_equal(a.normals, b.normals)
    reseeded = PairSampler(CLIPS, RULES, 8, 1000)
    assert [(p.clip, p.driving) for p in one] != [(reseeded.pair(k).clip, reseeded.pair(k).driving) for k in range(100)]


def test_people_take_turns_and_their_clips_count_by_length() -> None:
    pairs = list(map(PairSampler(CLIPS, RULES, 1, 3000).pair, range(1500)))
    people = Counter(CLIPS[pair.clip].person_id for pair in pairs)
    assert set(people.values()) == {500}
    of_one = Counter(CLIPS[pair.clip].clip_id for pair in pairs if CLIPS[pair.clip].person_id == "one")
    assert of_one["b"] / of_one["a"] == pytest.approx(2, rel=0.25)
    assert all(pair.reference != pair.driving for pair in pairs)
    assert all(0 <= pair.reference < CLIPS[pair.clip].frames for pair in pairs)


def test_pairs_begin_alike_and_grow_apart() -> None:
    sampler = PairSampler([clip("a", "one", 200)], RULES, 1, 1000)
    gaps = np.array([abs(pair.reference - pair.driving) for pair in map(sampler.pair, range(1000))])
    assert np.median(gaps[:100]) < 0.4 * np.median(gaps[-500:])
    assert np.median(gaps[-500:]) > 40


def test_frames_may_be_kept_close_in_time() -> None:
    near = RULES.model_copy(update={"max_seconds": 0.4})
    sampler = PairSampler([clip("a", "one", 200)], near, 1, 100)
    assert all(1 <= abs(p.reference - p.driving) <= 10 for p in map(sampler.pair, range(200)))


def test_faces_that_were_not_found_do_not_matter() -> None:
    blind = clip("a", "one", 50)
    blind.points[10:30] = np.nan
    sampler = PairSampler([blind], RULES, 1, 100)
    assert all(p.reference != p.driving for p in map(sampler.pair, range(100)))
    nowhere = clip("b", "two", 50)
    nowhere.points[:] = np.nan
    assert PairSampler([nowhere], RULES, 1, 100).pair(3).driving < 50


def test_clips_of_one_frame_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    sampler = PairSampler([clip("a", "one", 1), clip("b", "two", 5)], RULES, 1, 100)
    assert {sampler.pair(k).clip for k in range(20)} == {1}
    assert "1 of 2 clips" in caplog.text


def test_nothing_to_pair_is_said() -> None:
    with pytest.raises(FacemotionError, match="none of the 1 training clips has two frames"):
        PairSampler([clip("a", "one", 1)], RULES, 1, 100)
    with pytest.raises(FacemotionError, match="none of the 0"):
        PairSampler([], RULES, 1, 100)


@given(st.integers(0, 50), st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.integers(1, 4))
def test_processes_and_pieces_share_a_batch_without_gap_or_overlap(
    first: int, steps: int, world: int, each: int, accumulate: int
) -> None:
    batch = world * each * accumulate
    end = first + steps
    shares = [Pieces(batch, accumulate, first, end, rank, world) for rank in range(world)]
    for step in range(steps):
        seen = [
            k for share in shares for piece in range(accumulate) for k in share[step * accumulate + piece]
        ]  # fmt: skip
        assert sorted(seen) == list(range((first + step) * batch, (first + step + 1) * batch))


def test_frames_that_tell_are_driven_more_often() -> None:
    """One blink in a long clip: with `telling` it drives far more often than its share of the frames."""
    blinking = clip("a", "one", 200)
    blinking.points[:] = blinking.points[:1]
    upper, lower = [37, 38, 43, 44], [41, 40, 47, 46]
    blinking.points[:, upper] = blinking.points[:, lower] - np.array([0.0, 8.0], np.float32)
    blinking.points[100:105, upper] = blinking.points[100:105, lower]
    blinking.points[:10] = np.nan
    shares = []
    for telling in (0.0, 0.5):
        rules = RULES.model_copy(update={"telling": telling})
        pairs = [PairSampler([blinking], rules, 1, 400).pair(k) for k in range(400)]
        assert all(pair.reference != pair.driving for pair in pairs)
        shares.append(np.mean([100 <= pair.driving < 105 for pair in pairs]))
    assert shares[0] < 0.08
    assert shares[1] > 0.2


def test_where_no_landmarks_tell_any_frame_drives() -> None:
    nowhere = clip("b", "two", 50)
    nowhere.points[:] = np.nan
    rules = RULES.model_copy(update={"telling": 1.0})
    assert len({PairSampler([nowhere], rules, 1, 100).pair(k).driving for k in range(60)}) > 20


SEVERAL = RULES.model_copy(update={"references": 4, "spoilt": 0.5})


def test_further_references_leave_the_pairs_as_they_are() -> None:
    plain, several = PairSampler(CLIPS, RULES, 7, 1000, 4), PairSampler(CLIPS, SEVERAL, 7, 1000, 4)
    for k in range(60):
        one, other = plain.pair(k), several.pair(k)
        assert (one.clip, one.reference, one.driving) == (other.clip, other.reference, other.driving)
        np.testing.assert_array_equal(one.uniforms, other.uniforms)
        np.testing.assert_array_equal(one.normals, other.normals)
        assert one.others == ()


def test_all_pairs_of_a_step_have_as_many_references_and_steps_differ() -> None:
    sampler = PairSampler(CLIPS, SEVERAL, 7, 1000, 4)
    counts = [[len(sampler.pair(k).others) for k in range(4 * step, 4 * step + 4)] for step in range(30)]
    assert all(len(set(own)) == 1 for own in counts)
    assert {own[0] for own in counts} == {0, 1, 2, 3}


def test_further_references_are_unlike_each_other_and_never_the_driving_frame() -> None:
    sampler = PairSampler([clip("a", "one", 200)], SEVERAL.model_copy(update={"spoilt": 0.0}), 1, 400)
    pairs = [pair for pair in map(sampler.pair, range(400)) if len(pair.others) == 3]
    assert all(pair.driving != other.frame for pair in pairs for other in pair.others)
    # Three frames drawn blindly from a clip of 200 span half of it.
    spans = [np.ptp([pair.reference, *(other.frame for other in pair.others)]) for pair in pairs]
    assert np.median(spans) > 150


def test_a_share_of_the_pairs_has_one_reference_that_is_of_no_use() -> None:
    sampler = PairSampler(CLIPS, SEVERAL, 7, 1000)
    pairs = [pair for pair in map(sampler.pair, range(600)) if len(pair.others) >= 2]
    spoilt = [[other for other in pair.others if other.spoilt or other.clip != pair.clip] for pair in pairs]
    assert all(len(own) <= 1 for own in spoilt)
    assert np.mean([len(own) for own in spoilt]) == pytest.approx(0.5, abs=0.08)
    kinds = Counter(own[0].spoilt for own in spoilt if own)
    assert set(kinds) == {0, 1, 2, 3}
    strangers = [(pair, own[0]) for pair, own in zip(pairs, spoilt, strict=True) if own and not own[0].spoilt]
    assert all(CLIPS[pair.clip].person_id != CLIPS[other.clip].person_id for pair, other in strangers)
