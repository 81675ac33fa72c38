"""What is known of frames comes back from disk as it was, and is refused where it is about other frames."""

from pathlib import Path

import numpy as np
import pytest

from facemotion.errors import FacemotionError
from facemotion.evaluation.faces import Driver
from facemotion.evaluation.images import SCALE
from facemotion.evaluation.known import REGIONS, Known, KnownFrame, TrueFrame
from facemotion.evaluation.true_areas import Areas, TrueFlow

RNG = np.random.default_rng(0)


def mask() -> np.ndarray:
    return RNG.random((SCALE, SCALE)) < 0.3


def true_frame() -> TrueFrame:
    line = np.arange(SCALE, dtype=np.float32)
    here = np.stack(np.meshgrid(line, line), axis=-1)
    smooth = 90 * np.sin(here / 40) + RNG.normal(0, 0.1, here.shape)
    flow = TrueFlow((here + smooth).astype(np.float32), mask())
    regions = {name: mask() for name in REGIONS}
    return TrueFrame(RNG.normal(100, 50, (70, 2)), flow, regions, Areas(mask(), mask(), mask(), mask()))


@pytest.fixture
def known() -> Known:
    driver = Driver((1.5, 2.0, 90.25, 91.0), RNG.normal(100, 50, (70, 2)).astype(np.float32))
    return Known(
        "clip",
        64,
        (
            KnownFrame(0, driver, RNG.normal(size=128), None, true_frame()),
            KnownFrame(3, None, None, False, true_frame()),
            KnownFrame(7, driver, None, True, None),
        ),
    )


def test_all_comes_back(known: Known, tmp_path: Path) -> None:
    known.save(tmp_path)
    read = Known.load(tmp_path, "clip", 64)
    assert [one.frame for one in read.frames] == [0, 3, 7]
    assert [one.convinces for one in read.frames] == [None, False, True]
    assert read.reference.frame == 0
    assert [one.frame for one in read.scored] == [3, 7]
    for kept, found in zip(known.frames, read.frames, strict=True):
        assert (kept.driver is None) == (found.driver is None)
        if kept.driver is not None and found.driver is not None:
            assert found.driver.box == kept.driver.box
            assert np.array_equal(found.driver.points, kept.driver.points)
        assert (kept.true is None) == (found.true is None)
        if kept.true is not None and found.true is not None:
            assert np.array_equal(found.true.points, kept.true.points)
            assert np.abs(found.true.flow.where - kept.true.flow.where).max() < 0.01
            assert np.array_equal(found.true.flow.seen, kept.true.flow.seen)
            assert list(found.true.regions) == list(kept.true.regions)
            for name, region in kept.true.regions.items():
                assert np.array_equal(found.true.regions[name], region)
            for one, other in zip(found.true.areas, kept.true.areas, strict=True):
                assert np.array_equal(one, other)
    assert np.array_equal(read.reference.embedding, known.reference.embedding)


def test_the_same_is_the_same_bytes(known: Known, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        known.save(tmp_path / folder)
    assert (tmp_path / "a/clip.arrow").read_bytes() == (tmp_path / "b/clip.arrow").read_bytes()


def test_what_is_about_frames_of_another_size_is_refused(known: Known, tmp_path: Path) -> None:
    known.save(tmp_path)
    with pytest.raises(FacemotionError, match=r"frames of 64 pixels, but the model makes 128.*image_size"):
        Known.load(tmp_path, "clip", 128)


def test_what_is_missing_or_broken_is_told(known: Known, tmp_path: Path) -> None:
    with pytest.raises(FacemotionError, match="dvc repro -f answers"):
        Known.load(tmp_path, "clip", 64)
    known.save(tmp_path)
    path = tmp_path / "clip.arrow"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(FacemotionError, match="cannot be read"):
        Known.load(tmp_path, "clip", 64)
