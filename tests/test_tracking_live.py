"""The record of work that goes on: in the run that is closed by its stage's record, the same one after a break."""

import socket
import time
from pathlib import Path

import numpy as np
import pytest

from facemotion import tracking, tracking_live
from facemotion.dataset.images import encode
from facemotion.tracking_live import LiveRun
from facemotion.tracking_records import StageRecord, StageStart

PICTURE = np.full((16, 24, 3), 120, np.uint8)


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(tracking_live, "EVERY_S", 0.05)
    monkeypatch.setattr(tracking_live, "PATIENCE_S", 60.0)


def start(pipeline: str = "p") -> StageStart:
    return StageStart(
        stage="train_coarse@keypoints",
        pipeline=pipeline,
        pipeline_started=1000.0,
        started=1010.0,
        params={f"train_coarse.p{k}": k for k in range(150)},  # more than a server takes at once
        tags={"git.dirty": "false"},
        id="the work",
    )


def record(live: LiveRun, *, pipeline: str = "p", ok: bool = True) -> StageRecord:
    untold = live.close()
    return StageRecord(
        **vars(start(pipeline)), ended=1020.0, ok=ok, message="done", peak_mib=1.0, metrics={"images_s": 9.0},
        deps={f"code/{k}.py": "x" for k in range(150)}, outs={}, untold=untold, step=live.step,
    )  # fmt: skip


def test_a_run_grows_while_the_work_goes_on_and_goes_on_after_a_break() -> None:
    live = LiveRun(start(), Path("pictures"))
    live.metrics([(1, {"loss": 3.0}), (2, {"loss": 2.0})])
    live.picture(2, "train_coarse@keypoints", PICTURE)
    client = tracking.open_client()
    until = time.monotonic() + 60
    while not (runs := client.search_runs([tracking.experiment_id()], "tags.`facemotion.record` = 'the work'")):
        assert time.monotonic() < until
        time.sleep(0.1)
    while len(client.get_metric_history(runs[0].info.run_id, "loss")) < 2:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert client.get_run(runs[0].info.run_id).info.status == "RUNNING"
    tracking.publish(record(live, ok=False))
    run_id = runs[0].info.run_id
    assert client.get_run(run_id).info.status == "FAILED"
    assert [entry.path for entry in client.list_artifacts(run_id, "samples")] == [
        "samples/train_coarse_keypoints_000002.jpg"
    ]
    assert not list(Path("pictures").iterdir())

    again = LiveRun(start("q"), Path("pictures"))
    again.metrics([(3, {"loss": 1.0})])
    tracking.publish(record(again, pipeline="q"))
    (run,) = client.search_runs([tracking.experiment_id()], "tags.`facemotion.stage` = 'train_coarse@keypoints'")
    assert run.info.run_id == run_id
    assert run.info.status == "FINISHED"
    assert [(m.step, m.value) for m in client.get_metric_history(run_id, "loss")] == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert run.data.metrics["images_s"] == 9.0
    assert len(run.data.params) == 150
    assert run.data.tags["dep.code/149.py"] == "x"


def test_pictures_that_a_killed_process_left_are_told_by_the_next() -> None:
    left = Path("pictures/train_coarse_keypoints_000007.jpg")
    left.parent.mkdir()
    left.write_bytes(encode(PICTURE, 90))
    tracking.publish(record(LiveRun(start(), left.parent)))
    (run,) = tracking.open_client().search_runs([tracking.experiment_id()], "tags.`facemotion.record` = 'the work'")
    told = tracking.open_client().list_artifacts(run.info.run_id, tracking_live.PICTURES)
    assert [Path(one.path).name for one in told] == [left.name]
    assert not left.exists()


def test_what_a_server_out_of_reach_was_not_told_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    live = LiveRun(start(), Path("pictures"))
    before = time.monotonic()
    for step in range(1, 300):
        live.metrics([(step, {"loss": 1 / step})])
    assert time.monotonic() - before < 1
    tracking.publish(record(live))
    assert len(list(tracking.PENDING.glob("*.json"))) == 1

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    tracking.publish(
        StageRecord(
            **{**vars(start()), "id": "another", "stage": "pack"}, ended=1030.0, ok=True, message="", peak_mib=1.0,
            metrics={}, deps={}, outs={},
        )
    )  # fmt: skip
    client = tracking.open_client()
    (run,) = client.search_runs([tracking.experiment_id()], "tags.`facemotion.stage` = 'train_coarse@keypoints'")
    history = client.get_metric_history(run.info.run_id, "loss")
    assert sorted(m.step for m in history) == list(range(1, 300))
    assert not list(tracking.PENDING.iterdir())
