"""dlib's networks as they are run here give what dlib's own code gives."""

from pathlib import Path

import cv2
import dlib
import numpy as np
import pytest

from facemotion import weights
from facemotion.errors import FacemotionError
from facemotion.faces.dlib_forest import Forest
from facemotion.faces.dlib_network import CHIP_PX, Network
from facemotion.video import Image


def cloudy(seed: int, *shape: int) -> Image:
    """Soft random shapes, dark and bright."""
    noise = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 12)
    return np.clip(soft / soft.std() * 50 + 120, 0, 255).astype(np.uint8)


def test_the_forest_finds_dlibs_points_to_the_pixel() -> None:
    forest, own = Forest.load(), dlib.shape_predictor(str(weights.need(weights.POINTS_68)))
    boxes = np.array([[80, 80, 279, 279], [74, 90, 281, 260], [-60, 20, 150, 250], [300, 300, 420, 410]])
    for seed in range(12):
        grey = cloudy(seed, 360, 360)
        shapes = [own(grey, dlib.rectangle(*box)) for box in boxes.tolist()]
        expected = [[(part.x, part.y) for part in shape.parts()] for shape in shapes]
        assert (forest.predict(grey, boxes) == np.array(expected)).all()


def test_the_network_describes_faces_as_dlib_does() -> None:
    network, own = Network.load(), dlib.face_recognition_model_v1(str(weights.need(weights.RECOGNITION)))
    for seed in range(3):
        chip = cloudy(seed, CHIP_PX, CHIP_PX, 3)
        assert network.describe(chip) == pytest.approx(np.array(own.compute_face_descriptor(chip)), abs=1e-5)


@pytest.mark.parametrize("kind", [Forest, Network])
def test_another_file_by_that_name_is_told_apart(
    kind: type[Forest] | type[Network], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.dat"
    broken.write_bytes(b"\x01\x01" * 50)
    monkeypatch.setattr(weights, "need", lambda wanted: broken)
    with pytest.raises(FacemotionError, match="remove it and get it again"):
        kind.load()
