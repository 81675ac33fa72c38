"""What a running command shows on a terminal."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

CODE = """
import time
from facemotion.console import progress
with progress("animating", 40, "frames") as ticker:
    for _ in range(40):
        time.sleep(0.02)
        ticker.advance()
"""


def on_terminal(*command: str) -> str:
    """What a command writes to a terminal, without its colours and moves."""
    ours, its = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, cwd=Path(__file__).parent.parent, stderr=its, env=environment) as process:
        os.close(its)
        shown = b""
        try:
            while some := os.read(ours, 4096):
                shown += some
        except OSError:  # so Linux says that the other side is closed
            pass
    os.close(ours)
    assert process.returncode == 0, shown
    return re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown).decode()


def test_progress_tells_how_fast_it_is_and_how_long_it_takes_yet() -> None:
    text = on_terminal(sys.executable, "-c", CODE)
    rates = [float(rate) for rate in re.findall(r"animating .* (\d+\.\d) frames/s", text)]
    assert rates, text
    assert 0 < rates[-1] <= 50
    assert re.search(r"\d+/40 +\d+\.\d frames/s +0:00:0\d left 0:00:0\d", text), text
