"""A Prefect server of the tests' own, and what it knows of flow runs."""

import json
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from facemotion import servers
from pipelines import prefect_settings

PATIENCE_S: Final = 60.0


class PrefectServer(NamedTuple):
    address: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"PREFECT_API_URL": self.address, "PREFECT_HOME": str(self.home), **prefect_settings.SETTINGS}

    def ask(self, path: str, **words: Any) -> Any:
        """POST, as the UI does; a busy database is asked again, as Prefect's own clients do."""
        request = urllib.request.Request(
            f"{self.address}/{path}", json.dumps(words).encode(), {"Content-Type": "application/json"}
        )
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                if error.code != 503 or time.monotonic() > until:
                    raise
            time.sleep(1)

    def newest_run(self, flow: str) -> Any:
        """Of those that have begun: what a schedule has put down for tomorrow would come first."""
        wanted, begun = {"name": {"any_": [flow]}}, {"start_time": {"is_null_": False}}
        (run,) = self.ask("flow_runs/filter", flows=wanted, flow_runs=begun, sort="START_TIME_DESC", limit=1)
        return run

    def run(self, number: str) -> Any:
        (run,) = self.ask("flow_runs/filter", flow_runs={"id": {"any_": [number]}})
        return run

    def tasks(self, run: Any) -> dict[str, Any]:
        found = self.ask("task_runs/filter", flow_runs={"id": {"any_": [run["id"]]}}, limit=200)
        return {task["name"]: task for task in found}

    def states(self, run: Any) -> dict[str, str]:
        return {name: task["state_name"] for name, task in self.tasks(run).items()}

    def artifacts(self, run: Any) -> dict[str, Any]:
        found = self.ask("artifacts/filter", artifacts={"flow_run_id": {"any_": [run["id"]]}}, limit=200)
        return {artifact["key"]: artifact for artifact in found}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(home: Path) -> Iterator[PrefectServer]:
    port = free_port()
    server = PrefectServer(f"http://127.0.0.1:{port}/api", home)
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    told = home / "server.log"
    with servers.running(command, told, environment=server.environment) as process:
        servers.wait_until_up("Prefect", process, f"{server.address}/health", told)
        yield server
