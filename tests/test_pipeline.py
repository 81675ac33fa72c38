"""The whole DAG on the smoke profile: every out is there, every stage recorded, every model scored."""

import json
import sys
from typing import Any

import pytest
from conftest import Project
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

# Every run, newest first, with the steps at which it told of its loss and what it keeps, in one process: MLflow takes
# seconds to load.
CODE = """
import json
from facemotion import tracking
client = tracking.open_client()
def kept(run, folder=None):
    for file in client.list_artifacts(run, folder):
        yield from kept(run, file.path) if file.is_dir else [file.path]
print("RUNS" + json.dumps([
    dict(run.data.tags, id=run.info.run_id, name=run.info.run_name, status=run.info.status, metrics=run.data.metrics,
         params=run.data.params, artifacts=list(kept(run.info.run_id)),
         steps=[metric.step for metric in client.get_metric_history(run.info.run_id, "loss")])
    for run in client.search_runs([tracking.experiment_id()])
]))
"""


def recorded(project: Project) -> list[dict[str, Any]]:
    told = project.run(sys.executable, "-c", CODE)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout.split("RUNS", 1)[1])


@pytest.fixture(scope="module")
def runs(smoke: Project) -> list[dict[str, Any]]:
    return recorded(smoke)


def hashes(project: Project) -> dict[str, str]:
    return {out["path"]: out["md5"] for stage in project.lock().values() for out in stage["outs"]}


def test_every_out_is_there_and_a_second_run_does_nothing(smoke: Project) -> None:
    for path in hashes(smoke):
        assert (smoke.root / path).exists()
    before = (smoke.root / "dvc.lock").read_bytes()
    assert "Running stage" not in smoke.dvc("--wait-for-lock", "repro")
    assert (smoke.root / "dvc.lock").read_bytes() == before
    assert not list((smoke.root / ".work").glob("*/*/videos")), "unfinished work was left behind"


def test_every_stage_is_a_run_of_one_pipeline(smoke: Project, runs: list[dict[str, Any]]) -> None:
    (pipeline,) = [run for run in runs if run["name"] == "pipeline"]
    stages = {run["facemotion.stage"]: run for run in runs if run.get("mlflow.parentRunId") == pipeline["id"]}
    lock = smoke.lock()
    assert set(stages) == set(lock)
    trials = [run for run in runs if run["name"].startswith("trial ")]
    assert {run["mlflow.parentRunId"] for run in trials} == {stages["tune"]["id"]}
    for name, run in stages.items():
        assert pipeline[f"stage.{name.replace('@', '_')}"] == f"ran: {run['id']}"
        assert run["status"] == "FINISHED"
        assert run["metrics"]["duration_s"] > 0
        assert run["metrics"]["peak_mib"] > 10
        for out in lock[name]["outs"]:
            assert run[f"out.{out['path']}"] == out["md5"]
        assert run["git.dirty"] == "true"  # the smoke profile is laid over the committed params
    assert stages["shots"]["params"]["shots.threshold"] == "3.0"
    assert stages["evaluate@reference"]["params"]["motion"] == "none"
    assert "cut_recall" in stages["shots"]["metrics"]


def test_the_scores_on_smoke_are_sane(smoke: Project) -> None:
    def figures(name: str) -> dict[str, float]:
        return json.loads((smoke.root / f"reports/metrics/{name}.json").read_text())

    assert figures("shots")["cut_recall"] >= 0.98
    assert figures("tubes")["purity"] >= 0.995
    assert figures("synth")["hog_detection_rate"] >= 0.9
    assert figures("smoothing")["jitter_ratio"] <= 0.5
    shown = smoke.dvc("metrics", "show")
    assert "cut_precision" in shown
    assert "purity" in shown


def test_a_training_tells_of_itself_in_the_run_that_its_stage_closes(runs: list[dict[str, Any]]) -> None:
    (run,) = [run for run in runs if run.get("facemotion.stage") == "train_coarse@keypoints"]
    assert run["steps"] == [5, 10, 15, 20]
    assert "samples/train_coarse_keypoints_000020.jpg" in run["artifacts"]
    assert {"models/keypoints_coarse/history.csv", "models/keypoints_coarse/config.json"} <= set(run["artifacts"])
    assert run["metrics"]["images_s"] > 0
    assert run["params"]["train_coarse.steps"] == "20"


def test_models_are_learnt_scored_and_drawn(smoke: Project) -> None:
    def figures(variant: str) -> dict[str, float]:
        return json.loads((smoke.root / f"reports/metrics/evaluate_{variant}.json").read_text())

    still, coarse, refined = map(figures, ("reference", "keypoints_coarse", "keypoints_refined"))
    assert refined["l1"] < coarse["l1"] < still["l1"]
    assert {"akd_truth", "akd_lips", "akd_eyes", "akd_truth_bias", "mkr", "epe", "epe_face", "epe_lips"} <= set(still)
    assert refined["epe_step0"] != refined["epe"]
    assert still["akd_truth_bias"] == refined["akd_truth_bias"]
    assert {"cross_l1", "cross_akd_truth", "cross_csim_dlib", "cross_epe_lips"} <= set(still)
    assert {"cross_l1", "cross_l1_absolute"} <= set(refined)
    assert "cross_l1_absolute" not in still
    for variant in ("reference", "keypoints_coarse", "keypoints_refined"):
        drawn = {path.stem for path in (smoke.root / f"reports/pictures/evaluate_{variant}").glob("*.jpg")}
        assert drawn == {"faces", "eyes", "lips", "cross"}
    smoke.dvc("plots", "show")
    page = (smoke.root / "dvc_plots/index.html").read_text()
    for title in ("loss of the coarse training", "loss of the refinement", "validation score", "validation l1"):
        assert title in page


def test_one_parameter_by_dvc_exp_run(smoke_copy: Project) -> None:
    """`dvc exp run -S` re-runs what depends on the parameter, keeps the result as an experiment, and MLflow knows."""
    smoke_copy.run("git", "add", "-A")
    smoke_copy.run("git", "commit", "-qm", "smoke")
    told = smoke_copy.dvc("exp", "run", "-n", "doubtful", "-S", "smooth.doubt=4.0", "smooth", timeout=900)
    assert "Running stage 'smooth'" in told
    assert "Running stage 'landmarks'" not in told
    params = YAML(typ="safe", pure=True).load((smoke_copy.root / "params.yaml").read_text())
    assert params["smooth"]["doubt"] == 4.0
    shown = json.loads(smoke_copy.dvc("exp", "show", "--json"))
    assert "doubtful" in json.dumps(shown)
    runs = recorded(smoke_copy)  # newest first
    assert next(run for run in runs if run["name"] == "smooth")["dvc.dvc_exp_name"] == "doubtful"
    pipeline = next(run for run in runs if run["name"] == "pipeline")
    assert pipeline["stage.landmarks"].startswith("cached: ")
    assert pipeline["stage.smooth"].startswith("ran: ")
