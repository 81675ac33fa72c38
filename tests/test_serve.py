"""`facemotion ui`: Prefect with its deployments, MLflow and the page, together from start to end."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Project
from prefect_server import PrefectServer, free_port
from ruamel.yaml import YAML

from facemotion import servers
from facemotion.errors import FacemotionError

ITS_OWN = {"params.yaml", "data", "reports", ".prefect", ".mlflow", ".work"}


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return str(answer.read().decode(errors="replace"))


def test_all_busy_ports_are_told_before_anything_starts() -> None:
    with socket.socket() as one, socket.socket() as other:
        for listening in (one, other):
            listening.bind(("127.0.0.1", 0))
            listening.listen()
        ports = {"ui.one": one.getsockname()[1], "ui.other": other.getsockname()[1], "ui.free": free_port()}
        with pytest.raises(FacemotionError, match=r"taken: ui.one \(\d+\), ui.other \(\d+\); .* params.yaml"):
            servers.check_free(ports)
    with pytest.raises(FacemotionError, match="different ports"):
        servers.check_free({"ui.one": ports["ui.free"], "ui.other": ports["ui.free"]})


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such database')"]
    with (
        servers.running(command, tmp_path / "log") as process,
        pytest.raises(FacemotionError, match="It did not start; it says: no such database"),
    ):
        servers.wait_until_up("It", process, f"http://127.0.0.1:{free_port()}", tmp_path / "log")


def test_what_a_server_has_started_ends_with_it(tmp_path: Path) -> None:
    with servers.running(["sh", "-c", "sleep 600 & echo $!; wait"], tmp_path / "log"):
        while not (tmp_path / "log").read_text().strip():
            time.sleep(0.01)
    child = int((tmp_path / "log").read_text())
    until = time.monotonic() + 60
    while Path(f"/proc/{child}/stat").is_file() and Path(f"/proc/{child}/stat").read_text().split()[2] != "Z":
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.slow
def test_all_is_served_told_and_ended_together(tmp_path: Path) -> None:
    for name in ("params.yaml", "data/source.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    (tmp_path / "reports/assets").mkdir(parents=True)
    (tmp_path / "reports/index.html").write_text("the page")
    (tmp_path / "reports/secret.json").write_text("{}")
    yaml = YAML()
    params = yaml.load(tmp_path / "params.yaml")
    ports = {name: free_port() for name in params["ui"]}
    params["ui"].update(ports)
    yaml.dump(params, tmp_path / "params.yaml")
    environment = Project(tmp_path).environment({"PYTHONPATH": str(ROOT), "COLUMNS": "200"})
    command = [sys.executable, "-m", "facemotion.cli", "ui"]
    served = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment)
    prefect = PrefectServer(f"http://127.0.0.1:{ports['prefect_port']}/api", tmp_path)
    try:
        found = deployments(prefect, served)
        assert set(found) >= {"dag", "retrain"}
        assert [one["schedule"]["cron"] for one in found["retrain"]["schedules"]] == [params["retrain"]["cron"]]
        assert all(one["global_concurrency_limit"]["limit"] == 1 for one in found.values())
        assert set(found["dag"]["parameter_openapi_schema"]["properties"]) == {"stages", "force", "parallel"}
        assert get(f"http://127.0.0.1:{ports['mlflow_port']}/health") == "OK"
        assert get(f"http://127.0.0.1:{ports['report_port']}/") == "the page"
        with pytest.raises(urllib.error.HTTPError):
            get(f"http://127.0.0.1:{ports['report_port']}/secret.json")
        busy = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=300)
        assert busy.returncode == 1
        assert f"ui.prefect_port ({ports['prefect_port']})" in busy.stderr
    finally:
        served.send_signal(signal.SIGINT)
        _, told = served.communicate(timeout=120)
    assert served.returncode == 0, told
    for port in ports.values():
        assert f"http://127.0.0.1:{port}" in told
    servers.check_free(ports)
    assert {path.name for path in tmp_path.iterdir()} <= ITS_OWN


def deployments(prefect: PrefectServer, served: subprocess.Popen[str]) -> dict[str, Any]:
    """By name, as soon as they are there."""
    until = time.monotonic() + 500
    while time.monotonic() < until:
        assert served.poll() is None
        try:
            found = {one["name"]: one for one in prefect.ask("deployments/filter")}
        except (OSError, json.JSONDecodeError):
            found = {}
        if "retrain" in found:
            return found
        time.sleep(0.5)
    raise AssertionError("no deployments came")
