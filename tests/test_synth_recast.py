"""A shot cast anew: the driver's performance and framing, the reference's person and place, and the truth of it."""

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from facemotion.synth.blocking import block
from facemotion.synth.camera import Camera
from facemotion.synth.grade import Grade
from facemotion.synth.recast import Recast, RecastTruth, Take
from facemotion.synth.specs import ActorSpec, ShotSpec, VideoSpec
from facemotion.synth.staging import Stage

TRIPOD, HAND = Camera(3), Camera(4, pan_x=0.03, sway=0.004)


def video(name: str, person: int, performance: int, camera: Camera, start: int = 0) -> VideoSpec:
    actor = ActorSpec(person, performance, (150.0 + performance, 110.0), 90.0, True)
    filler = ShotSpec("empty", 0, start, (), 1, 1, TRIPOD, Grade(1))
    shot = ShotSpec("main", start, 40, (actor,), person + 50, person + 60, camera, Grade(5, exposure=0.9 + person / 20))
    return VideoSpec(name, name, Fraction(25), 320, 240, (filler, shot) if start else (shot,))


REFERENCE, DRIVING = video("a", 2, 11, HAND), video("b", 3, 17, HAND, start=7)
FIRST, LATER = 9, 40  # of the driving video


@pytest.fixture(scope="module")
def recast() -> Recast:
    return Recast(Take(REFERENCE, 5, 0), Take(DRIVING, FIRST, 0))


@pytest.fixture(scope="module")
def truth(recast: Recast) -> RecastTruth:
    return RecastTruth(recast, [FIRST, LATER])


def test_a_driver_cast_as_themselves_before_a_tripod_is_filmed_as_ever() -> None:
    own = video("c", 2, 11, TRIPOD)
    again = Recast(Take(own, 0, 0), Take(own, 0, 0))
    stage = Stage(own, own.shots[0])
    for frame in (0, 20):
        assert np.array_equal(again.rendered(frame), stage.rendered(frame))
    assert np.array_equal(again.filmed(0), stage.filmed(0))


def test_pose_expression_and_place_are_the_drivers_and_the_face_is_not(truth: RecastTruth) -> None:
    track = block(DRIVING, DRIVING.shots[1]).tracks[0]
    rows = truth.frame(LATER)
    assert np.allclose(rows["pose"][0], track.pose[LATER - 7])
    assert np.allclose(rows["expression"][0], track.expression[LATER - 7])
    assert rows["person_seed"][0] == REFERENCE.shots[0].actors[0].person_seed
    middle = rows["points"][0, :68].mean(axis=0)
    assert np.abs(middle - track.anchor[LATER - 7]).max() < 60
    own = Recast(Take(DRIVING, FIRST, 0), Take(DRIVING, FIRST, 0))
    apart = np.abs(RecastTruth(own, [LATER]).frame(LATER)["points"] - rows["points"]).max()
    assert 1 < apart < 40


def test_the_place_behind_rests_whatever_the_drivers_camera_does(recast: Recast, truth: RecastTruth) -> None:
    steady = (truth.masks(FIRST) == 0) & (truth.masks(LATER) == 0)
    one, other = (recast.rendered(frame - 7).astype(int) for frame in (FIRST, LATER))
    # The rims of a person reach into the pixels beside them.
    steady = cv2.erode(steady.astype(np.uint8), np.ones((5, 5))) > 0
    assert steady.mean() > 0.2
    assert np.array_equal(one[steady], other[steady])
    flow, seen = truth.flow(LATER, FIRST)
    assert np.abs(flow[steady & seen]).max() < 1e-4


def test_the_true_flow_leads_from_the_first_frame_to_the_later_one(recast: Recast, truth: RecastTruth) -> None:
    first, later = (recast.rendered(frame - 7).astype(np.float32) for frame in (FIRST, LATER))
    flow, seen = truth.flow(LATER, FIRST)
    y, x = np.mgrid[: later.shape[0], : later.shape[1]].astype(np.float32)
    warped = cv2.remap(first, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR)
    person = seen & (truth.masks(LATER) > 0)
    assert np.abs(warped - later)[person].mean() < 0.4 * np.abs(first - later)[person].mean()


def test_a_bystander_of_either_is_not_in_the_answer() -> None:
    shot = DRIVING.shots[1]
    pair = replace(shot, actors=(replace(shot.actors[0], person_seed=9, anchor=(60.0, 110.0)), *shot.actors))
    crowd = replace(DRIVING, shots=(DRIVING.shots[0], pair))
    with_, without = (Recast(Take(REFERENCE, 5, 0), take) for take in (Take(crowd, FIRST, 1), Take(DRIVING, FIRST, 0)))
    assert np.array_equal(with_.rendered(4), without.rendered(4))
