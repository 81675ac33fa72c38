"""`python -m pipelines.serve`: Prefect with its deployments, MLflow and the page of results on the loopback address,
until Ctrl-C ends them together."""

import json
import logging
import os
import signal
import sys
import time
import urllib.parse
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from facemotion import config, console, servers, tracking
from facemotion.errors import FacemotionError
from facemotion.files import write_text
from facemotion.servers import HOST
from pipelines import prefect_settings

log = logging.getLogger("pipelines")
SCORED: Final = "evaluate@"  # stages whose runs one compares


def main() -> None:
    console.setup_logging()
    ports = config.load().ui
    servers.check_free({f"ui.{name}": port for name, port in ports.model_dump().items()})
    api = f"http://{HOST}:{ports.prefect_port}/api"
    python = [sys.executable, "-m"]
    loopback = ["--host", HOST, "--port"]
    # This process's server, whatever another one the environment may name.
    ours = {"PREFECT_API_URL": api, "PREFECT_SERVER_UI_API_URL": api}
    experiment = tracking.experiment_id()
    store = ["--backend-store-uri", tracking.address(), "--workers", "1"]
    page = f"http://{HOST}:{ports.report_port}"
    started = (
        ("Prefect", [*python, "prefect", "server", "start", *loopback, str(ports.prefect_port)], f"{api}/health"),
        ("MLflow", [*python, "mlflow", "server", *loopback, str(ports.mlflow_port), *store],
         f"http://{HOST}:{ports.mlflow_port}/health"),
        ("the page", [*python, "pipelines.report_server", str(ports.report_port)], None),
    )  # fmt: skip
    # A shell's background job starts with Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as it is under nohup
        signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))  # the terminal is closed
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(servers.running(command, told(name), environment=ours))
            for name, command, _ in started
        }
        for name, _, health in started:
            if health is not None:
                servers.wait_until_up(name, processes[name], health, told(name))
        write_text(prefect_settings.SERVER, api)  # for `facemotion run` in another terminal
        stack.callback(prefect_settings.SERVER.unlink, missing_ok=True)
        command = [*python, "pipelines.deployments"]
        processes["the deployments"] = stack.enter_context(
            servers.running(command, told("the deployments"), environment=ours)
        )
        log.info("Prefect: http://%s:%d/deployments", HOST, ports.prefect_port)
        log.info("MLflow: http://%s:%d/#/experiments/%s/runs", HOST, ports.mlflow_port, experiment)
        log.info("page of results: %s", page)
        scored = tracking.newest_runs(SCORED)
        if len(scored) > 1:
            log.info("models side by side: %s", compared(ports.mlflow_port, scored, experiment))
        log.info("Ctrl-C ends them")
        while True:
            for name, process in processes.items():
                if process.poll() is not None:
                    said = told(name).read_text(errors="replace").strip()[-600:]
                    raise FacemotionError(f"{name} ended by itself; it says: {said}")
            time.sleep(1)


def told(name: str) -> Path:
    return prefect_settings.HOME / f"{name.replace('the ', '').lower()}.log"


def compared(port: int, runs: list[str], experiment: str) -> str:
    words = urllib.parse.urlencode({"runs": json.dumps(runs), "experiments": json.dumps([experiment])})
    return f"http://{HOST}:{port}/#/compare-runs?{words}"


if __name__ == "__main__":
    os.environ.pop("PREFECT_API_URL", None)
    try:
        main()
    except FacemotionError as error:
        sys.exit(f"facemotion: {error}")
    except KeyboardInterrupt:
        log.info("ended")
        sys.exit(0)
