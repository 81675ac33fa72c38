"""Shots: cuts exact to the frame, margins, and how they are scored."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemotion import config, schemas, video
from facemotion.ingest.shots import ShotJob, find_cuts, score_cuts, shots_of, trim_shots
from facemotion.video_writer import Writer

SETTINGS = config.load().shots
FPS = Fraction(25)


def scene(seed: int, frame: int) -> video.Image:
    """A drifting picture of soft colours with noise: it moves, but never cuts."""
    rng = np.random.default_rng([seed])
    base = cv2.resize(rng.integers(0, 256, (5, 8, 3), dtype=np.uint8), (280, 180), interpolation=cv2.INTER_CUBIC)
    aside = abs(frame % 48 - 24)
    moved = base[8 : 8 + 144, aside : aside + 256]
    noise = np.random.default_rng([seed, frame]).integers(-6, 7, moved.shape)
    return np.clip(moved + noise, 0, 255).astype(np.uint8)


def film(lengths: list[int]) -> Iterator[video.Image]:
    for seed, length in enumerate(lengths):
        for frame in range(length):
            yield scene(seed, frame)


@pytest.mark.parametrize("lengths", [[60], [40, 30, 50], [25, 12, 1, 30], [1, 40], [30, 2], [20, 1]])
def test_cuts_are_found_on_their_very_frame(lengths: list[int]) -> None:
    expected = np.cumsum(lengths)[:-1].tolist()
    found = find_cuts(film(lengths), FPS, SETTINGS)
    if 1 in lengths[1:-1]:  # a single frame between two shots: at least its edge is known
        assert set(found) & set(expected)
    else:
        assert sorted(found) == expected
        assert all(change >= SETTINGS.min_change for change in found.values())


def test_rows_of_a_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with Writer(path, fps=FPS, width=256, height=144, crf=20, preset="veryfast") as writer:
        for frame in film([40, 8, 50]):
            writer.write(frame)
    rows = shots_of(ShotJob("a", path, SETTINGS, video.Limits()))
    schemas.SHOTS.check(schemas.SHOTS.frame(rows), "here")
    assert [row["cut_frame"] for row in rows] == [0, 40, 48]
    assert [(row["start_frame"], row["end_frame"]) for row in rows] == [(0, 38), (42, 46), (50, 98)]
    assert [row["reason"] for row in rows] == ["", "short", ""]


@given(
    cuts=st.dictionaries(st.integers(1, 299), st.floats(0, 255), max_size=20),
    margin=st.integers(0, 5),
    seconds=st.floats(0, 2),
)
def test_shots_tile_the_video_without_its_cuts(cuts: dict[int, float], margin: int, seconds: float) -> None:
    settings = SETTINGS.model_copy(update={"margin_frames": margin, "min_seconds": seconds})
    rows = trim_shots(cuts, 300, FPS, settings)
    assert [row["cut_frame"] for row in rows] == [0, *sorted(cuts)]
    for row, following in zip(rows, [*sorted(cuts), 300], strict=True):
        assert row["cut_frame"] <= row["start_frame"] <= row["end_frame"]
        if row["accepted"]:
            assert row["end_frame"] <= following
            assert row["end_frame"] - row["start_frame"] >= max(seconds * 25, 1)
            for cut in cuts:
                assert not row["start_frame"] - margin < cut < row["end_frame"] + margin or cut == row["cut_frame"]


def test_scores_count_only_exact_frames() -> None:
    true = {"a": [10, 20], "b": [5], "c": []}
    assert score_cuts({"a": [0, 10, 21], "b": [0, 5]}, true) == {"cut_precision": 2 / 3, "cut_recall": 2 / 3}
    assert score_cuts({}, {"c": []}) == {"cut_precision": 1.0, "cut_recall": 1.0}


def test_real_clips_without_cuts_stay_whole(real_faces: Path) -> None:
    for name in ("d9", "s20"):
        rows = shots_of(ShotJob(name, real_faces / "clips" / f"{name}.mp4", SETTINGS, video.Limits()))
        assert len(rows) == 1
