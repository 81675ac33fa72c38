"""The camera's motion is told from the background, whatever the person before it does."""

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from facemotion.dataset import camera
from facemotion.models import landmark_shape

SIZE, FRAMES = 128, 20


def wall(seed: int = 0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    rough = rng.uniform(0, 255, (12, 12, 3)).astype(np.float32)
    return cv2.resize(rough, (3 * SIZE, 3 * SIZE), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def filmed(
    shifts: NDArray[np.floating], walks: NDArray[np.floating], zooms: NDArray[np.floating]
) -> tuple[list[NDArray[np.uint8]], NDArray[np.float32]]:
    """A person, a disc with a chest, before a wall; by pixels of camera shift [T, 2] and of their own way [T, 2]."""
    place, usual = wall(), landmark_shape.usual(torch.zeros(1))[0].numpy()
    frames, points = [], []
    for shift, walk, zoom in zip(shifts, walks, zooms, strict=True):
        middle = 1.5 * SIZE + shift
        seen = np.array([[zoom, 0, middle[0] - zoom * SIZE / 2], [0, zoom, middle[1] - zoom * SIZE / 2]])
        frame = cv2.warpAffine(place, seen, (SIZE, SIZE), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP)
        at = np.array([SIZE / 2, SIZE * 0.45]) + walk
        cv2.ellipse(frame, (*at.round().astype(int).tolist(),), (22, 32), 0, 0, 360, (90, 120, 180), -1)
        cv2.ellipse(frame, (int(at[0]), int(at[1]) + 75), (50, 45), 0, 0, 360, (60, 30, 30), -1)
        frames.append(frame)
        points.append(at + (usual - [0.0, 0.45]) * 26)
    return frames, np.array(points, np.float32)


def ways(pixels: float) -> NDArray[np.float64]:
    time = np.linspace(0, 1, FRAMES)[:, None]
    return pixels * np.concatenate((np.sin(2 * time), time**2), axis=1)


def displacements(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """In pixels, at the middle of the frame."""
    return np.asarray(rows[:, 2:] * SIZE / 2, np.float64)


def test_a_camera_that_pans_is_followed_though_the_person_walks_otherwise() -> None:
    shifts, none = ways(24.0), np.zeros((FRAMES, 2))
    for walks in (none, -ways(18.0)):
        found = displacements(camera.track(*filmed(shifts, walks, np.ones(FRAMES))))
        assert np.abs(found - shifts).max() < 1.5


def test_a_person_who_walks_before_a_camera_at_rest_moves_no_background() -> None:
    found = camera.track(*filmed(np.zeros((FRAMES, 2)), ways(25.0), np.ones(FRAMES)))
    assert np.abs(displacements(found)).max() < 0.7
    assert np.abs(found[:, :2]).max() < 0.02


def test_a_zoom_is_a_scale() -> None:
    zooms = np.linspace(1.0, 0.8, FRAMES)
    found = camera.track(*filmed(np.zeros((FRAMES, 2)), np.zeros((FRAMES, 2)), zooms))
    assert np.allclose(1 + found[:, 0], zooms, atol=0.02)


def test_the_first_frame_is_where_all_begins_and_the_same_clip_gives_the_same() -> None:
    given = filmed(ways(10.0), ways(5.0), np.ones(FRAMES))
    found = camera.track(*given)
    assert found.shape == (FRAMES, 4)
    assert found.dtype == np.float32
    assert not found[0].any()
    assert np.array_equal(found, camera.track(*given))


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_clips_of_hardly_a_frame(frames: int) -> None:
    images, points = filmed(ways(3.0), ways(1.0), np.ones(FRAMES))
    assert camera.track(images[:frames], points[:frames]).shape == (frames, 4)


def test_frames_without_a_face_or_without_anything_give_numbers() -> None:
    images, points = filmed(ways(10.0), ways(5.0), np.ones(FRAMES))
    points[[0, 1, 5, 6, 7]] = np.nan
    assert np.abs(displacements(camera.track(images, points)) - ways(10.0)).max() < 2.5
    assert np.isfinite(camera.track([np.zeros_like(image) for image in images], np.full_like(points, np.nan))).all()
