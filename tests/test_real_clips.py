"""Real videos of wide, tall and square frames on the road of any folder, up to smoothed landmarks."""

import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import Project
from in_process import work

from facemotion import layout, schemas
from facemotion.faces.boxes import face_boxes
from facemotion.faces.registry import embedder
from facemotion.landmarks.store import TrackStore
from facemotion.video import Reader

VIDEOS = ("s18", "s20", "s32")
STAGES = ("plan", "fetch", "shots", "tubes", "crop", "landmarks", "smooth")


@pytest.mark.slow
def test_every_video_gives_clips_of_one_face_in_the_middle(real_faces: Path, project: Project) -> None:
    (project.root / "videos").mkdir()
    for name in VIDEOS:
        (project.root / "videos" / f"{name}.mp4").symlink_to(real_faces / "clips" / f"{name}.mp4")
    for words in (["facemotion.cli", "configure", "folder"], ["facemotion.cli", "source", "scan"]):
        assert project.run(sys.executable, "-m", *words).returncode == 0
    project.set(engine__workers=1)
    for stage in STAGES:
        work(project, stage)
    clips = schemas.CLIPS.read(project.root / layout.CLIP_TABLE).filter("accepted")
    assert {name.rsplit("-", 1)[0] for name in clips["video_id"]} == set(VIDEOS)
    tracks, who = TrackStore(project.root / layout.LANDMARKS_SMOOTH), embedder("dlib_resnet")
    for clip in clips.iter_rows(named=True):
        points = tracks[clip["clip_id"]].points
        assert np.isfinite(points).all(axis=(1, 2)).mean() > 0.98
        points = points[np.isfinite(points).all(axis=(1, 2))]
        boxes = face_boxes(points) / clip["size"]
        assert 0.4 < float(np.median(boxes[:, 2] - boxes[:, 0])) < 0.7
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        assert np.abs(middles.mean(axis=0) - [0.5, 0.5 + 0.12 * np.median(boxes[:, 2] - boxes[:, 0])]).max() < 0.06
        assert np.abs(np.diff(middles, axis=0)).max() < 0.05  # no jump
        frames = list(Reader(project.root / layout.CLIPS / clip["path"]).frames())
        first, last = (who.embed(np.array(frames[k]), points[k]) for k in (0, len(points) - 1))
        assert float(np.linalg.norm(first - last)) < 0.35
    page = project.run(sys.executable, "-m", "facemotion.cli", "source", "quality")
    assert page.returncode == 0, page.stderr
    drawn = (project.root / layout.QUALITY).read_text()
    for part in ("Sharpness", "Exposure", "Face size", "Range of yaw", "Blinks", "Activity of the mouth", "<svg"):
        assert part in drawn
    assert "http" not in drawn.replace("http://www.w3.org", "")
