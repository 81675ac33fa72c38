"""`python keeper.py COMMAND...`: run a command in a session of its own, and end all of it with whoever asked for it.

Its standard input is the thread on which it hangs: a line there asks the command to end, as Ctrl-C does; its closing,
be it that the asking process was killed, ends it at once. It imports nothing of ours, and starts in milliseconds."""

import os
import signal
import subprocess
import sys
import threading
from typing import Final

PATIENCE_S: Final = 20.0  # for what was asked to end


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
