"""What an interrupted stage leaves: the next run of the same work finds it, another's drops it and says why."""

import logging
from pathlib import Path
from typing import Any

import pytest

from facemotion.tracking_records import StageStart
from stages.harness import Notes
from stages.provenance import work_key


def notes(deps: dict[str, str], **params: Any) -> Notes:
    start = StageStart(stage="train", pipeline="p", pipeline_started=0.0, started=0.0, params=params, tags={})
    return Notes("train", work_key(deps, params), deps, start)


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_same_work_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    first = notes({"data/a": "1"}, rate=0.1)
    (first.work / "kept").touch()
    again = notes({"data/a": "1"}, rate=0.1)
    assert (again.work / "kept").exists()
    assert not caplog.records
    again.done_with_work()
    assert not first.work.parent.joinpath("kept").exists()


def test_other_work_is_dropped_and_what_differs_is_told(caplog: pytest.LogCaptureFixture) -> None:
    old = notes({"data/a": "1", "facemotion/x.py": "1"}, rate=0.1, steps=3).work
    (old / "kept").touch()
    with caplog.at_level(logging.WARNING):
        new = notes({"data/a": "1", "facemotion/x.py": "2"}, rate=0.2, steps=3).work
    assert not old.exists()
    assert new.is_dir()
    assert "train begins anew" in caplog.text
    assert "facemotion/x.py, rate (0.1 -> 0.2) changed" in caplog.text
    assert "steps" not in caplog.text
    assert "data/a" not in caplog.text


def test_how_it_is_worked_through_makes_no_other_work() -> None:
    work = notes({}, train_refine={"accumulate": 1, "workers": 1, "rate": 0.1}).work
    assert notes({}, train_refine={"accumulate": 4, "workers": 2, "rate": 0.1}).work == work
    assert notes({}, train_refine={"accumulate": 4, "workers": 2, "rate": 0.2}).work != work
