"""Metrics of pixels on rendered faces: as scikit-image has them, and worse with every damage."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from rendered_faces import EYES_SHUT, MOUTH_OPEN, shown

from facemotion.evaluation import images
from facemotion.evaluation.images import Frame

# Made when asked for: rendering takes seconds, and every process that tests would pay for it while it collects.
DAMAGES: dict[str, Callable[[], Frame]] = {
    "blur": lambda: np.asarray(cv2.GaussianBlur(shown().frame, (0, 0), 1.5), np.float32),
    "shift": lambda: np.roll(shown().frame, 1, axis=1),
    "shut eyes": lambda: shown(**EYES_SHUT).frame,
    "open mouth": lambda: shown(**MOUTH_OPEN).frame,
    "another person": lambda: shown(5).frame,
    "no face": lambda: np.full_like(shown().frame, 0.5),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_psnr_and_ssim_are_those_of_scikit_image(damage: str) -> None:
    judge = pytest.importorskip("skimage.metrics")
    one, other = shown().frame.astype(np.float64), DAMAGES[damage]().astype(np.float64)
    psnr = judge.peak_signal_noise_ratio(one, other, data_range=1.0)
    ssim = judge.structural_similarity(
        one, other, data_range=1.0, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    ours = DAMAGES[damage]()
    assert images.psnr(ours, shown().frame) == pytest.approx(psnr, abs=1e-3)
    assert images.ssim(ours, shown().frame) == pytest.approx(ssim, abs=2e-4)


def test_every_damage_is_seen_and_a_larger_one_costs_more() -> None:
    frame, scores = shown().frame, {}
    for name, make in DAMAGES.items():
        other = make()
        scores[name] = images.l1(other, frame), -images.psnr(other, frame), -images.ssim(other, frame)
    nothing = images.l1(frame, frame), -images.psnr(frame, frame), -images.ssim(frame, frame)
    for name, found in scores.items():
        assert all(value > least for value, least in zip(found, nothing, strict=True)), name
    for small, large in (("shut eyes", "open mouth"), ("open mouth", "another person"), ("open mouth", "no face")):
        assert all(a < b for a, b in zip(scores[small], scores[large], strict=True)), (small, large)
