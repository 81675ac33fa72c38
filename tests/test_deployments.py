"""Runs started as Prefect's UI starts them, with parameters of a person's own: a search, and retrainings in turn."""

import os
import signal
import sys
import time
import urllib.error
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import toy_retrain
from prefect_server import PrefectServer
from toy_dag import Toy

from facemotion import config
from pipelines import worktrees

QUICK = {
    "trials": 2, "steps": 2, "startup": 1, "validate_every": 1, "validation_pairs": 2,
    "again": {"steps": 2, "seeds": 1},
}  # fmt: skip
SECONDS = 600.0  # on a machine that has other work
OVER = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    toy = toy_retrain.make(tmp_path)
    toy.set(**{f"tune__{key}": value for key, value in QUICK.items()})
    toy.run("git", "commit", "-qam", "quick")
    toy.dvc("repro", "learn")
    return toy


@pytest.fixture
def deployed(toy: Toy, prefect_server: PrefectServer) -> Iterator[dict[str, str]]:
    """The deployments' ids, by name, while they are served."""
    process = toy.start(sys.executable, "-m", "pipelines.deployments", **prefect_server.environment)
    try:
        until = time.monotonic() + SECONDS
        found: dict[str, str] = {}
        while set(found) < {"dag", "retrain", "tune"}:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.2)
            found = {one["name"]: one["id"] for one in prefect_server.ask("deployments/filter")}
        yield found
    finally:
        process.terminate()
        process.wait(60)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def ended(server: PrefectServer, runs: list[Any]) -> list[Any]:
    """The runs as they are at their end, in the order in which they began."""
    until = time.monotonic() + SECONDS
    while True:
        found = server.ask("flow_runs/filter", flow_runs={"id": {"any_": [run["id"] for run in runs]}})
        if all(run["state_type"] in OVER for run in found):
            return sorted(found, key=lambda run: run["start_time"])
        assert time.monotonic() < until, [(run["name"], run["state_name"]) for run in found]
        time.sleep(1)


def planned(server: PrefectServer, deployment: str) -> list[Any]:
    """Runs of it that the server will start by itself; it thinks of them some seconds after it is told the times."""
    until = time.monotonic() + SECONDS
    while True:
        wanted = {"deployment_id": {"any_": [deployment]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
        found: list[Any] = server.ask("flow_runs/filter", flow_runs=wanted)
        if found or time.monotonic() > until:
            return found
        time.sleep(1)


@pytest.mark.slow
def test_what_is_started_in_the_ui_runs_with_its_parameters_and_retrainings_in_turn(
    toy: Toy, prefect_server: PrefectServer, deployed: dict[str, str]
) -> None:
    def start(name: str, **parameters: Any) -> Any:
        made = f"deployments/{deployed[name]}/create_flow_run"
        return prefect_server.ask(made, parameters=parameters, state={"type": "SCHEDULED"})

    assert planned(prefect_server, deployed["retrain"]), "nothing will start by the clock"
    with pytest.raises(urllib.error.HTTPError):
        start("tune", trials="many")
    retrainings = [start("retrain", changes={"evaluate.stride": stride}) for stride in (4, 6)]
    search = start("tune", trials=3)
    first, second = ended(prefect_server, retrainings)
    assert first["state_type"] == second["state_type"] == "COMPLETED", (first["state"], second["state"])
    assert "tiny is the champion now, version 1: the first" in first["state"]["message"]
    assert "nothing new" in second["state"]["message"]
    assert datetime.fromisoformat(first["end_time"]) <= datetime.fromisoformat(second["start_time"])
    tree = toy.root / worktrees.HOME / "tree"
    assert config.load(tree / "params.yaml").evaluate.stride == second["parameters"]["changes"]["evaluate.stride"]

    (found,) = ended(prefect_server, [search])
    assert found["state_type"] == "COMPLETED", found["state"]
    told = prefect_server.artifacts(found)["tuning"]["data"]
    assert "3 trials: " in told
    assert told.count("\n- trial ") == 3
    logged = prefect_server.ask("logs/filter", logs={"flow_run_id": {"any_": [search["id"]]}}, limit=200)
    assert any("trial 0, " in line["message"] and "(the default)" in line["message"] for line in logged)
