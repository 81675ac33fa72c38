"""Back from a model to what it was made from, what differs between runs, records that catch up with their server."""

import json
import socket
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facemotion import tracking
from facemotion.cli import app
from facemotion.tracking_lineage import differences, lineage, told
from facemotion.tracking_records import StageRecord


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def record(stage: str, deps: dict[str, str], outs: dict[str, str], **changes: object) -> StageRecord:
    values: dict[str, object] = {
        "stage": stage, "pipeline": "p", "pipeline_started": 1000.0, "started": 1010.0, "ended": 1012.5, "ok": True,
        "message": "", "peak_mib": 1.0, "params": {"train_coarse.rate": 0.001},
        "tags": {"mlflow.source.git.commit": "abc123", "git.dirty": "false"}, "metrics": {"best_score": 0.5},
        "deps": deps, "outs": outs,
    }  # fmt: skip
    return StageRecord(**(values | changes))  # type: ignore[arg-type]


def recorded() -> None:
    """Two runs of a training, on the same data, and what made the data."""
    tracking.publish(record("pack", {"data/clips": "c.dir", "stages/pack.py": "x"}, {"data/packed/train": "t.dir"}))
    for rate, weights in ((0.001, "w1.dir"), (0.002, "w2.dir")):
        tracking.publish(
            record(
                "train_coarse@keypoints", {"data/packed/train": "t.dir", "stages/train_coarse.py": f"y{rate}"},
                {"models/keypoints_coarse": weights}, params={"train_coarse.rate": rate, "train_coarse.seed": 1},
                started=1000 + rate, ended=1000.5,
            )
        )  # fmt: skip


def test_from_a_model_version_back_to_the_data_and_on_to_the_page() -> None:
    recorded()
    client = tracking.open_client()
    Path("dvc.lock").write_text(
        "stages:\n  train_coarse@keypoints:\n    outs: [{path: models/keypoints_coarse, md5: w1.dir}]\n"
        "  report:\n    outs: [{path: reports/index.html, md5: page}]\n"
    )
    run = client.create_run(tracking.experiment_id(), run_name="retrained")
    client.log_artifact(run.info.run_id, "dvc.lock")
    client.create_registered_model("facemotion")
    version = client.create_model_version(
        "facemotion", "models", run.info.run_id, tags={"variant": "keypoints_coarse", "git": "abc123"}
    )
    client.set_registered_model_alias("facemotion", "champion", version.version)

    line = lineage("models:/facemotion@champion")
    assert [one.stage for one in line.made] == ["train_coarse@keypoints", "pack"]
    assert line.made[0].params["train_coarse.rate"] == "0.001"
    assert line.made[0].revision == "abc123"
    assert line.after == {"reports/index.html": "page"}
    assert line.unknown == {"data/clips": "c.dir"}
    text = "\n".join(told(line))
    assert "from data/packed/train t.dir" in text
    assert "shown in reports/index.html page" in text
    assert lineage("models:/facemotion/1").made == line.made

    answer = CliRunner().invoke(app, ["experiments", "lineage", "models:/facemotion@challenger"])
    assert answer.exit_code
    assert "has no models:/facemotion@challenger" in str(answer.exception)


def test_two_runs_differ_in_what_is_told() -> None:
    recorded()
    client = tracking.open_client()
    runs = client.search_runs([tracking.experiment_id()], "tags.`facemotion.stage` = 'train_coarse@keypoints'")
    by_rate = {run.data.params["train_coarse.rate"]: run.info.run_id for run in runs}
    found = differences(by_rate["0.001"], by_rate["0.002"])
    assert found["param train_coarse.rate"] == ("0.001", "0.002")
    assert found["data models/keypoints_coarse"] == ("w1.dir", "w2.dir")
    assert not {"param train_coarse.seed", "metric best_score", "data data/packed/train"} & set(found)
    shown = CliRunner().invoke(app, ["experiments", "compare", by_rate["0.001"], "pack"]).output
    assert "param train_coarse.seed" in shown
    assert "files of code differ" in shown
    assert "stages/pack.py" not in shown


def test_what_a_slow_server_did_not_take_waits_until_it_is_synchronised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "PATIENCE_S", 1.0)
    with socket.socket() as silent:  # takes connections and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
        tracking._mlflow()
        before = time.monotonic()
        tracking.publish(record("pack", {}, {}))
        assert time.monotonic() - before < 30
    (kept,) = tracking.PENDING.glob("*.json")
    assert json.loads(kept.read_text())["stage"] == "pack"

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    # One whose publisher was killed half-way is not forgotten either.
    other = tracking.PENDING / "5-other.taken"
    other.write_text(json.dumps({**json.loads(kept.read_text()), "id": "other", "stage": "crop"}))
    monkeypatch.setattr(tracking, "STRANDED_S", -1.0)
    answer = CliRunner().invoke(app, ["mlflow", "sync"])
    assert "2 records published" in answer.output
    assert not list(tracking.PENDING.iterdir())
    client = tracking.open_client()
    stages = [run.data.tags.get("facemotion.stage") for run in client.search_runs([tracking.experiment_id()])]
    assert {"pack", "crop"} <= set(stages)


def test_trials_are_runs_under_their_study() -> None:
    from facemotion.tuning import record as of_tuning

    study = of_tuning.start("study-1", "study", "", {}, Path("pictures"))
    trial = of_tuning.start("study-1-0", "trial 0", "study-1", {"train_coarse.rate": 0.001}, Path("pictures"))
    trial.live.metrics([(10, {"val_score": 0.9})])
    trial.end("score 0.9", {"score": 0.9})
    study.end("1 trials", {"trials": 1.0})
    client = tracking.open_client()
    runs = {run.info.run_name: run for run in client.search_runs([tracking.experiment_id()])}
    assert set(runs) == {"study", "trial 0"}
    assert runs["trial 0"].data.tags["mlflow.parentRunId"] == runs["study"].info.run_id
    assert runs["trial 0"].data.metrics["val_score"] == 0.9
    assert "mlflow.parentRunId" not in runs["study"].data.tags
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
