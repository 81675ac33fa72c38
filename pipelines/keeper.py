"""`python keeper.py COMMAND...`: run a command in a session of its own, and end all of it with whoever asked for it.

Its standard input is the thread on which it hangs: a line there asks the command to end, as Ctrl-C does; its closing,
be it that the asking process was killed, ends it at once. It imports nothing of ours, and starts in milliseconds."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 20.0  # for what was asked to end


def kept(command: Sequence[str]) -> list[str]:
    """The command, as one runs it that shall end with oneself; its standard input must be a pipe."""
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), *command]


@contextmanager
def running(
    command: Sequence[str], *, root: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """A kept command; what it says is one stream. Left before its end, it is asked to end."""
    process = subprocess.Popen(
        kept(command), cwd=root, env=None if environment is None else {**os.environ, **environment},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        start_new_session=True,  # Ctrl-C comes to us, and we end what we started
    )  # fmt: skip
    assert process.stdin is not None
    try:
        yield process
        process.wait()
    finally:
        with suppress(OSError):
            process.stdin.write("\n")
            process.stdin.flush()
        process.wait()
        with suppress(OSError):
            process.stdin.close()


def main() -> int:
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=_hang, args=(command,), daemon=True).start()
    code = command.wait()
    _signal(command.pid, signal.SIGKILL)  # what it left running
    return code if code >= 0 else 128 - code


def _hang(command: "subprocess.Popen[bytes]") -> None:
    if os.read(0, 1):
        _signal(command.pid, signal.SIGINT)
        try:
            command.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            _signal(command.pid, signal.SIGKILL)
    else:
        _signal(command.pid, signal.SIGKILL)


def _signal(group: int, what: signal.Signals) -> None:
    try:
        os.killpg(group, what)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    sys.exit(main())
