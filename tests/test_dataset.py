"""Packed frames: who is in which split, what comes out again, and what reading needs."""

import subprocess
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemotion import config
from facemotion.dataset import images
from facemotion.dataset.packed import PackedSplit
from facemotion.dataset.packing import ClipToPack, plan_shards, write_shard
from facemotion.dataset.split import SPLITS, split_of
from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import N_POINTS
from facemotion.landmarks.store import Track, write_tracks
from facemotion.video_writer import Writer

SETTINGS = config.load().pack
FPS = Fraction(24000, 1001)


def clip(folder: Path, name: str, group: str, frames: int) -> tuple[ClipToPack, Track]:
    path = folder / f"{name}.mp4"
    rng = np.random.default_rng(frames)
    with Writer(path, fps=FPS, width=64, height=64, crf=1, preset="veryfast") as writer:
        for number in range(frames):
            writer.write(np.full((64, 64, 3), (5 * number, 100, 200 - 5 * number), np.uint8))
    points = rng.normal(32, 9, (frames, N_POINTS, 2)).astype(np.float32)
    points[0] = np.nan
    track = Track(name, FPS, points, rng.uniform(0, 1, (frames, N_POINTS)).astype(np.float32))
    return ClipToPack(name, f"person of {name}", group, path, frames, 64), track


@pytest.fixture
def packed(tmp_path: Path) -> tuple[Path, list[ClipToPack], dict[str, Track]]:
    made = [
        clip(tmp_path, name, group, frames)
        for name, group, frames in (("a", "g1", 20), ("b", "g2", 7), ("c", "g3", 12))
    ]
    write_tracks(tmp_path / "landmarks", [track for _, track in made])
    clips = [item for item, _ in made]
    settings = SETTINGS.model_copy(update={"val_share": 0.0, "test_share": 0.0, "shard_mib": 0.02})
    for job in plan_shards(clips, tmp_path / "packed", tmp_path / "landmarks", settings):
        write_shard(job)
    return tmp_path / "packed", clips, {track.clip_id: track for _, track in made}


def test_frames_and_landmarks_come_back(packed: tuple[Path, list[ClipToPack], dict[str, Track]]) -> None:
    folder, clips, tracks = packed
    assert len(list((folder / "train").iterdir())) > 1
    split = PackedSplit(folder / "train")
    assert [c.clip_id for c in split] == ["a", "b", "c"]
    assert split.frames == sum(c.frames for c in clips)
    for item in clips:
        found = split[item.clip_id]
        assert (found.frames, found.person_id, found.rate) == (item.frames, item.person_id, FPS)
        assert np.array_equal(found.points, tracks[item.clip_id].points, equal_nan=True)
        assert np.array_equal(found.scores, tracks[item.clip_id].scores)
        for number in (item.frames - 1, 0, item.frames // 2):
            image = split.image(item.clip_id, number)
            assert image.shape == (64, 64, 3)
            assert np.abs(image.reshape(-1, 3).mean(0) - (5 * number, 100, 200 - 5 * number)).max() < 4
    with pytest.raises(IndexError):
        split["a"].image(20)
    with pytest.raises(IndexError):
        split["a"].image(-1)


def test_same_clips_same_bytes_in_any_order(
    packed: tuple[Path, list[ClipToPack], dict[str, Track]], tmp_path: Path
) -> None:
    folder, clips, _ = packed
    settings = SETTINGS.model_copy(update={"val_share": 0.0, "test_share": 0.0, "shard_mib": 0.02})
    for job in plan_shards(clips[::-1], tmp_path / "again", tmp_path / "landmarks", settings):
        write_shard(job)
    for path in sorted(folder.rglob("*.arrow")):
        assert (tmp_path / "again" / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_an_empty_split_is_a_clear_state(packed: tuple[Path, list[ClipToPack], dict[str, Track]]) -> None:
    folder, _, _ = packed
    empty = PackedSplit(folder / "val")
    assert (len(empty), empty.frames, empty.people) == (0, 0, [])
    with pytest.raises(FacemotionError, match="dvc repro"):
        PackedSplit(folder / "nowhere")


def test_a_damaged_shard_is_a_plain_error(packed: tuple[Path, list[ClipToPack], dict[str, Track]]) -> None:
    folder, _, _ = packed
    shard = min((folder / "train").iterdir())
    shard.write_bytes(shard.read_bytes()[:500])
    with pytest.raises(FacemotionError, match="cannot be read"):
        PackedSplit(folder / "train")


def test_missing_landmarks_are_said(tmp_path: Path) -> None:
    item, _ = clip(tmp_path, "a", "g", 3)
    write_tracks(tmp_path / "landmarks", [])
    job = next(j for j in plan_shards([item], tmp_path / "packed", tmp_path / "landmarks", SETTINGS) if j.clips)
    with pytest.raises(FacemotionError, match="no landmarks of clip a"):
        write_shard(job)
    assert not job.path.exists()


@given(groups=st.sets(st.text(max_size=20), min_size=1, max_size=50), salt=st.text(max_size=5))
def test_a_split_hangs_on_the_group_alone(groups: set[str], salt: str) -> None:
    for group in groups:
        split = split_of(group, salt, 0.125, 0.125)
        assert split in SPLITS
        # Growing the test share takes from val, and growing the rest from train: nobody else moves.
        if split == "test":
            assert split_of(group, salt, 0.125, 0.3) == "test"
        if split == "val":
            assert split_of(group, salt, 0.3, 0.125) == "val"
    assert split_of("x", salt, 0.0, 0.0) == "train"
    assert split_of("x", salt, 0.0, 1.0) == "test"


def test_shares_are_kept() -> None:
    counts = Counter(split_of(f"p{k:05d}", SETTINGS.salt, 0.125, 0.125) for k in range(8000))
    assert counts["val"] == pytest.approx(1000, rel=0.1)
    assert counts["test"] == pytest.approx(1000, rel=0.1)


def test_the_default_people_fill_all_splits() -> None:
    counts = Counter(split_of(f"p{k:04d}", SETTINGS.salt, SETTINGS.val_share, SETTINGS.test_share) for k in range(52))
    assert counts["val"] >= 3
    assert counts["test"] >= 3
    assert counts["val"] + counts["test"] >= 10


def test_jpeg_keeps_the_colour_of_fine_detail() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, ::2] = (220, 40, 40)
    image[:, 1::2] = (40, 60, 200)
    back = images.decode(images.encode(image, 95)).astype(int)
    assert np.abs(back - image).mean() < 4


def test_reading_needs_nothing_of_the_data_stages() -> None:
    code = """
import sys
for name in ("av", "cv2", "polars", "numba", "scipy", "dlib", "pydantic", "torch", "ruamel"):
    sys.modules[name] = None
import facemotion.dataset.packed
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
