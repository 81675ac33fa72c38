"""Which frames of a clip are references, and which are scored."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from facemotion.evaluation.protocols import scored_frames
from facemotion.evaluation.references import COUNTS, chosen, offered, scored
from facemotion.landmarks.layout import N_POINTS


@settings(max_examples=50)
@given(st.integers(2, 400), st.integers(1, 20))
def test_no_frame_is_both_shown_and_scored(frames: int, stride: int) -> None:
    told, known = set(offered(frames)), scored_frames(frames, stride)
    judged = scored(frames, known).tolist()
    assert told
    assert not told & set(judged)
    assert all(frames // 2 <= frame < frames for frame in judged)
    assert judged[-1] == frames - 1
    assert np.diff([*judged, frames - 1 + stride]).tolist() == [stride] * len(judged)


@settings(max_examples=30)
@given(st.integers(1, 120), st.integers(0, 2**31))
def test_frame_0_is_shown_first_and_others_come_from_the_first_third(frames: int, seed: int) -> None:
    points = np.random.default_rng(seed).normal(128, 30, (frames, N_POINTS, 2))
    found = chosen(points)
    assert found[0] == 0
    assert set(found) <= set(offered(frames))
    assert len(found) == min(len(offered(frames)), COUNTS[-1])
    assert chosen(np.concatenate((points[: len(offered(frames))], points[len(offered(frames)) :] + 9))) == found


def test_a_clip_without_a_face_shows_its_first_frame() -> None:
    assert chosen(np.full((30, N_POINTS, 2), np.nan)) == [0]
