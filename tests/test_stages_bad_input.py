"""What goes wrong is told in one message that says what, where and what to do, with a non-zero exit."""

import json
import shutil
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from conftest import Project
from in_process import work

from facemotion import config, schemas
from facemotion.dataset.images import encode
from facemotion.dataset.packing import batch_of, write_batches
from facemotion.landmarks.layout import N_POINTS
from facemotion.sources import scan
from facemotion.video_writer import Writer


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
    project.set(source__kind="folder", source__path="videos", engine__workers=1)
    listed(project)


def listed(project: Project) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        scan.save(scan.scan(config.load().source))


def test_an_empty_folder_is_told(project: Project) -> None:
    folder_of(project)
    fails(project, "plan", "holds no video", "videos")


def test_a_folder_that_was_not_scanned_is_told(project: Project) -> None:
    folder_of(project)
    (project.root / "data/source.json").write_text('{"files": {}, "kind": "synthetic", "path": ""}')
    fails(project, "plan", "facemotion source scan")


def test_nothing_but_broken_videos_is_told_and_each_has_its_reason(project: Project) -> None:
    folder_of(project, text=b"this is no video", nothing=b"", noise=bytes(range(256)) * 64)
    work(project, "plan")
    fails(project, "fetch", "none of the 3 planned videos", "corrupt", "videos/text.mp4 cannot be decoded")
    assert not (project.root / "data/videos.parquet").exists()


def noise_video(path: Path) -> None:
    rng = np.random.default_rng(0)
    with Writer(path, fps=25, width=320, height=240, crf=23, preset="ultrafast", threads=1) as writer:
        for _ in range(50):
            writer.write(np.kron(rng.integers(0, 256, (15, 20, 3)), np.ones((16, 16, 1))).astype(np.uint8))


@pytest.mark.slow
def test_no_face_in_any_video_is_told(project: Project) -> None:
    folder_of(project)
    noise_video(project.root / "videos/one.mp4")
    (project.root / "videos/broken.mp4").write_bytes(b"not a video")
    listed(project)
    for name in ("plan", "fetch", "shots"):
        work(project, name)
    fails(project, "tubes", "no face", "params.yaml")


def test_a_place_that_cannot_be_written_is_told(project: Project) -> None:
    work(project, "plan")
    shutil.rmtree(project.root / ".work", ignore_errors=True)
    (project.root / ".work").write_text("a file in the way")
    fails(project, "fetch", ".work")


def test_a_stage_before_its_input_is_told(project: Project) -> None:
    fails(project, "shots", "data/videos.parquet does not exist", "dvc repro")


EVALUATED = ("data/packed/train/00000.arrow", "data/packed/val/00000.arrow", "data/packed/test/00000.arrow")


def packed(project: Project, people: dict[str, str], frames: int = 6) -> None:
    """Grey clips of people without a face, by clip, in the test split; the other splits are empty."""
    project.set(engine__workers=1)
    grey = encode(np.full((256, 256, 3), 90, np.uint8), 90)
    nothing = np.full((frames, N_POINTS, 2), np.nan), np.zeros((frames, N_POINTS))
    numbers = np.arange(frames)
    clips = [
        batch_of(clip, person, numbers, Fraction(25), [grey] * frames, *nothing) for clip, person in people.items()
    ]
    for path in EVALUATED:
        write_batches(clips if "test" in path else [], project.root / path)
    (project.root / "data/truth").mkdir(parents=True)
    schemas.CLIPS.write(schemas.CLIPS.frame([]), project.root / "data/clips.parquet")


def evaluated(project: Project) -> tuple[dict[str, float], dict[str, float], str]:
    """The metric files of the pairs and of the reference's evaluation, once both stages have run, and what the last one
    said."""
    work(project, "answers")
    told = project.run(sys.executable, "-m", "stages.evaluate", "reference")
    assert told.returncode == 0, told.stderr
    known, scored = (project.root / f"reports/metrics/{name}.json" for name in ("answers", "evaluate_reference"))
    return json.loads(known.read_text()), json.loads(scored.read_text()), told.stderr


@pytest.mark.slow
def test_clips_without_a_face_are_scored_for_what_can_be_and_say_so(project: Project) -> None:
    packed(project, {"one": "ann", "two": "bob"})
    known, scored, _ = evaluated(project)
    assert known == {"answered": 0, "clips": 2, "detected": 0.0, "frames": 4, "pairs": 2}
    assert scored["undetected"] == scored["cross_undetected"] == 1.0
    assert scored["l1"] < 0.01
    assert not {"akd_dlib", "mkr", "cross_l1", "cross_mkr", "epe"} & set(scored)
    assert schemas.ERROR_MAPS.read(project.root / "reports/scores/reference_maps.parquet").is_empty()


@pytest.mark.slow
def test_with_nobody_held_out_the_record_is_empty_and_says_why(project: Project) -> None:
    packed(project, {})
    known, scored, said = evaluated(project)
    assert (known, scored) == ({"answered": 0, "clips": 0, "frames": 0, "pairs": 0}, {})
    assert "nobody to judge by: no person of this footage is in the test split" in said
    for name in ("reference", "reference_frames", "reference_maps"):
        assert (project.root / f"reports/scores/{name}.parquet").is_file()
    assert list((project.root / "reports/pictures/evaluate_reference").iterdir()) == []


@pytest.mark.slow
def test_one_clip_alone_makes_no_pairs_and_a_variant_without_weights_is_told(project: Project) -> None:
    packed(project, {"one": "ann"})
    work(project, "answers")
    known = json.loads((project.root / "reports/metrics/answers.json").read_text())
    assert (known["clips"], known["pairs"]) == (1, 0)
    told = project.run(sys.executable, "-m", "stages.evaluate", "keypoints_coarse")
    assert told.returncode == 1
    assert "cannot read models/keypoints_coarse/config.json" in told.stderr
    assert "give the folder of a trained model" in told.stderr


@pytest.mark.slow
def test_a_person_whom_training_saw_ends_the_evaluation(project: Project) -> None:
    packed(project, {"one": "ann"})
    shutil.copy(project.root / EVALUATED[2], project.root / EVALUATED[0])
    fails(project, "answers", "1 people are in data/packed/test and in data/packed/train (ann)", "flatter")
