"""Lids and lips at the photo's own size: at rest nothing changes, what shuts is covered, what opens is dark inside."""

import numpy as np
import torch
from rendered_faces import shown
from torch import Tensor

from facemotion.animation.motions import blinking
from facemotion.animation.openings import composed
from facemotion.landmarks.layout import OUTER_EYES
from facemotion.landmarks.scores import LIDS, opening
from facemotion.models import grid


def remade(change: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """The photo, what is made of it, and the points [70, 2] in pixels as they lie in the latter."""
    face = shown(3)
    photo = torch.from_numpy(face.frame).permute(2, 0, 1)
    pixels = torch.from_numpy(np.asarray(face.points, np.float32))[:70]
    size = photo.shape[-1]
    moved = pixels if change is None else pixels + change
    own, made = (grid.to_normalised(points, size, size) for points in (pixels, moved))
    return photo, composed(photo, photo, grid.identity(size, photo)[0], own, made), moved


def test_at_rest_the_photo_stays_but_for_softened_edges() -> None:
    photo, made, _ = remade()
    assert float((made - photo).abs().mean()) < 0.002
    assert float((made - photo).abs().max()) < 0.4


def test_shut_lids_hide_the_eyes() -> None:
    change = torch.zeros(70, 2)
    photo, _, points = remade()
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        change[upper] = points[lower] - points[upper]
    _, made, _ = remade(change)
    for corners in ((36, 39), (42, 45)):
        x, y = points[list(corners)].mean(0).round().int().tolist()
        before, after = (image[:, y - 2 : y + 3, x - 7 : x + 8].std() for image in (photo, made))
        assert float(after) < 0.6 * float(before)  # no white beside an iris


def test_an_open_mouth_is_dark_inside_and_keeps_its_lips() -> None:
    change = torch.zeros(70, 2)
    change[[65, 66, 67]] = torch.tensor([0.0, 24.0])
    change[55:60] = torch.tensor([0.0, 24.0])
    photo, made, points = remade(change)
    x, y = points[[62, 66]].mean(0).round().int().tolist()
    inside = made[:, y - 3 : y + 4, x - 4 : x + 5]
    assert float(inside.mean()) < 0.5 * float(photo[:, y - 3 : y + 4, x - 4 : x + 5].mean())
    far = torch.ones(made.shape[1:], dtype=torch.bool)
    left, top, right, bottom = (*points.amin(0).int().tolist(), *points.amax(0).int().tolist())
    far[top - 20 : bottom + 40, left - 20 : right + 20] = False
    assert torch.equal(made[:, far], photo[:, far])


def test_points_that_were_not_found_leave_their_place_alone() -> None:
    change = torch.zeros(70, 2)
    change[36:] = torch.nan
    photo, made, _ = remade(change)
    assert torch.equal(made, photo)


def test_lids_that_a_landmarker_finds_nearly_shut_are_shut() -> None:
    still = np.asarray(shown(3).points, np.float64)[:70]
    unit = float(np.linalg.norm(still[OUTER_EYES[0]] - still[OUTER_EYES[1]]))
    frames = np.repeat(still[None], 10, axis=0)
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        frames[6, upper] = frames[6, lower] - np.array([0.0, 0.033 * unit])
    made = blinking(frames)
    for lid in LIDS:
        before, after = opening(frames, lid), opening(made, lid)
        assert np.allclose(np.delete(after, 6), np.delete(before, 6), atol=0.01 * unit)
        assert after[6] < 0.1 * after[0] < before[6]
