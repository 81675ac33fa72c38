"""Landmarks of clips: following, losing and finding the face again, and the file they lie in."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from facemotion import config, video
from facemotion.errors import FacemotionError
from facemotion.faces.boxes import face_boxes
from facemotion.faces.registry import detector
from facemotion.ingest.framing import cut_out, steady_square
from facemotion.ingest.landmark_pictures import landmarks_picture
from facemotion.ingest.sheets import MAX_WIDTH, jpeg
from facemotion.landmarks.detect import LandmarkJob, landmarks_of
from facemotion.landmarks.layout import GROUPS, MIRROR, N_POINTS
from facemotion.landmarks.store import FILE, Track, TrackStore, read_tracks, write_tracks
from facemotion.video_writer import Writer

SETTINGS = config.load().landmarks
FPS = Fraction(30000, 1001)


def track(clip_id: str, frames: int, seed: int = 0) -> Track:
    rng = np.random.default_rng(seed)
    points = rng.normal(128, 40, (frames, N_POINTS, 2)).astype(np.float32)
    points[frames // 2] = np.nan
    return Track(clip_id, FPS, points, rng.uniform(0, 1, (frames, N_POINTS)).astype(np.float32))


def test_mirroring_twice_is_nothing_and_keeps_groups() -> None:
    mirror = np.array(MIRROR)
    assert (mirror[mirror] == np.arange(N_POINTS)).all()
    for left, right in (("eye_left", "eye_right"), ("brow_left", "brow_right"), ("jaw", "jaw"), ("pupils", "pupils")):
        assert {MIRROR[k] for k in GROUPS[left]} == set(GROUPS[right])


def test_tracks_come_back_as_they_were(tmp_path: Path) -> None:
    tracks = [track("b", 7, 1), track("a", 3, 2), track("c", 1, 3)]
    write_tracks(tmp_path / "x", tracks)
    write_tracks(tmp_path / "y", tracks[::-1])
    assert (tmp_path / "x" / FILE).read_bytes() == (tmp_path / "y" / FILE).read_bytes()
    store = TrackStore(tmp_path / "x")
    assert store.clip_ids == ["a", "b", "c"]
    assert "b" in store
    assert "d" not in store
    for expected, found in ((tracks[0], store["b"]), (tracks[1], next(iter(read_tracks(tmp_path / "x"))))):
        assert found.fps == FPS
        assert np.array_equal(found.points, expected.points, equal_nan=True)
        assert np.array_equal(found.scores, expected.scores)


def test_files_that_are_none_are_plain_errors(tmp_path: Path) -> None:
    with pytest.raises(FacemotionError, match="dvc repro"):
        TrackStore(tmp_path)
    (tmp_path / FILE).write_bytes(b"nothing")
    with pytest.raises(FacemotionError, match="cannot be read"):
        TrackStore(tmp_path)
    write_tracks(tmp_path / "empty", [])
    assert TrackStore(tmp_path / "empty").clip_ids == []


def clip_of(source: Path, path: Path, start: int, frames: int, hidden: range = range(0)) -> NDArray[np.float64]:
    """A crop of a real clip, grey while `hidden`; the face box of each frame."""
    whole = list(video.frames(source, start, start + frames))
    box = np.array(detector("dlib_hog", 80.0).detect(whole[0])[0].box)
    square = steady_square(box[None], 1.8, 0.12)
    with Writer(path, fps=FPS, width=256, height=256, crf=5, preset="veryfast") as writer:
        for number, frame in enumerate(whole):
            crop = cut_out(frame, square, 256)
            writer.write(np.full_like(crop, 90) if number in hidden else crop)
    scale = 256 / (square[2] - square[0])
    return np.repeat(((box - np.array(square[:2] * 2)) * scale)[None], frames, axis=0)


def job(path: Path, faces: NDArray[np.float64]) -> LandmarkJob:
    return LandmarkJob("clip", path, tuple(tuple(face) for face in faces.tolist()), SETTINGS)


def test_a_hidden_face_is_missing_and_found_again(real_faces: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    faces = clip_of(real_faces / "clips" / "d9.mp4", path, 0, 24, range(10, 15))
    found = landmarks_of(job(path, faces))
    lost = np.isnan(found.points).any(axis=(1, 2))
    assert np.flatnonzero(lost).tolist() == list(range(10, 15))
    assert (found.scores[10:15] == 0).all()
    assert found.scores[~lost][:, :68].mean() > 0.8
    boxes = face_boxes(found.points[~lost])
    assert np.abs(boxes - faces[~lost]).max() < 40


def test_following_is_as_accurate_as_detecting_each_frame(real_faces: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    faces = clip_of(real_faces / "clips" / "d6.mp4", path, 0, 30)
    found = landmarks_of(job(path, faces))
    again = landmarks_of(job(path, faces))
    assert np.array_equal(found.points, again.points)
    hog = detector("dlib_hog", 80.0)
    offs = []
    from facemotion.faces.registry import landmarker

    for number, frame in enumerate(video.frames(path)):
        seen = hog.detect(frame)
        if seen:
            points, _ = landmarker(SETTINGS.landmarker, SETTINGS.averaged).points(frame, seen[0].box)
            width = np.linalg.norm(points[36] - points[45])
            offs.append(np.linalg.norm(points[:68] - found.points[number, :68], axis=1).mean() / width)
    assert len(offs) > 25
    assert np.median(offs) < 0.02


def test_pictures_are_moderate_and_the_same_each_time(real_faces: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    found = landmarks_of(job(path, clip_of(real_faces / "clips" / "d9.mp4", path, 0, 8)))
    first, second = (landmarks_picture([(path, found, found)] * 2) for _ in range(2))
    assert first.shape[1] <= MAX_WIDTH
    assert jpeg(first) == jpeg(second)
