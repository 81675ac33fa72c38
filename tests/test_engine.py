"""Many items, some of which fail, crash their process or are slow: every other one is done, in order."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from facemotion.engine import map_items
from facemotion.errors import FacemotionError


def square(number: int) -> int:
    if number == 3:
        raise FacemotionError("three is not welcome")
    if number == 5:
        raise ValueError("five")
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


@pytest.mark.parametrize("workers", [1, 2])
def test_errors_are_data_and_order_is_kept(workers: int) -> None:
    told = []
    outcomes = map_items(square, [1, 2, 3, 4, 5, 6], workers=workers, done=lambda outcome: told.append(outcome.item))
    assert [outcome.value for outcome in outcomes] == [1, 4, None, 16, None, 36]
    assert [outcome.error for outcome in outcomes if not outcome.ok] == ["three is not welcome", "ValueError: five"]
    assert sorted(told) == [1, 2, 3, 4, 5, 6]


def test_an_item_that_kills_its_process_costs_only_itself() -> None:
    outcomes = map_items(square, [1, 7, 2, 4, 6, 8, 9, 10], workers=2)
    assert [outcome.value for outcome in outcomes] == [1, None, 4, 16, 36, 64, 81, 100]
    assert "died" in str(outcomes[1].error)


def test_workers_do_not_import_anew_what_they_work_with(tmp_path: Path) -> None:
    (tmp_path / "heavy.py").write_text(
        "from pathlib import Path\n"
        "with Path('imported').open('a') as stream: stream.write('once more\\n')\n"
        "def work(number): return number\n"
    )
    (tmp_path / "program.py").write_text(
        "from facemotion.engine import map_items\n"
        "from heavy import work\n"
        "if __name__ == '__main__': map_items(work, list(range(8)), workers=3)\n"
    )
    path = os.pathsep.join(filter(None, sys.path))
    subprocess.run([sys.executable, "-m", "program"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, check=True)
    times = (tmp_path / "imported").read_text().splitlines()
    assert len(times) == 2, "by the program and by the fork server, not by its workers"


def test_nothing_to_do_is_done() -> None:
    assert map_items(square, [], workers=4) == []


def sleep_long(_: int) -> None:
    time.sleep(120)


def test_killing_the_caller_leaves_no_workers(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from facemotion.engine import map_items\n"
        "from test_engine import sleep_long\n"
        "if __name__ == '__main__': map_items(sleep_long, [1, 2, 3], workers=2)\n"
    )
    script = tmp_path / "caller.py"
    script.write_text(code)
    caller = subprocess.Popen([sys.executable, str(script)])
    started = time.monotonic()
    family: list[psutil.Process] = []
    while len(family) < 4 and time.monotonic() - started < 30:  # the fork server, its tracker, two workers
        family = psutil.Process(caller.pid).children(recursive=True)
        time.sleep(0.1)
    time.sleep(0.5)
    caller.kill()
    caller.wait()
    _, alive = psutil.wait_procs(family, timeout=15)
    assert not alive
