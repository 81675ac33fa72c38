"""`python watcher.py PID`: kill a process as soon as whoever started this one is no more, however that came to its end.

Its standard input is the thread on which it hangs, as the keeper's. It imports nothing of ours, and starts in
milliseconds."""

import os
import signal
import sys
from contextlib import suppress


def main() -> None:
    with suppress(ProcessLookupError):  # it may have ended before
        # A handle, since numbers of processes are used again.
        watched = os.pidfd_open(int(sys.argv[1]))
        sys.stdin.buffer.read()
        signal.pidfd_send_signal(watched, signal.SIGKILL)


if __name__ == "__main__":
    main()
