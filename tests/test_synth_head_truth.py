"""Landmarks, openings and masks of the synthetic head."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from facemotion.landmarks.layout import BROWS, EYES, GROUPS, MIRROR, N_POINTS, OUTER_EYES, RIGID
from facemotion.synth import geometry
from facemotion.synth.actor import local_points, pose_actor, rotation, transforms
from facemotion.synth.anchors import anchors
from facemotion.synth.controls import EXPRESSIONS, INDEX, N_EXPRESSIONS, neutral_expression
from facemotion.synth.person import Person
from facemotion.synth.scene import Actor, View
from facemotion.synth.topology import topology

F32 = NDArray[np.float32]
VIEW = View(400, 400)


def actor(seed: int = 3, pose: tuple[float, ...] = (0, 0, 0, 0, 0, 0), **controls: float) -> Actor:
    expression = neutral_expression()
    for name, value in controls.items():
        expression[INDEX[name]] = value
    return Actor(Person.from_seed(seed), expression, np.array(pose, np.float32), (200.0, 200.0), 170.0)


def seen_points(**kwargs: object) -> F32:
    return geometry.points(VIEW, actor(**kwargs))[0]  # type: ignore[arg-type]


# What each control must move most among the points, and what it must leave alone.
MOVES = {
    "jaw_open": ((65, 66, 67, 8), (19, 24, 36, 45)),
    "jaw_side": ((8, 57), (19, 24, 27, 36, 45)),
    "corner_left": ((48,), (19, 24, 54, 36, 45)),
    "corner_right": ((54,), (19, 24, 48, 36, 45)),
    "smile": ((48, 54), (19, 24, 27)),
    "frown": ((48, 54), (19, 24, 27)),
    "pucker": ((48, 54), (19, 24, 27, 36)),
    "funnel": ((51, 57), (19, 24, 27, 36)),
    "press": ((51, 57), (19, 24, 27, 36)),
    "upper_lip": ((51, 62), (19, 24, 57, 8)),
    "lower_lip": ((57, 66), (19, 24, 51, 33)),
    "brow_inner_up": ((21, 22), (48, 54, 57, 33)),
    "brow_outer_up": ((18, 25), (48, 54, 57, 33)),
    "brow_down": ((20, 23), (48, 54, 57, 33)),
    "lid_left": ((37, 38), (43, 44, 19, 24, 48)),
    "lid_right": ((43, 44), (37, 38, 19, 24, 48)),
    "squint": ((40, 41, 46, 47), (48, 54, 57)),
    "gaze_x": ((68, 69), (19, 24, 48, 54, 8)),
    "gaze_y": ((68, 69), (19, 24, 48, 54, 8)),
}


@pytest.mark.parametrize("control", sorted(MOVES))
def test_a_control_moves_its_points_and_no_others(control: str) -> None:
    rest = seen_points()
    change = np.linalg.norm(seen_points(**{control: 1.0}) - rest, axis=1)
    moved, still = MOVES[control]
    assert change[list(moved)].min() > 1.0
    assert change[list(still)].max() < 0.25 * change[list(moved)].max()
    assert change[list(still)].max() < 1.0


def test_every_control_changes_the_face() -> None:
    body = Person.from_seed(5).body
    rest = local_points(body, neutral_expression())
    for name in EXPRESSIONS:
        expression = neutral_expression()
        expression[INDEX[name]] = 1.0
        assert np.abs(local_points(body, expression) - rest).max() > 0.2, name


@pytest.mark.parametrize("seed", range(8))
def test_lids_at_one_close_and_neutral_lips_are_shut(seed: int) -> None:
    rest, shut = geometry.openings(actor(seed)), geometry.openings(actor(seed, lid_left=1.0, lid_right=1.0))
    assert rest.lid_left > 0.05
    assert rest.lid_right > 0.05
    assert max(shut.lid_left, shut.lid_right) < 0.012
    assert rest.lips < 0.02
    assert geometry.openings(actor(seed, jaw_open=1.0)).lips > 0.15
    assert geometry.openings(actor(seed, pucker=1.0)).mouth_width < 0.85 * rest.mouth_width


def test_openings_grow_with_the_controls() -> None:
    jaw = [geometry.openings(actor(2, jaw_open=v)).lips for v in np.linspace(0, 1, 6)]
    lid = [geometry.openings(actor(2, lid_left=v)).lid_left for v in np.linspace(0, 1, 6)]
    assert (np.diff(jaw) > 0).all()
    assert (np.diff(lid) < 0).all()


def test_pose_conventions() -> None:
    rest = seen_points()
    nose, eyes = rest[30], rest[list(OUTER_EYES)].mean(0)
    right = seen_points(pose=(20, 0, 0, 0, 0, 0))
    assert right[30, 0] - right[list(OUTER_EYES)].mean(0)[0] > nose[0] - eyes[0] + 5
    assert seen_points(pose=(0, 15, 0, 0, 0, 0))[30, 1] > nose[1] + 3
    tilted = seen_points(pose=(0, 0, 15, 0, 0, 0))
    assert tilted[45, 1] > tilted[36, 1] + 5
    moved = seen_points(pose=(0, 0, 0, 0.2, -0.1, 0))
    np.testing.assert_allclose((moved - rest)[30] / 170.0, [0.2, -0.1], atol=0.02)
    away = seen_points(pose=(0, 0, 0, 0, 0, 1.0))
    assert np.ptp(away[:, 0]) < np.ptp(rest[:, 0])


def test_brow_to_chin_is_as_large_as_asked_and_centred() -> None:
    for seed in range(5):
        p = seen_points(seed=seed)
        brow = p[[19, 24], 1].mean()
        assert p[8, 1] - brow == pytest.approx(170.0, rel=0.08)
        assert 0.5 * (p[8, 1] + brow) == pytest.approx(200.0, abs=8.0)


def test_points_and_their_mirror_agree_on_an_even_face() -> None:
    index = anchors().index
    assert list(index) == list(range(17, 68))
    mean = topology().position
    where = np.einsum("nk,nkd->nd", anchors().weights, mean[anchors().corners])
    flipped = where[np.array(MIRROR)[17:68] - 17] * [-1, 1, 1]
    np.testing.assert_allclose(where, flipped, atol=0.06)


@pytest.mark.parametrize("pose", [(0, 0, 0), (25, 5, 8), (-40, -10, -12), (10, 20, 0)])
def test_points_lie_on_the_head_in_order(pose: tuple[float, float, float]) -> None:
    someone = actor(4, pose=(*pose, 0, 0, 0))
    p, visible = geometry.points(VIEW, someone)
    assert p.shape == (N_POINTS, 2)
    assert visible.shape == (N_POINTS,)
    labels = geometry.masks(VIEW, [someone])
    grown = np.zeros((VIEW.height + 6, VIEW.width + 6), bool)
    for dy in range(7):
        for dx in range(7):
            grown[dy : dy + VIEW.height, dx : dx + VIEW.width] |= (labels > 0) & (labels != geometry.Label.BODY)
    at = np.round(p).astype(int) + 3
    assert grown[at[:, 1], at[:, 0]].all()
    box = geometry.head_box(VIEW, someone)
    inner = geometry.face_box(p)
    assert box[0] <= inner[0] + 4
    assert box[2] >= inner[2] - 4
    assert box[3] >= inner[3] - 6


def test_frontal_points_are_visible_and_profiles_hide_the_far_side() -> None:
    _, visible = geometry.points(VIEW, actor(2))
    assert visible.all()
    _, visible = geometry.points(VIEW, actor(2, pose=(75, 0, 0, 0, 0, 0)))
    assert not visible[list(GROUPS["eye_right"])].all()
    assert visible[list(GROUPS["eye_left"])].mean() > visible[list(GROUPS["eye_right"])].mean()


def test_closed_lids_hide_the_pupils() -> None:
    assert geometry.points(VIEW, actor(2))[1][68:].all()
    _, visible = geometry.points(VIEW, actor(2, lid_left=1.0))
    assert not visible[68]
    assert visible[69]


def test_jaw_follows_the_contour() -> None:
    rest = seen_points()[:17]
    assert (np.diff(rest[:9, 1]) > 0).all()
    assert (np.diff(rest[:, 0]) > 0).all()
    turned = seen_points(pose=(30, 0, 0, 0, 0, 0))
    labels = geometry.masks(VIEW, [actor(3, pose=(30, 0, 0, 0, 0, 0))])
    for k in (13, 14):  # the far cheek's edge: face inside, none outside
        x, y = turned[k]
        assert labels[round(y), round(x - 4)] == geometry.Label.FACE
        assert labels[round(y), round(x + 4)] != geometry.Label.FACE


def test_masks_name_every_piece() -> None:
    labels = geometry.masks(VIEW, [actor(11, jaw_open=0.8)])
    wanted = {geometry.Label.FACE, geometry.Label.EYES, geometry.Label.MOUTH, geometry.Label.HAIR, geometry.Label.BODY}
    assert wanted <= set(np.unique(labels))
    assert geometry.masks(VIEW, []).max() == 0
    p, _ = geometry.points(VIEW, actor(11, jaw_open=0.8))
    for k in (*BROWS, 30, 36, 45, *EYES):
        assert labels[round(p[k, 1]), round(p[k, 0])] != 0


def test_rigid_points_ignore_speech_and_blinks() -> None:
    rest = seen_points()
    talking = seen_points(jaw_open=0.8, lid_left=1.0, lid_right=1.0, pucker=0.5)
    assert np.linalg.norm((talking - rest)[list(RIGID[:5])], axis=1).max() < 1.0


@settings(max_examples=30)
@given(
    st.floats(-45, 45),
    st.floats(-25, 25),
    st.floats(-20, 20),
    st.floats(-0.3, 0.3),
    st.floats(20, 380),
    st.floats(60, 240),
)
def test_projection_round_trip(yaw: float, pitch: float, roll: float, tx: float, x: float, face: float) -> None:
    turn = rotation(yaw, pitch, roll)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(turn) == pytest.approx(1.0)
    pose = np.array([yaw, pitch, roll, tx, 0, 0], np.float32)
    someone = Actor(Person.from_seed(3), neutral_expression(), pose, (x, 180.0), face)
    posed = pose_actor(VIEW, someone)
    back_x = (posed.screen[:, 0] - 0.5 * (VIEW.width - 1)) / VIEW.focal / posed.inverse_depth
    np.testing.assert_allclose(back_x, posed.points[:, 0], atol=2e-3)
    head, _ = transforms(VIEW, someone)
    nose = np.flatnonzero(topology().domain[:, 1] < 5)[:50]
    restored = (posed.points[nose] - head[:, 3]) @ head[:, :3]
    np.testing.assert_allclose(restored, posed.local[nose], atol=2e-3)


@settings(max_examples=25)
@given(st.lists(st.floats(-1, 1), min_size=N_EXPRESSIONS, max_size=N_EXPRESSIONS), st.integers(0, 7))
def test_any_person_performs_anything(values: list[float], seed: int) -> None:
    expression = np.abs(np.array(values, np.float32))
    expression[[INDEX["gaze_x"], INDEX["gaze_y"], INDEX["jaw_side"]]] = np.array(values, np.float32)[-3:]
    someone = Actor(Person.from_seed(seed), expression, np.zeros(6, np.float32), (200.0, 200.0), 170.0)
    p, _ = geometry.points(VIEW, someone)
    assert np.isfinite(p).all()
    assert (p > 40).all()
    assert (p < 360).all()
    gap = geometry.openings(someone)
    assert min(gap.lid_left, gap.lid_right, gap.lips, gap.mouth_width) >= 0
