"""The record in a real MLflow store: pipelines with all their stages, and a store that is away for a while."""

import json
import socket
from pathlib import Path

import pytest

from facemotion import tracking
from facemotion.tracking_records import StageRecord, outs_digest


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def record(stage: str, pipeline: str, **changes: object) -> StageRecord:
    values: dict[str, object] = {
        "stage": stage,
        "pipeline": pipeline,
        "pipeline_started": 1000.0,
        "started": 1010.0,
        "ended": 1012.5,
        "ok": True,
        "message": "made 3 things",
        "peak_mib": 321.0,
        "params": {"shots.threshold": 3.0, "a b:c": "x" * 900},
        "tags": {"mlflow.source.git.commit": "abc", "git.dirty": "true"},
        "metrics": {"cut_recall": 0.99, "rate@1": 2.0},
        "deps": {"data/videos": "0123456789abcdef0123456789abcdef.dir", "stages/shots.py": "ffff"},
        "outs": {f"data/{stage}.parquet": f"md5 of {stage}"},
    }
    return StageRecord(**(values | changes))  # type: ignore[arg-type]


def runs(project: Path) -> dict[str, object]:
    client = tracking.open_client()
    return {run.info.run_name: run for run in client.search_runs([tracking.experiment_id()])}


def test_a_pipeline_shows_stages_that_ran_and_those_that_were_up_to_date(project: Path) -> None:
    (project / "reports").mkdir()
    (project / "reports/cuts.png").write_bytes(b"picture")
    tracking.publish(record("shots", "first", artifacts=("reports/cuts.png", "reports/none.png")))
    tracking.publish(record("tubes", "first"))
    cached = {"shots": outs_digest({"data/shots.parquet": "md5 of shots"}), "pack": "unknown"}
    tracking.publish(record("tubes", "second", cached=cached, pipeline_started=2000.0, metrics={}))

    client = tracking.open_client()
    experiment = tracking.experiment_id()
    parents = {
        run.data.tags[tracking.KEY_TAG]: run
        for run in client.search_runs([experiment], "attributes.run_name = 'pipeline'")
    }
    assert set(parents) == {"first", "second"}
    shots = client.search_runs([experiment], "tags.`facemotion.stage` = 'shots'")[0]
    second = parents["second"].data.tags
    assert second["stage.shots"] == f"cached: {shots.info.run_id}"
    assert second["stage.tubes"].startswith("ran: ")
    assert second["stage.pack"] == "cached: outs unknown"
    assert parents["first"].info.status == "FINISHED"

    assert shots.data.tags["mlflow.parentRunId"] == parents["first"].info.run_id
    assert shots.data.tags["git.dirty"] == "true"
    assert shots.data.tags["out.data/shots.parquet"] == "md5 of shots"
    assert shots.data.metrics == {"cut_recall": 0.99, "rate_1": 2.0, "duration_s": 2.5, "peak_mib": 321.0}
    assert shots.data.params["shots.threshold"] == "3.0"
    assert [entry.path for entry in client.list_artifacts(shots.info.run_id, "reports")] == ["reports/cuts.png"]
    assert [entry.dataset.name for entry in shots.inputs.dataset_inputs] == ["data/videos"]


def test_a_failed_stage_is_a_failed_run_and_fails_its_pipeline(project: Path) -> None:
    tracking.publish(record("shots", "p"))
    tracking.publish(record("tubes", "p", ok=False, outs={}))
    status = {name: run.info.status for name, run in runs(project).items()}  # type: ignore[attr-defined]
    assert status == {"shots": "FINISHED", "tubes": "FAILED", "pipeline": "FAILED"}


def test_a_server_out_of_reach_costs_nothing_and_is_told_later(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    tracking.publish(record("shots", "p"))
    assert "is kept in" in caplog.text
    kept = list(tracking.PENDING.glob("*.json"))
    assert len(kept) == 1
    assert json.loads(kept[0].read_text())["stage"] == "shots"

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    tracking.publish(record("tubes", "p"))
    assert set(runs(project)) == {"pipeline", "shots", "tubes"}
    assert not list(tracking.PENDING.iterdir())


def test_a_record_told_twice_is_there_once(project: Path) -> None:
    once = record("shots", "p")
    tracking.publish(once)
    tracking.publish(once)
    assert len(tracking.open_client().search_runs([tracking.experiment_id()])) == 2  # it and the pipeline's


def test_the_newest_finished_run_of_each_model_is_what_one_compares(project: Path) -> None:
    tracking.publish(record("evaluate@b", "first"))
    tracking.publish(record("evaluate@b", "second", started=2010.0, ended=2020.0, metrics={"l1": 0.5}))
    tracking.publish(record("evaluate@b", "third", started=3010.0, ended=3020.0, ok=False))
    tracking.publish(record("evaluate@a", "first"))
    tracking.publish(record("shots", "first"))
    client = tracking.open_client()
    found = [client.get_run(run) for run in tracking.newest_runs("evaluate@")]
    assert [run.info.run_name for run in found] == ["evaluate@a", "evaluate@b"]
    assert found[1].data.metrics["l1"] == 0.5
