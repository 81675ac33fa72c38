"""The whole DAG on the smoke profile: reproducible to the byte, killed or not, and recorded."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from conftest import Project, copy_project
from ruamel.yaml import YAML

pytestmark = pytest.mark.slow

CODE = (
    "import json, os; from facemotion import tracking as t; c = t.open_client(); "
    "print('RUNS' + json.dumps([dict(r.data.tags, name=r.info.run_name, status=r.info.status, id=r.info.run_id, "
    "metrics=r.data.metrics, params=r.data.params) for r in c.search_runs([t.experiment_id()])]))"
)


def recorded(project: Project) -> list[dict[str, Any]]:
    told = project.run(sys.executable, "-c", CODE)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout.split("RUNS", 1)[1])


def hashes(project: Project) -> dict[str, str]:
    return {out["path"]: out["md5"] for stage in project.lock().values() for out in stage["outs"]}


def test_every_out_is_there_and_a_second_run_does_nothing(smoke: Project) -> None:
    for path in hashes(smoke):
        assert (smoke.root / path).exists()
    before = (smoke.root / "dvc.lock").read_bytes()
    assert "Running stage" not in smoke.dvc("--wait-for-lock", "repro")
    assert (smoke.root / "dvc.lock").read_bytes() == before
    assert not list((smoke.root / ".work").glob("*/*/videos")), "unfinished work was left behind"


def test_every_stage_is_a_run_of_one_pipeline(smoke: Project) -> None:
    runs = recorded(smoke)
    (pipeline,) = [run for run in runs if run["name"] == "pipeline"]
    stages = {run["facemotion.stage"]: run for run in runs if run.get("mlflow.parentRunId") == pipeline["id"]}
    assert set(stages) == set(smoke.lock())
    trials = [run for run in runs if run["name"].startswith("trial ")]
    assert {run["mlflow.parentRunId"] for run in trials} == {stages["tune"]["id"]}
    for name, run in stages.items():
        assert pipeline[f"stage.{name.replace('@', '_')}"] == f"ran: {run['id']}"
        assert run["status"] == "FINISHED"
        assert run["metrics"]["duration_s"] > 0
        assert run["metrics"]["peak_mib"] > 10
        for out in smoke.lock()[name]["outs"]:
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


def test_a_training_tells_of_itself_in_the_run_that_its_stage_closes(smoke: Project) -> None:
    (run,) = [run for run in recorded(smoke) if run.get("facemotion.stage") == "train_coarse@keypoints"]
    code = (
        "import json, sys; from facemotion import tracking as t; c = t.open_client(); run = sys.argv[1]; "
        "print('TOLD' + "
        "json.dumps([[m.step for m in c.get_metric_history(run, 'loss')], "
        "[a.path for folder in ('samples', 'models/keypoints_coarse') for a in c.list_artifacts(run, folder)]]))"
    )
    told = smoke.run(sys.executable, "-c", code, run["id"])
    steps, artifacts = json.loads(told.stdout.split("TOLD", 1)[1])
    assert steps == [5, 10, 15, 20]
    assert "samples/train_coarse_keypoints_000020.jpg" in artifacts
    assert {"models/keypoints_coarse/history.csv", "models/keypoints_coarse/config.json"} <= set(artifacts)
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


KILLED = (("fetch", "videos/*.mp4"), ("crop", "**/*.mp4"), ("train_coarse@keypoints", "last.safetensors"))


LAST = "train_refine@keypoints"


def test_killed_thrice_it_still_makes_the_same_bytes(smoke: Project, tmp_path: Path) -> None:
    """Also: another folder, from scratch, gives the same hashes throughout, trained weights among them."""
    project = copy_project(tmp_path, compiled=smoke.root)
    (project.root / "params.yaml").write_bytes((smoke.root / "params.yaml").read_bytes())
    for stage, sign in KILLED:
        kill_during(project, stage, sign)
    project.dvc("repro", LAST, timeout=900)
    made = project.lock()
    assert {"fetch", "pack", "train_coarse@keypoints", LAST} <= set(made)
    assert made == {name: stage for name, stage in smoke.lock().items() if name in made}


@pytest.mark.soak
def test_killed_at_any_time_it_still_makes_the_same_bytes(smoke: Project, tmp_path: Path) -> None:
    project = copy_project(tmp_path, compiled=smoke.root)
    (project.root / "params.yaml").write_bytes((smoke.root / "params.yaml").read_bytes())
    for seconds in range(2, 80, 4):
        process = project.start(sys.executable, "-m", "dvc", "repro")
        time.sleep(seconds)
        kill_family(process.pid)
        process.wait()
        project.dvc("repro", timeout=900)
    assert hashes(project) == hashes(smoke)


def kill_during(project: Project, stage: str, sign: str) -> None:
    """SIGKILL the whole run while `stage` is at work and has made something that matches `sign`."""
    process = project.start(sys.executable, "-m", "dvc", "repro", LAST)
    until = time.monotonic() + 300
    while not list((project.root / ".work" / stage).glob(f"*/{sign}")):
        assert process.poll() is None, f"it ended before {stage} was seen at work"
        assert time.monotonic() < until, f"{stage} was never seen at work"
        time.sleep(0.02)
    kill_family(process.pid)
    process.wait()


def kill_family(pid: int) -> None:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for member in family:
        try:
            os.kill(member.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    psutil.wait_procs(family, timeout=10)


def test_one_parameter_by_dvc_exp_run(smoke_copy: Project) -> None:
    """`dvc exp run -S` re-runs what depends on the parameter, keeps the result as an experiment, and MLflow knows."""
    smoke_copy.run("git", "add", "-A")
    smoke_copy.run("git", "commit", "-qm", "smoke")
    told = smoke_copy.dvc("exp", "run", "-n", "short-clips", "-S", "crop.max_seconds=1.0", "pack", timeout=900)
    assert "Running stage 'crop'" in told
    assert "Running stage 'tubes'" not in told
    params = YAML(typ="safe", pure=True).load((smoke_copy.root / "params.yaml").read_text())
    assert params["crop"]["max_seconds"] == 1.0
    shown = json.loads(smoke_copy.dvc("exp", "show", "--json"))
    assert "short-clips" in json.dumps(shown)
    runs = recorded(smoke_copy)  # newest first
    assert next(run for run in runs if run["name"] == "crop")["dvc.dvc_exp_name"] == "short-clips"
    pipeline = next(run for run in runs if run["name"] == "pipeline")
    assert pipeline["stage.tubes"].startswith("cached: ")
    assert pipeline["stage.crop"].startswith("ran: ")
