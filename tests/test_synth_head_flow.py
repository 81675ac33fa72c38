"""Dense flow between two frames: warping one by it gives the other."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from facemotion.synth import geometry
from facemotion.synth.controls import INDEX, neutral_expression
from facemotion.synth.person import Person
from facemotion.synth.scene import Actor, Lighting, View, render

F32 = NDArray[np.float32]
VIEW = View(320, 240)
# No lamps and the same light from everywhere: a surface keeps its colour when it turns.
FLAT = Lighting(
    np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32), np.ones(3, np.float32), np.ones(3, np.float32)
)


def actor(seed: int, yaw: float = 0.0, x: float = 160.0, **controls: float) -> Actor:
    expression = neutral_expression()
    for name, value in controls.items():
        expression[INDEX[name]] = value
    return Actor(
        Person.from_seed(seed), expression, np.array([yaw, 0.3 * yaw, 0, 0, 0, 0], np.float32), (x, 110.0), 105.0
    )


def ground(shift: float = 0.0) -> NDArray[np.uint8]:
    x, y = np.meshgrid(np.arange(VIEW.width) - shift, np.arange(VIEW.height))
    wave = 120 + 50 * np.sin(x / 9.0) * np.cos(y / 11.0)
    return np.repeat(wave[..., None], 3, 2).astype(np.uint8)


def warp(image: NDArray[np.uint8], flow: F32) -> NDArray[np.float64]:
    grid = np.stack(np.meshgrid(np.arange(VIEW.width), np.arange(VIEW.height)), -1).astype(np.float32)
    return cv2.remap(image, grid + flow, None, cv2.INTER_LINEAR).astype(np.float64)


def errors(to: Actor, back: Actor, nudge: float) -> float:
    """Mean absolute difference of the warped and the real frame on the visible face, in grey levels."""
    wanted = render(VIEW, [to], FLAT, ground()).image.astype(np.float64)
    source = render(VIEW, [back], FLAT, ground()).image
    flow, visible = geometry.flow(VIEW, [to], [back])
    face = geometry.face_mask(geometry.masks(VIEW, [to]))
    inner = cv2.erode((visible & face).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert inner.sum() > 3000
    return float(np.abs(warp(source, flow + np.float32(nudge)) - wanted)[inner].mean())


@pytest.mark.parametrize(
    ("to", "back"),
    [
        (actor(3), actor(3, yaw=6.0, x=163.4)),
        (actor(1, yaw=-10.0), actor(1, yaw=2.0, jaw_open=0.4)),
        (actor(9), actor(9, smile=0.6, gaze_x=0.5)),
    ],
)
def test_warping_by_the_true_flow_gives_the_other_frame(to: Actor, back: Actor) -> None:
    true = errors(to, back, 0.0)
    assert true < 3.0
    for nudge in (0.5, -0.5):
        assert errors(to, back, nudge) > 1.15 * true


def test_frame_to_itself_is_still_and_visible() -> None:
    same = actor(2, yaw=12.0)
    flow, visible = geometry.flow(VIEW, [same], [same])
    assert np.abs(flow).max() < 1e-3
    assert visible.all()


def test_flow_lands_on_the_landmarks() -> None:
    to, back = actor(7), actor(7, yaw=9.0, x=166.0, jaw_open=0.3)
    flow, visible = geometry.flow(VIEW, [to], [back])
    a, seen = geometry.points(VIEW, to)
    b, _ = geometry.points(VIEW, back)
    tested = 0
    for k in (30, 33, 27, 28, 29, 19, 24):  # away from edges of lids and lips, where a pixel holds two surfaces
        x, y = np.round(a[k]).astype(int)
        if seen[k] and visible[y, x]:
            np.testing.assert_allclose(flow[y, x], b[k] - a[k], atol=0.35)
            tested += 1
    assert tested >= 5


def test_turned_away_side_is_not_visible() -> None:
    _, visible = geometry.flow(VIEW, [actor(6)], [actor(6, yaw=40.0)])
    face = geometry.face_mask(geometry.masks(VIEW, [actor(6)]))
    ys, xs = np.nonzero(face)
    right = np.zeros_like(face)
    right[ys[xs > 190], xs[xs > 190]] = True
    left = np.zeros_like(face)
    left[ys[xs < 130], xs[xs < 130]] = True
    assert visible[right].mean() < visible[left].mean()


def test_background_moves_as_told() -> None:
    flow, visible = geometry.flow(VIEW, [actor(4)], [actor(4)], background_shift=(2.5, -1.0))
    empty = geometry.masks(VIEW, [actor(4)]) == 0
    np.testing.assert_allclose(flow[empty], np.tile([2.5, -1.0], (int(empty.sum()), 1)), atol=1e-5)
    assert visible[empty].mean() > 0.9
    affine = np.array([[1.01, 0.0, 1.0], [0.0, 1.01, 2.0]])
    flow, _ = geometry.flow(VIEW, [], [], background_shift=affine)
    np.testing.assert_allclose(flow[10, 20], [1.0 + 0.2, 2.0 + 0.1], atol=1e-4)


def test_nearer_actor_hides_the_other() -> None:
    near, far = actor(3, x=150.0), actor(5, x=170.0)
    far = Actor(far.person, far.expression, far.pose, far.anchor, 60.0)
    labels = geometry.masks(VIEW, [far, near])
    assert labels[110, 150] // geometry.ACTOR_STRIDE == 1
    assert (labels[labels > 0] // geometry.ACTOR_STRIDE == 1).mean() > 0.7


def test_different_actors_are_refused() -> None:
    with pytest.raises(ValueError, match="same actors"):
        geometry.flow(VIEW, [actor(1)], [actor(2)])
    with pytest.raises(ValueError, match="background_shift"):
        geometry.flow(VIEW, [], [], background_shift=(1.0, 2.0, 3.0))
