"""Landmarks carried over to another face: what the driver did since the zero, in the reference's own proportions."""

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import GROUPS, LIPS, N_POINTS, RIGID
from facemotion.landmarks.noise_model import model_motion
from facemotion.landmarks.retarget import best_match, retargeted
from facemotion.landmarks.scores import LIDS, MOUTH, opening

Points = NDArray[np.float64]


def turned(points: Points, degrees: float, scale: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> Points:
    angle = np.radians(degrees)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ matrix.T + np.array(shift)


def moving(points: Points) -> Points:
    """A head that turns in the picture, comes nearer and wanders, and a mouth that talks."""
    made = points.copy()
    for frame, face in enumerate(made):
        phase = frame / 7
        for point, sign in ((62, -1), (61, -1), (63, -1), (66, 1), (67, 1), (65, 1), (51, -1), (57, 1)):
            face[point, 1] += sign * 3 * np.sin(phase) ** 2
        made[frame] = turned(face, 8 * np.sin(phase / 2), 1 + 0.1 * np.sin(phase), (4 * np.sin(phase), frame / 4))
    return made


def other_face(points: Points) -> Points:
    """Another person's: wider, shorter, its eyes and mouth of other sizes."""
    middle = points[..., list(RIGID), :].mean(axis=-2, keepdims=True)
    made = (points - middle) * np.array([1.15, 0.9]) + middle
    for group, size in ((GROUPS["eye_left"], 1.2), (GROUPS["eye_right"], 1.2), (LIPS, 0.85)):
        own = made[..., list(group), :]
        about = own.mean(axis=-2, keepdims=True)
        made[..., list(group), :] = about + size * (own - about)
    return made


BLINKING: Points = model_motion(0)[:250]
CLIP: Points = moving(model_motion(0)[30:60])
REFERENCE: Points = other_face(CLIP[0])


@pytest.mark.parametrize("scale", ["auto", "off"])
def test_a_driver_who_is_the_reference_gives_its_own_points(scale: Literal["auto", "off"]) -> None:
    assert np.allclose(retargeted(CLIP[3], CLIP[3], BLINKING, scale), BLINKING, atol=1e-6)


def test_a_driver_at_rest_leaves_the_reference_as_it_is() -> None:
    assert np.allclose(retargeted(REFERENCE, CLIP[5], CLIP[[5, 5]]), REFERENCE, atol=1e-9)


@given(st.floats(-40, 40), st.floats(0.3, 3), st.floats(-100, 100), st.floats(-100, 100))
def test_where_and_how_large_the_driving_clip_is_changes_nothing(
    degrees: float, scale: float, across: float, down: float
) -> None:
    # Turned as a whole the driver's way across the picture turns, too; the faces within do not.
    moved = turned(CLIP, 0.0, scale, (across, down))
    assert np.allclose(retargeted(REFERENCE, moved[0], moved), retargeted(REFERENCE, CLIP[0], CLIP), atol=1e-5)
    tilted = retargeted(REFERENCE, turned(CLIP, degrees)[0], turned(CLIP, degrees))
    faces = (tilted, retargeted(REFERENCE, CLIP[0], CLIP))
    assert np.allclose(*(points - points[:, list(RIGID)].mean(axis=1, keepdims=True) for points in faces), atol=1e-5)


def test_a_larger_face_is_carried_further_unless_that_is_off() -> None:
    large, gone = 2 * REFERENCE, CLIP[:1] + np.array([10.0, -4.0])
    near, far, plain = (
        retargeted(face, CLIP[0], gone, scale)[0] - face
        for face, scale in ((REFERENCE, "auto"), (large, "auto"), (large, "off"))
    )
    assert np.allclose(far, 2 * near, atol=1e-6)
    assert np.allclose(plain, [10.0, -4.0], atol=1e-6)


def test_the_head_turns_and_grows_as_the_drivers_does() -> None:
    centre = CLIP[0, list(RIGID)].mean(axis=0)
    driving = turned(CLIP[:1] - centre, 20.0, 1.3) + centre
    own = REFERENCE[list(RIGID)].mean(axis=0)
    found = retargeted(REFERENCE, CLIP[0], driving)[0]
    wanted = turned(REFERENCE - own, 20.0, 1.3)
    assert np.allclose(found - found[list(RIGID)].mean(axis=0), wanted, atol=1e-6)


def test_what_the_driver_looks_like_does_not_leak() -> None:
    """Drivers of different faces who do alike give nearly the same."""
    other = moving(other_face(model_motion(0)[30:60]))
    leaked = retargeted(REFERENCE, CLIP[0], CLIP) - retargeted(REFERENCE, other[0], other)
    assert np.abs(leaked).mean() < 0.15 * np.abs(other - CLIP).mean()


def test_lids_that_shut_shut_and_open_as_wide_as_the_reference_does() -> None:
    found = retargeted(REFERENCE, BLINKING[0], BLINKING)
    for part in LIDS:
        driver, made = opening(BLINKING, part), opening(found, part)
        assert driver.min() < 0.3 * driver[0]  # there is a blink
        own = opening(REFERENCE[None], part)[0]
        assert np.allclose(made / own, driver / driver[0], atol=0.15)
        shut = driver.argmin()
        assert made[shut] / own == pytest.approx(driver[shut] / driver[0], abs=0.02)


@pytest.mark.parametrize("ajar", [0.0, 1.0, 6.0])
def test_lips_that_shut_shut_whatever_the_zero(ajar: float) -> None:
    zero, shut, wide = CLIP[0].copy(), CLIP[0].copy(), CLIP[0].copy()
    for face, gap in ((zero, ajar), (shut, 0.0), (wide, 12.0)):
        for upper, lower in MOUTH.pairs:
            middle = (face[upper] + face[lower]) / 2
            half = np.array([0.0, gap / 2])
            face[upper], face[lower] = middle - half, middle + half
    found = retargeted(other_face(zero), zero, np.stack([shut, wide]))
    assert opening(found, MOUTH)[0] < 0.05
    assert opening(found, MOUTH)[1] > 8


def test_pupils_look_where_the_drivers_look() -> None:
    glance = CLIP[[0, 0]].copy()
    width = np.linalg.norm(glance[0, 39] - glance[0, 36])
    glance[1, 68:] += [0.2 * width, 0.0]
    found = retargeted(REFERENCE, glance[0], glance)
    own = np.linalg.norm(REFERENCE[39] - REFERENCE[36])
    assert np.allclose(found[1, 68] - found[0, 68], [0.2 * own, 0.0], atol=0.02 * own)
    shut = glance[0].copy()
    shut[68:] = np.nan  # behind the zero's lids
    assert np.isfinite(retargeted(REFERENCE, shut, glance)).all()


@given(st.sets(st.integers(0, N_POINTS - 1), max_size=20), st.sampled_from(["reference", "driving"]))
def test_a_missing_point_takes_no_other_along(missing: set[int], where: str) -> None:
    own, clip = REFERENCE.copy(), CLIP[:4].copy()
    lost = sorted(missing)
    if where == "reference":
        own[lost] = np.nan
    else:
        clip[1, lost] = np.nan
    found = retargeted(own, CLIP[0], clip)
    frames = range(4) if where == "reference" else [1]
    for frame in frames:
        assert not np.isfinite(found[frame, lost]).any()
    # But for a pupil, which is told from its eye's corners, and a pair's two edges, which open together.
    near = {68: {36, 39}, 69: {42, 45}}
    kept = [point for point in range(N_POINTS) if point not in missing and not near.get(point, set()) & missing]
    assert np.isfinite(found[:, kept]).all()


def test_a_frame_without_a_face_stays_empty() -> None:
    clip = CLIP[:3].copy()
    clip[1] = np.nan
    found = retargeted(REFERENCE, clip[0], clip)
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[[0, 2]]).all()


def test_the_best_zero_is_the_frame_that_is_most_alike() -> None:
    clip = BLINKING.copy()
    shut = int(opening(clip, LIDS[0]).argmin())
    assert best_match(clip[shut], clip) == shut
    assert abs(opening(clip, LIDS[0])[best_match(clip[0], clip)] - opening(clip[:1], LIDS[0])[0]) < 1.0
    clip[shut] = np.nan
    assert best_match(BLINKING[shut], clip) != shut


def test_without_any_face_there_is_no_zero() -> None:
    with pytest.raises(FacemotionError, match="no frame to begin from"):
        best_match(REFERENCE, np.full((3, N_POINTS, 2), np.nan))
