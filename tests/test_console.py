"""What a running command shows on a terminal."""

import logging
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from facemotion import console
from pipelines import progress

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


@pytest.mark.parametrize(("seconds", "pace"), [(0.5, "2.0 frames/s"), (40.0, "40.0 s each")])
def test_lines_of_progress_tell_the_pace_and_are_understood_by_flows(
    seconds: float, pace: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 100.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    caplog.set_level(logging.INFO, "facemotion.console")
    ticker = console.Ticker("filming", 100, "frames", None)
    for _ in range(20):
        now += seconds
        ticker.advance()
    assert f"frames, {pace}, {80 * seconds:.0f} s left" in caplog.messages[-1]
    line = f"12:00:00 INFO facemotion.console: {caplog.messages[-1]}"
    assert progress.share(line) == ("filming", 20.0)
