"""MLflow's pages on the loopback address, for as long as a person looks."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Final

from facemotion import tracking
from facemotion.errors import FacemotionError

log = logging.getLogger(__name__)
HOST: Final = "127.0.0.1"
SECONDS_TO_START: Final = 90.0
SCORED: Final = "evaluate@"  # stages whose runs one compares


def serve(port: int) -> None:
    """Start MLflow, say where its runs are, and end it with Ctrl-C."""
    if _taken(port):
        raise FacemotionError(f"port {port} of {HOST} is taken; name another with --port")
    experiment = tracking.experiment_id()
    told = tracking.HOME / "server.log"
    told.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    with told.open("wb") as stream:
        # In a session of its own: Ctrl-C comes to us, and we end all that the server started.
        server = subprocess.Popen(
            [*command, "--backend-store-uri", tracking.address()], start_new_session=True, stdout=stream, stderr=stream
        )
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts with it ignored
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        _wait_until_up(server, port, told)
        log.info("MLflow: http://%s:%d/#/experiments/%s/runs (Ctrl-C ends it)", HOST, port, experiment)
        scored = tracking.newest_runs(SCORED)
        if len(scored) > 1:
            log.info("models side by side: http://%s:%d/#/compare-runs?%s", HOST, port, _compared(scored, experiment))
        server.wait()
    except KeyboardInterrupt:
        log.info("ended")
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)


def _compared(runs: list[str], experiment: str) -> str:
    return urllib.parse.urlencode({"runs": json.dumps(runs), "experiments": json.dumps([experiment])})


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _wait_until_up(server: subprocess.Popen[bytes], port: int, told: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        if server.poll() is not None:
            raise FacemotionError(f"MLflow did not start; it says: {told.read_text(errors='replace').strip()[-600:]}")
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise FacemotionError(f"MLflow did not answer on port {port} within {SECONDS_TO_START:.0f} s")
