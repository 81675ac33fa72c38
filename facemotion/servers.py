"""Servers on the loopback address, for as long as a person looks: begun together, ended together."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from facemotion.errors import FacemotionError

HOST: Final = "127.0.0.1"
SECONDS_TO_START: Final = 180.0  # on a machine that has other work
SECONDS_TO_END: Final = 15.0


@contextmanager
def running(
    command: Sequence[str], told: Path, *, environment: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that writes what it says to `told`; ended, with all that it has started, at the end."""
    told.parent.mkdir(parents=True, exist_ok=True)
    with told.open("wb") as stream:
        # In a session of its own: Ctrl-C comes to us, and we end all that it started.
        process = subprocess.Popen(
            command,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env={**os.environ, **(environment or {})},
        )
    try:
        yield process
    finally:
        _end(process)


def wait_until_up(name: str, process: "subprocess.Popen[bytes]", health: str, told: Path) -> None:
    """Until the address answers."""
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        if process.poll() is not None:
            raise FacemotionError(f"{name} did not start; it says: {told.read_text(errors='replace').strip()[-600:]}")
        try:
            with urllib.request.urlopen(health, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise FacemotionError(f"{name} did not answer at {health} within {SECONDS_TO_START:.0f} s; {told} holds its log")


def check_free(ports: Mapping[str, int]) -> None:
    """Every port, before anything is started; `ports` by what params.yaml calls them."""
    taken = [f"{name} ({port})" for name, port in ports.items() if _taken(port)]
    if taken:
        raise FacemotionError(
            f"on {HOST} these ports are taken: {', '.join(taken)}; end what listens there (another `facemotion ui`?) "
            "or name others in params.yaml"
        )
    same = len(set(ports.values())) < len(ports)
    if same:
        raise FacemotionError(f"{', '.join(ports)} must be different ports, not {', '.join(map(str, ports.values()))}")


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
        except ProcessLookupError:
            return
        try:
            process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            continue
