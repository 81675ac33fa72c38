"""What goes wrong is told in one message that says what, where and what to do, with a non-zero exit."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Project

from facemotion import video


@pytest.fixture(autouse=True, scope="module")
def _one_record_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Making a store takes seconds, and no test here reads it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEMOTION_TEST_RECORD", f"sqlite:///{tmp_path_factory.mktemp('record')}/mlflow.db")
        yield


def fails(project: Project, stage: str, *said: str) -> None:
    told = project.run(sys.executable, "-m", f"stages.{stage}")
    assert told.returncode == 1, told.stderr
    for words in said:
        assert words in told.stderr
    assert "Traceback" not in told.stderr


def test_a_typo_in_params_ends_the_pipeline_at_once(project: Project) -> None:
    params = project.root / "params.yaml"
    params.write_text(params.read_text().replace("  people:", "  poeple:"))
    told = project.run(sys.executable, "-m", "dvc", "repro")
    assert told.returncode != 0
    fails(project, "plan", "params.yaml: synthetic.poeple is not a known key; did you mean 'people'?")


def folder_of(project: Project, **videos: bytes) -> None:
    folder = project.root / "videos"
    folder.mkdir()
    for name, content in videos.items():
        (folder / f"{name}.mp4").write_bytes(content)
    for words in (["configure", "folder"], ["source", "scan"]):
        assert project.run(sys.executable, "-m", "facemotion.cli", *words).returncode == 0


def stage(project: Project, name: str) -> None:
    told = project.run(sys.executable, "-m", f"stages.{name}")
    assert told.returncode == 0, told.stderr


def test_an_empty_folder_is_told(project: Project) -> None:
    folder_of(project)
    fails(project, "plan", "holds no video", "videos")


def test_a_folder_that_was_not_scanned_is_told(project: Project) -> None:
    folder_of(project)
    (project.root / "data/source.json").write_text('{"files": {}, "kind": "synthetic", "path": ""}')
    fails(project, "plan", "facemotion source scan")


def test_nothing_but_broken_videos_is_told_and_each_has_its_reason(project: Project) -> None:
    folder_of(project, text=b"this is no video", nothing=b"", noise=bytes(range(256)) * 64)
    stage(project, "plan")
    fails(project, "fetch", "none of the 3 planned videos", "corrupt", "videos/text.mp4 cannot be decoded")
    assert not (project.root / "data/videos.parquet").exists()


def noise_video(path: Path) -> None:
    rng = np.random.default_rng(0)
    with video.Writer(path, fps=25, width=320, height=240, crf=23, preset="ultrafast", threads=1) as writer:
        for _ in range(50):
            writer.write(np.kron(rng.integers(0, 256, (15, 20, 3)), np.ones((16, 16, 1))).astype(np.uint8))


@pytest.mark.slow
def test_no_face_in_any_video_is_told(project: Project) -> None:
    folder_of(project)
    noise_video(project.root / "videos/one.mp4")
    (project.root / "videos/broken.mp4").write_bytes(b"not a video")
    assert project.run(sys.executable, "-m", "facemotion.cli", "source", "scan").returncode == 0
    for name in ("plan", "fetch", "shots"):
        stage(project, name)
    fails(project, "tubes", "no face", "params.yaml")


def test_a_place_that_cannot_be_written_is_told(project: Project) -> None:
    stage(project, "plan")
    shutil.rmtree(project.root / ".work")
    (project.root / ".work").write_text("a file in the way")
    fails(project, "fetch", ".work")


def test_a_stage_before_its_input_is_told(project: Project) -> None:
    fails(project, "shots", "data/videos.parquet does not exist", "dvc repro")
