"""Which frames of a clip are references, and which are scored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemotion.evaluation.references import COUNTS, chosen, offered, scored


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 400), st.integers(1, 20))
def test_no_frame_is_both_shown_and_scored(frames: int, stride: int) -> None:
    told, judged = set(offered(frames)), scored(frames, stride).tolist()
    assert told
    assert not told & set(judged)
    assert all(frames // 2 <= frame < frames for frame in judged)
    assert frames < 2 or judged[-1] == frames - 1


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(0, 2**31))
def test_fewer_references_are_the_first_of_more(frames: int, seed: int) -> None:
    poses = np.random.default_rng(seed).normal(0, 15, (frames, 3))
    most = chosen(poses, COUNTS[-1])
    assert most[0] == 0
    assert len(most) == len(set(most)) == min(frames, COUNTS[-1])
    for count in COUNTS:
        assert chosen(poses, count) == most[:count]


def test_the_farthest_poses_come_first() -> None:
    yaw = np.array([0, 1, 2, 30, 29, -20, -2.0])
    poses = np.stack([yaw, 0 * yaw, 0 * yaw], axis=1)
    assert chosen(poses, 4) == [0, 3, 5, 2]


def test_frames_without_a_pose_are_not_chosen_and_poses_not_twice() -> None:
    poses = np.zeros((9, 3))
    poses[4] = 10, 0, 0
    poses[5] = np.nan
    assert chosen(poses, 8) == [0, 4]
    poses[0] = np.nan
    assert set(chosen(poses, 3)) == {0, 1, 4}
    assert chosen(np.full((5, 3), np.nan), 4) == [0]


def test_less_than_one_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="ask for one or more"):
        chosen(np.zeros((3, 3)), 0)
