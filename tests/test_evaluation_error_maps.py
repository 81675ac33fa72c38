"""Errors land on the same place of the mean face wherever, however large and however turned the face is."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemotion.evaluation.error_maps import MEAN_FACE, SIZE, ErrorMap, on_mean_face
from facemotion.evaluation.images import SCALE
from facemotion.landmarks.layout import MOUTH_CORNERS, OUTER_EYES


def face(x: float, y: float, size: float, degrees: float) -> np.ndarray:
    """Points of which only the eyes' outer corners and the mouth's are anywhere of use."""
    points = np.zeros((70, 2))
    points[list(OUTER_EYES)] = (-1, -0.5), (1, -0.5)
    points[list(MOUTH_CORNERS)] = (-0.5, 1.3), (0.5, 1.3)
    angle = np.radians(degrees)
    turn = size * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return points @ turn + (x, y)


@settings(max_examples=50)
@given(st.floats(100, 150), st.floats(100, 150), st.floats(25, 45), st.floats(-30, 30))
def test_an_error_at_a_part_is_seen_at_that_part_of_the_mean_face(x: float, y: float, size: float, roll: float) -> None:
    points = face(x, y, size, roll)
    parts = [points[OUTER_EYES[0]], points[OUTER_EYES[1]], points[list(MOUTH_CORNERS)].mean(axis=0)]
    for here, there in zip(parts, MEAN_FACE, strict=True):
        error = np.zeros((SCALE, SCALE), np.float32)
        cv2.circle(error, tuple(np.rint(here).astype(int).tolist()), 4, 1.0, -1)
        found = on_mean_face(error, points)
        assert found is not None
        assert found.shape == (SIZE, SIZE)
        rows, columns = np.mgrid[:SIZE, :SIZE]
        centre = (columns * found).sum() / found.sum(), (rows * found).sum() / found.sum()
        assert np.hypot(*np.subtract(centre, there)) < 1.0


def test_an_even_error_stays_even_and_frames_are_averaged() -> None:
    points, black = face(128, 128, 40, 10), np.zeros((SCALE, SCALE, 3), np.float32)
    error = ErrorMap()
    assert error.mean() is None
    for grey in (0.1, 0.3):
        error.add(np.full_like(black, grey), black, points)
    found = error.mean()
    assert found is not None
    assert found == pytest.approx(0.2, abs=1e-6)


def test_a_face_seen_from_the_side_of_nothing_adds_nothing() -> None:
    flat = face(128, 128, 40, 0)
    flat[:, 0] = 128
    assert on_mean_face(np.ones((SCALE, SCALE), np.float32), flat) is None
