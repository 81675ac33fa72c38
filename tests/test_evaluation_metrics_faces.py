"""What is measured of rendered faces: nothing where nothing changed, and each change by the metric that is for it."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rendered_faces import EYES_SHUT, MOUTH_OPEN, Shown, shown

from facemotion import video
from facemotion.errors import FacemotionError
from facemotion.evaluation import expression
from facemotion.evaluation.faces import Driver, FaceMeter, Seen, scores
from facemotion.evaluation.head_turn import pose_gap, rotation
from facemotion.evaluation.identity import IdentityMeter, aed, csim
from facemotion.evaluation.identity import scores as identity_scores
from facemotion.evaluation.images import Frame
from facemotion.evaluation.realism import RealismMeter
from facemotion.faces.registry import embedder
from facemotion.landmarks.layout import N_POINTS, RIGID
from facemotion.landmarks.pose import MODEL

ERRORS = {"pose_error", "lid_error", "lip_opening_error", "lip_width_error", "gaze_error"}


@cache
def meter() -> FaceMeter:
    return FaceMeter(2)


def driver_of(face: Shown) -> Driver:
    found = meter().driver(face.frame, face.points)
    assert found is not None
    return found


def errors(generated: Shown, driving: Shown) -> dict[str, float]:
    """By what is found in both."""
    driver = driver_of(driving)
    return expression.scores(meter().look(generated.frame, driver).points, driver.points)


def test_a_face_against_itself_misses_nothing() -> None:
    face = shown()
    assert errors(face, face) == dict.fromkeys(ERRORS, 0.0)
    by_truth = expression.scores(face.points, face.points, "_truth")
    assert by_truth == pytest.approx({f"{name}_truth": 0.0 for name in ERRORS}, abs=1e-4)


@pytest.mark.parametrize(
    ("doing", "moved", "least"),
    [
        (EYES_SHUT, "lid_error", 0.02),
        (MOUTH_OPEN, "lip_opening_error", 0.05),
        ({"smile": 1.0}, "lip_width_error", 0.05),
        ({"gaze_x": 0.7}, "gaze_error", 0.03),
        ({"gaze_y": 0.7}, "gaze_error", 0.03),
        ({"yaw": 10.0}, "pose_error", 5.0),
        ({"roll": -10.0}, "pose_error", 8.0),
    ],
)
def test_what_is_done_otherwise_is_told_by_its_own_metric(doing: dict[str, float], moved: str, least: float) -> None:
    """By the true points, nothing else moves much; found ones are rougher, but move."""
    still, other = shown(), shown(**doing)
    small = {"pose_error": 1.5, "lid_error": 0.02, "lip_opening_error": 0.01, "lip_width_error": 0.02}
    true = expression.scores(other.points, still.points)
    assert true[moved] > least
    for name, most in small.items():
        if name != moved and doing != MOUTH_OPEN:  # an open mouth is narrower, too
            assert true[name] < most
    assert errors(other, still)[moved] > least
    # A generated face that stayed still while the driver moved misses as much.
    assert errors(still, other)[moved] > least


def test_a_half_turn_is_half_an_error_and_so_is_a_half_open_mouth() -> None:
    for name, doing, most in (("pose_error", "yaw", 16.0), ("lip_opening_error", "jaw_open", 0.8)):
        whole = shown(**{doing: most})
        half, none = (errors(shown(**{doing: share * most}), whole)[name] for share in (0.5, 0.0))
        assert 0 < half < 0.8 * none


@settings(max_examples=20)
@given(yaw=st.floats(-25, 25), pitch=st.floats(-12, 12), roll=st.floats(-15, 15))
def test_the_turn_of_a_rendered_head_is_found_to_a_few_degrees(yaw: float, pitch: float, roll: float) -> None:
    """Of the true points; about the vertical first, then down, then aside, as poses are counted."""
    yaw, pitch, roll = round(yaw), round(pitch), round(roll)
    x, y, z = np.radians([pitch, yaw, roll])
    forward = np.array([np.sin(y) * np.cos(x), np.sin(x), np.cos(y) * np.cos(x)])
    right = np.array([np.cos(y), 0, -np.sin(y)])
    turn = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    wanted = turn @ np.column_stack([right, np.cross(forward, right), forward])
    angle = np.degrees(np.arccos(np.clip((np.trace(wanted) - 1) / 2, -1, 1)))
    found = pose_gap(shown(yaw=yaw, pitch=pitch, roll=roll).points, shown().points)
    assert found == pytest.approx(angle, abs=1.0 + 0.08 * angle)


def test_speech_and_blinks_do_not_turn_the_head() -> None:
    for doing in (MOUTH_OPEN, EYES_SHUT, {"smile": 1.0}, {"brow_outer_up": 1.0}):
        assert pose_gap(shown(**doing).points, shown().points) < 1.5


@given(angle=st.floats(-170, 170), scale=st.floats(0.1, 10), shift=st.floats(-300, 300))
def test_poses_do_not_depend_on_place_and_size(angle: float, scale: float, shift: float) -> None:
    points = shown(yaw=12).points.astype(np.float64)
    assert pose_gap(points * scale + shift, points) == pytest.approx(0, abs=1e-4)
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turned = points @ np.array([[cosine, sine], [-sine, cosine]])
    assert pose_gap(turned, points) == pytest.approx(abs(angle), abs=1e-4)
    found = rotation(turned)
    assert np.allclose(found @ found.T, np.eye(3), atol=1e-9)


def test_openings_by_hand() -> None:
    points = np.zeros((N_POINTS, 2))
    for index in RIGID:
        points[index] = np.array(MODEL.get(index, (0, 0, 0)))[:2]
    points[36], points[39], points[42], points[45] = (0, 0), (30, 0), (70, 0), (100, 0)
    points[[37, 38]], points[[41, 40]] = [(10, -6), (20, -6)], [(10, 6), (20, 6)]
    points[[43, 44]], points[[47, 46]] = [(80, -4), (90, -4)], [(80, 4), (90, 4)]
    points[68], points[69] = (18, 0), (85, 2)
    points[48], points[54] = (30, 80), (80, 80)
    points[[61, 62, 63]], points[[67, 66, 65]] = [(40, 75), (50, 75), (60, 75)], [(40, 85), (50, 85), (60, 85)]
    assert expression.lid_openings(points).tolist() == pytest.approx([0.12, 0.08])
    assert expression.lip_opening(points) == pytest.approx(0.1)
    assert expression.lip_width(points) == pytest.approx(0.5)
    assert expression.describe(points, points) == pytest.approx(
        {"pose_gap": 0, "yaw_gap": 0, "lip_opening": 0.1, "lid_opening": 0.1}, abs=1e-5
    )
    other = points.copy()
    other[68] = (15, 0)  # 3 to the left; the other eye's stayed
    assert expression.gaze_error(other, points) == pytest.approx(0.015)
    other[69] = np.nan
    assert expression.gaze_error(other, points) == pytest.approx(0.03)
    other[[37, 38, 41, 40], 1] = 0  # shut
    assert np.isnan(expression.gaze_error(other, points))
    assert expression.scores(other, points)["lid_error"] == pytest.approx(0.06)


def test_the_measurers_own_error_stands_beside_the_error_against_truth() -> None:
    still, moved = shown(), shown(jaw_open=0.8)
    driver = driver_of(moved)
    right = expression.against_truth(driver.points, driver.points, moved.points)
    wrong = expression.against_truth(meter().look(still.frame, driver).points, driver.points, moved.points)
    assert set(right) == {f"{name}_truth{own}" for name in ERRORS for own in ("", "_bias")}
    for name in ("lip_opening_error_truth", "pose_error_truth"):
        assert right[name] == right[f"{name}_bias"] == wrong[f"{name}_bias"]
    assert wrong["lip_opening_error_truth"] > 1.5 * right["lip_opening_error_truth"]


def test_pupils_behind_shut_lids_are_not_known_and_no_gaze_is_judged() -> None:
    shut = driver_of(shown(**EYES_SHUT))
    assert np.isnan(shut.points[68:]).all()
    assert np.isfinite(shut.points[:68]).all()
    assert np.isfinite(driver_of(shown()).points).all()
    assert np.isnan(errors(shown(), shown(**EYES_SHUT))["gaze_error"])


def test_a_dropped_face_is_missed_by_both_detectors_and_its_landmarks_are_elsewhere() -> None:
    face, nobody = shown(), np.full_like(shown().frame, 0.5)
    driver, realism = driver_of(face), RealismMeter()
    there, gone = meter().look(face.frame, driver), meter().look(nobody, driver)
    assert scores(there, driver, face.points)["mkr"] == 0
    assert scores(gone, driver, face.points)["mkr"] == 1
    assert scores(Seen(there.points, False), driver, None)["mkr"] == 1
    assert scores(there, driver, face.points)["akd_dlib"] == 0
    assert scores(gone, driver, face.points)["akd_truth"] > 2 * scores(there, driver, face.points)["akd_truth"]
    assert realism.convinced(face.frame)
    assert realism.scores(face.frame, True) == {"cnn_rate": 1.0}
    assert realism.scores(nobody, True) == {"cnn_rate": 0.0}
    assert realism.scores(nobody, False) == {}  # nothing was asked for


def embedding(frame: Frame, face: Shown) -> np.ndarray:
    return IdentityMeter().embedding(frame, meter().look(frame, driver_of(face)).points)


def test_identity_tells_another_person_from_another_pose_and_from_blur() -> None:
    face = shown(3)
    own = embedding(face.frame, face)
    assert identity_scores(own, own) == pytest.approx({"aed_dlib": 0, "csim_dlib": 1})
    assert np.linalg.norm(own) == pytest.approx(1)
    turned, blurred = shown(3, yaw=10, jaw_open=0.3), cv2.GaussianBlur(face.frame, (0, 0), 2.0)
    same = [embedding(turned.frame, turned), embedding(np.asarray(blurred, np.float32), face)]
    others = [embedding(shown(person).frame, shown(person)) for person in (5, 6, 7)]
    assert max(aed(own, one) for one in same) < min(aed(own, other) for other in others)
    assert min(csim(own, one) for one in same) > max(csim(own, other) for other in others)
    assert aed(own, same[1]) > 0  # blur costs something


@given(seed=st.integers(0, 1000))
def test_both_distances_of_embeddings_say_the_same(seed: int) -> None:
    one, other = np.random.default_rng(seed).normal(size=(2, 128))
    one, other = one / np.linalg.norm(one), other / np.linalg.norm(other)
    assert aed(one, other) == pytest.approx(2 - 2 * csim(one, other))
    assert aed(one, -one) == pytest.approx(4)


def test_real_people_are_told_apart(real_faces: Path) -> None:
    def of(name: str, frame: int) -> np.ndarray:
        picture = next(video.frames(real_faces / "clips" / name, frame)).astype(np.float32) / 255
        driver = meter().driver(picture, np.full((N_POINTS, 2), np.nan))
        assert driver is not None
        return IdentityMeter().embedding(picture, driver.points)

    one, later, other = of("d9.mp4", 10), of("d9.mp4", 60), of("d11.mp4", 10)
    assert 2 * aed(one, later) < aed(one, other)


def test_an_unknown_embedder_says_which_there_are() -> None:
    with pytest.raises(FacemotionError, match="dlib_resnet"):
        embedder("openface")
