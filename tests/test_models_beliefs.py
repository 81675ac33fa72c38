"""What is believed before looking: a keypoint moves what is near it, all else is background."""

import torch

from facemotion.models import beliefs
from facemotion.models.keypoints import layout


def test_the_face_is_no_background_and_the_corners_are() -> None:
    belief = beliefs.background(layout(15)[None], 32, 0.15)[0, 0]
    assert belief[12:20, 12:20].max() < 0.2
    assert min(belief[0, 0], belief[0, -1]) > 0.9
    assert ((belief >= 0) & (belief <= 1)).all()


def test_its_logarithm_is_finite_at_a_keypoint() -> None:
    points = torch.zeros(1, 40, 2)
    assert beliefs.log_background(points, 16, 0.2).isfinite().all()
    assert beliefs.near(points, 16, 0.2).max() <= 0


def test_chances_sum_to_one() -> None:
    chances = beliefs.with_background(beliefs.near(layout(5)[None], 16, 0.2)).softmax(1)
    torch.testing.assert_close(chances.sum(1), torch.ones(1, 16, 16))
