"""Which frames of a video, or which of many photos, become references: turned ones, awake and sharp."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from facemotion.ingest.sighting import sharpness
from facemotion.landmarks.choose import choose
from facemotion.landmarks.layout import LID_PAIRS_LEFT, LID_PAIRS_RIGHT, LIP_PAIRS, N_POINTS
from facemotion.landmarks.pose import MODEL

LIDS, LIPS = 9.0, 1.0  # millimetres that eyes and mouth of a resting face are open


def face(yaw: float = 0, pitch: float = 0, roll: float = 0, *, lids: float = LIDS, lips: float = LIPS) -> NDArray:
    """Points [70, 2] in pixels of a face turned by degrees."""
    solid = np.zeros((N_POINTS, 3))
    solid[list(MODEL)] = list(MODEL.values())
    for pairs, x in ((LID_PAIRS_LEFT, -31.0), (LID_PAIRS_RIGHT, 31.0)):
        for k, (upper, lower) in enumerate(pairs):
            solid[upper], solid[lower] = ((x + 8 * k - 4, 0.7 + half, -5) for half in (-lids / 2, lids / 2))
    for k, (upper, lower) in enumerate(LIP_PAIRS):
        solid[upper], solid[lower] = ((8 * k - 8, 75 + half, 10) for half in (-lips / 2, lips / 2))
    (a, b, c) = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    tilt = np.array([[np.cos(c), -np.sin(c)], [np.sin(c), np.cos(c)]])
    return np.asarray((solid @ (nod @ turn).T)[:, :2] @ tilt.T + 128)


def clip(*frames: NDArray) -> NDArray:
    return np.stack(frames)


def test_a_turned_clip_gives_turned_references() -> None:
    sweep = clip(*(face(yaw) for yaw in range(-40, 41, 5)))
    front, *sides = choose(sweep, 3)
    assert (front, sorted(sides)) == (8, [0, 16])  # both as far: which comes first is a matter of rounding
    assert choose(sweep, 3, first=0) == [0, 16, 8]
    nods = clip(face(), face(2), face(pitch=20), face(pitch=-20), face(3))
    assert set(choose(nods, 3, first=0)) == {0, 2, 3}


def test_a_tilted_head_shows_less_that_is_new_than_a_turned_one() -> None:
    assert choose(clip(face(), face(roll=25), face(15)), 2, first=0) == [0, 2]


def test_an_open_mouth_is_shown_where_no_head_turns() -> None:
    talking = clip(face(), face(1), face(lips=25), face(lips=12), face(0.5))
    assert choose(talking, 2, first=0) == [0, 2]


def test_a_blink_is_passed_over_for_a_neighbour() -> None:
    sweep = [face(yaw) for yaw in range(0, 41, 2)]
    assert choose(clip(*sweep), 2, first=0) == [0, 20]
    sweep[20] = face(40, lids=2)
    assert choose(clip(*sweep), 2, first=0) == [0, 19]


def test_a_blinking_start_is_not_the_frontal_frame() -> None:
    assert choose(clip(face(0, lids=2), face(3), face(30), face(-30)), 1) == [1]


def test_a_blurred_frame_is_passed_over_for_a_neighbour() -> None:
    points = clip(*(face(yaw) for yaw in range(0, 41, 2)))
    grain = np.random.default_rng(0).integers(0, 255, (256, 256, 3), np.uint8)
    images = [grain] * 20 + [cv2.GaussianBlur(grain, (0, 0), 3)]
    sharp = np.array([sharpness(image, (60, 60, 200, 200)) for image in images])
    assert choose(points, 2, first=0) == [0, 20]
    assert choose(points, 2, sharpness=sharp, first=0) == [0, 19]


def test_the_only_view_of_a_side_is_taken_even_blurred() -> None:
    points = clip(face(), face(2), face(-1), face(45))
    assert 3 in choose(points, 3, sharpness=np.array([9.0, 9.0, 9.0, 1.0]), first=0)


def test_fewer_frames_than_asked_for_and_frames_without_a_face() -> None:
    lost = np.full((N_POINTS, 2), np.nan)
    assert choose(clip(face(), lost, face(20)), 8, first=0) == [0, 2]
    assert choose(clip(lost, face(1), face(20)), 8) == [1, 2]
    assert choose(clip(lost, face(1), face(20)), 8, first=0)[0] == 0
    assert choose(clip(lost, lost), 4) == [0]
    assert choose(np.zeros((0, N_POINTS, 2)), 4) == []


def test_the_same_picture_twice_is_chosen_once_and_of_equals_the_earliest() -> None:
    assert choose(clip(face(), face(20), face(20), face(), face(20)), 8, first=0) == [0, 1]
    assert choose(clip(face(5), face(5)), 1) == [0]


def test_less_than_one_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="ask for one or more"):
        choose(clip(face()), 0)


@settings(max_examples=50)
@given(st.integers(1, 30), st.integers(0, 2**31), st.booleans())
def test_fewer_references_are_the_first_of_more_in_every_run(frames: int, seed: int, from_start: bool) -> None:
    drawn = np.random.default_rng(seed)
    points = clip(
        *(face(*angles, lids=lids) for *angles, lids in drawn.normal((0, 0, 0, LIDS), (15, 8, 5, 3), (frames, 4)))
    )
    most = choose(points, 8, first=0 if from_start else None)
    assert len(most) == len(set(most)) == min(frames, 8)
    assert not from_start or most[0] == 0
    for count in (1, 2, 4):
        assert choose(points, count, first=0 if from_start else None) == most[:count]
    # Wherever the face lies in the picture, and however large it is.
    assert choose(points * 0.37 + 11, 8, first=0 if from_start else None) == most
