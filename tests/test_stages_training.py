"""The stages that train, run as a person runs them: what is wrong is told, and a record out of reach costs nothing."""

import json
import os
import shutil
import socket
import sys
from pathlib import Path

import pytest
from conftest import Project, copy_project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def packed(smoke: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy with packed clips and a coarse model, in which a stage may be run by itself."""
    project = copy_project(tmp_path_factory.mktemp("packed"), compiled=smoke.root)
    for name in ("params.yaml", "models/tuned.yaml"):
        (project.root / name).parent.mkdir(exist_ok=True)
        shutil.copy2(smoke.root / name, project.root / name)
    for name in ("data/packed", "models/keypoints_coarse"):
        shutil.copytree(smoke.root / name, project.root / name, copy_function=os.link)
    return project


def stage(project: Project, *words: str, **environment: str) -> str:
    told = project.run(sys.executable, "-m", *words, **environment)
    assert "Traceback" not in told.stderr
    return f"{told.returncode} {told.stderr}"


def test_a_record_out_of_reach_neither_stops_nor_changes_a_training(smoke: Project, packed: Project) -> None:
    with socket.socket() as silent:  # takes connections and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        away = {
            "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "2",
        }
        told = stage(packed, "stages.train_refine", "keypoints", **away)
    assert told.startswith("0 "), told
    for name in ("weights.safetensors", "history.csv", "config.json"):
        made = packed.root / "models/keypoints_refined" / name
        assert made.read_bytes() == (smoke.root / "models/keypoints_refined" / name).read_bytes()
    (kept,) = (packed.root / ".work/tracking").glob("*.json")
    record = json.loads(kept.read_text())
    assert record["stage"] == "train_refine@keypoints"
    assert {step for _, step, values in record["untold"] if "loss" in values} == {5, 10}
    assert not (packed.root / ".work/train_refine@keypoints").exists()


@pytest.fixture
def alone(packed: Project, tmp_path: Path) -> Project:
    """That copy once more, to be spoilt; nothing but what a stage reads."""
    shutil.copytree(
        packed.root, tmp_path / "copy", copy_function=os.link, ignore=shutil.ignore_patterns(".work", ".mlflow")
    )
    return Project(tmp_path / "copy")


def spoil(path: Path, content: bytes) -> None:
    path.unlink()  # a link to a file of another test
    path.write_bytes(content)


def test_a_truncated_coarse_model_is_told(alone: Project) -> None:
    weights = alone.root / "models/keypoints_coarse/weights.safetensors"
    spoil(weights, weights.read_bytes()[:5000])
    told = stage(alone, "stages.train_refine", "keypoints", "--debug", "short")
    assert told.startswith("1 ")
    assert "models/keypoints_coarse/weights.safetensors is truncated" in told
    assert "train it again" in told


def test_a_coarse_model_of_another_size_is_told(alone: Project) -> None:
    params = alone.root / "params.yaml"
    spoil(params, params.read_bytes().replace(b"    count: 15 ", b"    count: 11 "))
    told = stage(alone, "stages.train_refine", "keypoints", "--debug", "short")
    assert told.startswith("1 ")
    assert "does not fit the model" in told
    assert "of another size" in told


def test_an_empty_train_split_is_told_and_a_missing_validation_is_not_fatal(alone: Project) -> None:
    """Val and train change places with the empty split that the smoke profile's salt does not give."""
    empty = (
        "import sys; from pathlib import Path; import pyarrow as pa; from facemotion.dataset.shard import SCHEMA\n"
        "for p in sorted(Path(sys.argv[1]).glob('*.arrow')): p.unlink()\n"
        "with pa.ipc.new_file(str(Path(sys.argv[1]) / '00000.arrow'), SCHEMA): pass"
    )
    assert alone.run(sys.executable, "-c", empty, "data/packed/val").returncode == 0
    told = stage(alone, "stages.train_coarse", "keypoints", "--debug", "short")
    assert told.startswith("0 "), told
    assert "no validation clip" in told
    assert "history and pictures are in .work/debug/train_coarse@keypoints-short" in told
    assert (alone.root / ".work/debug/train_coarse@keypoints-short/history.csv").is_file()
    assert not (alone.root / ".mlflow").exists()
    assert alone.run(sys.executable, "-c", empty, "data/packed/train").returncode == 0
    told = stage(alone, "stages.train_coarse", "keypoints", "--debug", "short")
    assert told.startswith("1 ")
    assert "data/packed/train holds no clip" in told
    assert "pack.val_share" in told


def test_people_who_were_learnt_from_are_refused_as_judges(alone: Project) -> None:
    test, train = alone.root / "data/packed/test", alone.root / "data/packed/train"
    score = alone.root / "reports/metrics/evaluate_reference.json"
    score.unlink()  # the committed one
    spoil(test / "00000.arrow", next(train.glob("*.arrow")).read_bytes())
    told = stage(alone, "stages.evaluate", "reference")
    assert told.startswith("1 ")
    assert "people are in data/packed/test and in data/packed/train" in told
    assert "dvc repro -f pack" in told
    assert not score.exists()
