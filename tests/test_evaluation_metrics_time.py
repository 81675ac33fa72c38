"""Flicker of rendered runs: steady errors and motion have none, whatever jumps from frame to frame has; and samples."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendered_faces import shown

from facemotion.evaluation import samples
from facemotion.evaluation.flicker import FlickerMeter, background_area, face_area
from facemotion.evaluation.images import SCALE, Frame
from facemotion.evaluation.truth import Mask

LENGTH = 6
RUN = [shown(yaw=0.5 * k, jaw_open=0.03 * k) for k in range(LENGTH)]  # slow: 12 degrees a second
DRIVING = [face.frame for face in RUN]
FACES = [face_area(face.points) for face in RUN]
BACKGROUNDS = [background_area(face.points) for face in RUN]


def flicker(generated: list[Frame], driving: list[Frame] = DRIVING) -> dict[str, float]:
    """Means over a run."""
    meter = FlickerMeter()
    parts = (generated, driving, FACES, BACKGROUNDS)
    found = [values for frames in zip(*parts, strict=True) if (values := meter.add(*frames))]
    assert len(found) == LENGTH - 2
    return {name: float(np.mean([values[name] for values in found])) for name in found[0]}


def everywhere(amounts: list[float], where: list[Mask] | None = None) -> list[Frame]:
    """The driving frames, brighter by these amounts."""
    masks = where if where is not None else [np.ones((SCALE, SCALE), np.bool_)] * LENGTH
    return [
        frame + np.float32(amount) * mask[..., None]
        for frame, amount, mask in zip(DRIVING, amounts, masks, strict=True)
    ]


def test_a_perfect_run_and_steady_or_drifting_errors_do_not_flicker() -> None:
    for amounts in ([0.0] * LENGTH, [0.1] * LENGTH, [0.02 * k for k in range(LENGTH)]):
        assert flicker(everywhere(amounts)) == pytest.approx(
            {"flicker": 0, "flicker_face": 0, "flicker_bg": 0}, abs=1e-6
        )


def test_flicker_by_hand() -> None:
    """Every other frame is brighter by a: |a - 2 * 0 + a| = 2 a."""
    found = flicker(everywhere([0.03 * (k % 2) for k in range(LENGTH)]))
    assert found == pytest.approx({"flicker": 0.06, "flicker_face": 0.06, "flicker_bg": 0.06}, abs=1e-6)


def test_flicker_of_the_face_and_of_the_background_are_told_apart() -> None:
    amounts = [0.03 * (k % 2) for k in range(LENGTH)]
    face, background = flicker(everywhere(amounts, FACES)), flicker(everywhere(amounts, BACKGROUNDS))
    assert face["flicker_face"] > 0.05
    assert face["flicker_bg"] == 0
    assert background["flicker_bg"] == pytest.approx(0.06, abs=1e-6)
    assert background["flicker_face"] == 0
    assert 0 < face["flicker"] < 0.06


def test_jittering_and_noisy_faces_flicker_more_than_blurred_ones() -> None:
    rng = np.random.default_rng(0)
    blurred = [np.asarray(cv2.GaussianBlur(frame, (0, 0), 2.0), np.float32) for frame in DRIVING]
    jittering = [np.roll(frame, k % 2, axis=1) for k, frame in enumerate(DRIVING)]
    noisy = [frame + rng.normal(0, 0.05, frame.shape).astype(np.float32) for frame in DRIVING]
    soft, shaken, grainy = flicker(blurred), flicker(jittering), flicker(noisy)
    for name in ("flicker", "flicker_face"):
        assert 0 < soft[name] < shaken[name]
        assert soft[name] < grainy[name]
    assert soft["flicker_bg"] < 1e-6 < shaken["flicker_bg"]  # what stands still is blurred alike in every frame


def test_what_moves_in_the_driving_frames_is_no_static_background() -> None:
    driving = [frame.copy() for frame in DRIVING]
    for k, frame in enumerate(driving):
        frame[:40, :40] = 0.2 + 0.1 * (k % 2)  # a lamp that blinks
    generated = [frame.copy() for frame in DRIVING]
    assert flicker(generated, driving)["flicker_bg"] < 1e-6
    assert flicker(generated, driving)["flicker"] > 1e-4


def test_areas_of_points_lie_on_and_beside_the_face() -> None:
    for face, own, background in zip(RUN, FACES, BACKGROUNDS, strict=True):
        x, y = np.rint(face.points[30]).astype(int)
        assert own[y, x]
        assert not (own & background).any()
        assert background[2, 2]
        assert background[2, -3]
        assert background.mean() > 0.1
        assert not background[-1].any()  # shoulders


def test_two_frames_have_no_flicker_yet() -> None:
    meter = FlickerMeter()
    for k in range(2):
        assert meter.add(DRIVING[k], DRIVING[k], FACES[k], BACKGROUNDS[k]) == {}


@given(there=st.integers(0, 500), count=st.integers(1, 60))
def test_samples_are_spread_evenly(there: int, count: int) -> None:
    frames = np.arange(there) * 3 + 2
    taken = samples.evenly(frames, count)
    assert len(taken) == min(count, there)
    assert set(taken.tolist()) <= set(frames.tolist())
    if len(taken) > 1:
        gaps = np.diff(taken)
        assert gaps.min() > 0
        assert gaps.max() - gaps.min() <= 3


@given(total=st.integers(0, 300), clips=st.integers(1, 100))
def test_shares_are_about_the_total_and_nobody_is_left_out(total: int, clips: int) -> None:
    each = samples.share(total, clips)
    assert each >= 1
    assert each == 1 or abs(each * clips - total) <= clips / 2


@given(frames=st.integers(0, 200), count=st.integers(1, 6), length=st.integers(3, 12))
def test_runs_are_consecutive_apart_and_without_the_reference(frames: int, count: int, length: int) -> None:
    runs = samples.runs(frames, count, length)
    assert len(runs) <= count
    assert bool(runs) == (frames >= 4)
    taken = [frame for run in runs for frame in run]
    assert len(set(taken)) == len(taken)
    assert all(1 <= frame < frames for frame in taken)
    assert all(len(run) == min(length, frames - 1) for run in runs)
