"""Backgrounds and the camera's own marks: seeded, varied, moved exactly by the camera."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemotion.synth.background import Background, Look
from facemotion.synth.background_scenes import SCENES
from facemotion.synth.camera import Camera, between
from facemotion.synth.grade import Grade, develop

SIZE = 320, 180


def _affines(seed: int) -> np.ndarray:
    return Camera(seed, pan_x=0.02, zoom=0.01, sway=0.003).affines(np.arange(50) / 25, *SIZE)


def test_a_background_is_its_seed() -> None:
    affine = _affines(0)[20]
    first, again = Background(4, *SIZE).film(affine, 0.8), Background(4, *SIZE).film(affine, 0.8)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first.astype(int) - Background(5, *SIZE).film(affine, 0.8)).mean() > 5


def test_every_scene_paints_and_shots_are_of_many_scenes() -> None:
    seeds = {Look.from_seed(seed).scene: seed for seed in range(300)}
    assert set(seeds) == set(SCENES)
    for seed in seeds.values():
        frame = Background(seed, *SIZE).film(np.eye(2, 3), 0.0)
        assert frame.shape == (180, 320, 3)
        assert 8 < frame.mean() < 248


@pytest.mark.parametrize("seed", range(12))
def test_the_cameras_affine_explains_the_background_where_it_is_steady(seed: int) -> None:
    background, affines = Background(seed, *SIZE), _affines(seed)
    to, source = background.film(affines[0], 0.0), background.film(affines[40], 1.6)
    matrix = between(affines[0], affines[40])
    y, x = np.mgrid[: SIZE[1], : SIZE[0]].astype(np.float32)
    where = np.stack([matrix[axis, 0] * x + matrix[axis, 1] * y + matrix[axis, 2] for axis in range(2)])
    warped = cv2.remap(source, *where.astype(np.float32), cv2.INTER_LINEAR)
    moving = background.unsteady(affines[0], 0.0)
    there = cv2.remap(background.unsteady(affines[40], 1.6).astype(np.float32), *where.astype(np.float32), 1)
    inside = (where[0] >= 0) & (where[0] <= SIZE[0] - 1) & (where[1] >= 0) & (where[1] <= SIZE[1] - 1)
    good = inside & ~moving & (there == 0)
    assert good.mean() > 0.3
    assert np.abs(warped.astype(int) - to)[good].mean() < 1.5


def test_some_backgrounds_move_by_themselves_and_say_where() -> None:
    moved = 0
    for seed in range(20):
        background = Background(seed, *SIZE)
        before, after = background.film(np.eye(2, 3), 0.0), background.film(np.eye(2, 3), 1.0)
        changed = (np.abs(before.astype(int) - after) > 1).any(axis=2)
        marked = background.unsteady(np.eye(2, 3), 0.0) | background.unsteady(np.eye(2, 3), 1.0)
        assert not (changed & ~marked).any()
        moved += bool(changed.any())
    assert 3 <= moved <= 15


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_grades_keep_pictures_viewable(seed: int) -> None:
    grade = Grade.sample(np.random.default_rng(seed))
    filmed = develop(np.full((90, 160, 3), 128, np.uint8), grade, 1.0, 3)
    assert 90 < filmed.mean() < 160
    assert filmed.std() < 20


def test_noise_is_new_in_every_frame_and_the_same_for_the_same_frame() -> None:
    image, grade = np.full((90, 160, 3), 128, np.uint8), Grade(1, noise=3.0)
    np.testing.assert_array_equal(develop(image, grade, 0.0, 1), develop(image, grade, 0.0, 1))
    residual = [develop(image, grade, 0.0, frame).astype(float) - 128 for frame in (1, 2)]
    assert abs(np.corrcoef(residual[0].ravel(), residual[1].ravel())[0, 1]) < 0.05
    assert 2 < residual[0].std() < 4
    np.testing.assert_array_equal(image, 128)


def test_a_plain_grade_changes_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8)
    np.testing.assert_array_equal(develop(image, Grade(1), 2.0, 5), image)
