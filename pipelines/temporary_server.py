"""The server that Prefect starts for a process which is told of none: it must not outlive that process.

Prefect ends it when the process comes to its end by itself, not when it is killed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from pipelines import prefect_settings  # noqa: F401 - before prefect

# isort: split
from prefect.settings import PREFECT_API_URL

from pipelines import watcher


def keep() -> None:
    """From now on it ends with this process. To be called before the first flow."""
    if PREFECT_API_URL.value():
        return
    from prefect.server.api.server import SubprocessASGIServer

    begin = SubprocessASGIServer._run_uvicorn_command

    def begin_watched(self: SubprocessASGIServer) -> "subprocess.Popen[Any]":
        server = begin(self)
        command = [sys.executable, "-I", "-S", str(Path(watcher.__file__).resolve()), str(server.pid)]
        # Of a session of its own: what ends us all together must not end it first.
        subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        return server

    SubprocessASGIServer._run_uvicorn_command = begin_watched  # type: ignore[method-assign]
