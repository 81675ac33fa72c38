"""The DAG as a flow, on a repository of quick stages: what `dvc repro` gives, in parallel, failing, killed or not."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import toy_dag
from prefect_server import PrefectServer
from toy_dag import NAMES, Toy

from facemotion import console
from facemotion.errors import FacemotionError
from pipelines import artifacts, progress
from pipelines import dag as pipeline
from stages import dag

ROOT = Path(__file__).parent.parent
LATE = 4  # times that it takes a machine with other work


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    return toy_dag.make(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def toy(untouched: Toy, tmp_path: Path) -> Toy:
    """A copy in which nothing has run."""
    return Toy(shutil.copytree(untouched.root, tmp_path, dirs_exist_ok=True))


@pytest.fixture(scope="module")
def by_dvc(untouched: Toy, tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """What `dvc repro` makes of the same stages."""
    toy = Toy(shutil.copytree(untouched.root, tmp_path_factory.mktemp("by_dvc"), dirs_exist_ok=True))
    toy.dvc("repro")
    return toy


def succeeded(told: subprocess.CompletedProcess[str]) -> str:
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout + told.stderr


def wait_for(condition: object, what: str, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < until, f"never seen: {what}"
        time.sleep(0.02)


@contextmanager
def webhook() -> Iterator[tuple[str, list[Any]]]:
    """A server that takes notices."""
    heard: list[Any] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()


@pytest.mark.parametrize("folder", ["toy", "project"])
def test_the_graph_is_the_one_that_dvc_draws(folder: str, untouched: Toy) -> None:
    root = untouched.root if folder == "toy" else ROOT
    drawn = subprocess.run(
        [sys.executable, "-m", "dvc", "dag", "--dot"], cwd=root, capture_output=True, text=True, check=True
    ).stdout
    nodes = dag.graph(root)
    assert set(nodes) == set(re.findall(r'^"([\w@-]+)";', drawn, re.MULTILINE))
    ours = {(need, name) for name, node in nodes.items() for need in node.needs}
    assert ours == set(re.findall(r'"([\w@-]+)" -> "([\w@-]+)"', drawn))
    order = list(nodes)
    assert all(order.index(need) < order.index(name) for need, name in ours)
    if folder == "project":  # of the stages that train or crop nothing is to be tried again
        assert [name for name, node in nodes.items() if "retries" in node.meta] == ["fetch"]


def test_params_say_how_often_the_stages_that_dvc_yaml_names_are_tried_again(toy: Toy) -> None:
    toy.set(run__retries=7)
    nodes = dag.graph(toy.root)
    assert nodes["part@b"].meta == {"retries": 7}
    assert nodes["last"].meta == {}


def test_a_stage_is_chosen_with_all_that_it_needs_and_by_the_name_of_its_group(untouched: Toy) -> None:
    nodes = dag.graph(untouched.root)
    assert set(pipeline.chosen(nodes, ["pair@a-up"])) == {"source", "part@a", "pair@a-up"}
    assert set(pipeline.chosen(nodes, ["part"])) == {"source", "part@a", "part@b", "part@c"}
    assert set(pipeline.chosen(nodes, [])) == NAMES
    with pytest.raises(FacemotionError, match="no stage pear@a-up; did you mean pair@a-up"):
        pipeline.chosen(nodes, ["pear@a-up"])


def test_it_makes_what_dvc_repro_makes_and_shows_each_stage(
    toy: Toy, by_dvc: Toy, prefect_server: PrefectServer
) -> None:
    told = succeeded(toy.flow(**prefect_server.environment))
    assert "part_a begins: 100 % of 1 deps" in told  # a stage's own lines, as they come
    assert toy.lock() == by_dvc.lock()
    assert toy.outs() == by_dvc.outs()
    assert sorted(toy.ran()) == sorted(by_dvc.ran())
    run = prefect_server.newest_run("dag")
    assert prefect_server.states(run) == dict.fromkeys(NAMES, "Completed")
    tasks = prefect_server.tasks(run)
    waits = {name: {one["id"] for one in task["task_inputs"].get("wait_for", ())} for name, task in tasks.items()}
    assert waits["last"] == {tasks[name]["id"] for name in ("pair@a-up", "pair@b-down", "part@c")}
    table = prefect_server.artifacts(run)["dag"]["data"]
    assert all(f'"{name}"' in table for name in NAMES)
    assert "Data and pipelines are up to date." in toy.dvc("repro") + toy.dvc("status")

    # Now all is up to date; then it is forced.
    succeeded(toy.flow(**prefect_server.environment))
    assert toy.ran() == []
    assert set(prefect_server.states(prefect_server.newest_run("dag")).values()) == {"Cached"}
    succeeded(toy.flow("part", "--force", **prefect_server.environment))
    assert sorted(toy.ran()) == ["part_a", "part_b", "part_c", "source"]
    assert toy.outs() == by_dvc.outs()


def test_a_failure_ends_what_needs_it_and_nothing_else_and_the_next_run_goes_on(
    toy: Toy, by_dvc: Toy, prefect_server: PrefectServer
) -> None:
    toy.set(run__retries=1)
    (toy.root / "fails.part_b").write_text("1")  # once: it may be tried again
    (toy.root / "fails.pair_a_up").write_text("1")  # may not
    with webhook() as (address, notices):
        told = toy.flow(**prefect_server.environment, FACEMOTION_WEBHOOK=address)
    assert told.returncode == 1
    (notice,) = notices
    assert (notice["flow"], notice["state"]) == ("dag", "Failed")
    assert "pair_a_up cannot: no such luck" in notice["text"]
    said = told.stderr[told.stderr.rindex("facemotion: ") :]
    assert "stage pair@a-up ended with" in said
    assert "pair_a_up cannot: no such luck" in said
    assert "not run, since they need what failed: last" in said
    assert "`facemotion run` goes on" in said
    assert "Traceback" not in told.stderr
    states = prefect_server.states(prefect_server.newest_run("dag"))
    assert (states.pop("pair@a-up"), states.pop("last")) == ("Failed", "NotReady")
    assert set(states.values()) == {"Completed"}
    ran = toy.ran()
    assert ran.count("part_b") == 2
    assert {"pair_b_up", "pair_b_down", "pair_a_down", "part_c"} <= set(ran)

    succeeded(toy.flow(**prefect_server.environment))
    assert sorted(toy.ran()) == ["last", "pair_a_up"]
    assert toy.lock() == by_dvc.lock()


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_killed_it_leaves_nothing_running_and_both_go_on(
    toy: Toy, by_dvc: Toy, prefect_server: PrefectServer, blow: signal.Signals
) -> None:
    (toy.root / "hang").write_text("")
    flow = toy.start(sys.executable, "-m", "pipelines.dag", **prefect_server.environment)
    wait_for((toy.root / "source.hangs").is_file, "source at work")
    killed = prefect_server.newest_run("dag")
    family = psutil.Process(flow.pid).children(recursive=True)
    os.kill(flow.pid, blow)
    assert flow.wait(120) == (130 if blow is signal.SIGINT else -signal.SIGKILL)
    # A stage and DVC itself are ended with the flow, by whatever it was killed.
    _, alive = psutil.wait_procs(family, timeout=30 * LATE)
    assert alive == []
    (toy.root / "hang").unlink()
    toy.dvc("repro", "part@a")
    succeeded(toy.flow("part@b", **prefect_server.environment))
    assert toy.lock() == {name: by_dvc.lock()[name] for name in ("source", "part@a", "part@b")}
    # The killed one could not tell that it is over.
    assert prefect_server.run(killed["id"])["state_type"] in {"CRASHED", "FAILED", "CANCELLED"}
    assert prefect_server.states(killed)["source"] != "Running"


def test_two_runs_in_one_folder_are_one_too_many(toy: Toy, prefect_server: PrefectServer) -> None:
    (toy.root / "hang").write_text("")
    flow = toy.start(sys.executable, "-m", "pipelines.dag", **prefect_server.environment)
    try:
        wait_for((toy.root / "source.hangs").is_file, "source at work")
        told = toy.flow(**prefect_server.environment)
        assert told.returncode == 1
        assert f"another run is at work in {toy.root.resolve()} (process {flow.pid})" in told.stderr
    finally:
        flow.kill()
        flow.wait()


def test_dvcs_lock_file_broken_by_a_kill_is_put_right(toy: Toy, by_dvc: Toy, prefect_server: PrefectServer) -> None:
    (toy.root / ".dvc/tmp").mkdir(exist_ok=True)
    (toy.root / ".dvc/tmp/rwlock").write_text('{"read": {"/a')
    succeeded(toy.flow("source", **prefect_server.environment))
    assert toy.lock() == {"source": by_dvc.lock()["source"]}


def test_progress_is_read_from_the_line_that_a_stage_says(caplog: pytest.LogCaptureFixture) -> None:
    ticker = console.Ticker("crop", 40, "items", None)
    ticker.told -= 2 * console.SECONDS_BETWEEN_LINES
    with caplog.at_level("INFO", "facemotion.console"):
        ticker.advance(12)
    line = f"12:00:01 INFO facemotion.console: {caplog.messages[-1]}"
    assert progress.share(line) == ("crop", pytest.approx(30.0))
    assert progress.share("crop: 12 of 40 people like it") is None


def test_the_leaderboard_shows_intervals_and_the_best_by_each_metric() -> None:
    table = artifacts.leaderboard(ROOT / "reports/plots/leaderboard.csv")
    head, _, *rows = table.splitlines()
    assert head.count("|") == 7 + 2
    told = {row.split(" | ")[0].removeprefix("| "): row for row in rows}
    assert {"l1 ↓", "csim_dlib ↑"} <= set(told)
    assert all(row.count("**") == 2 for row in told.values())
    assert re.search(r"\| \S+<br>\[\d\S*,<br>\d\S*\] \|", told["l1 ↓"])


@pytest.mark.slow
def test_no_server_is_needed_and_the_temporary_one_ends_with_a_killed_run(toy: Toy, by_dvc: Toy) -> None:
    (toy.root / "hang").write_text("")
    flow = toy.start(sys.executable, "-m", "pipelines.dag")
    wait_for((toy.root / "source.hangs").is_file, "source at work", 120 * LATE)
    family = psutil.Process(flow.pid).children(recursive=True)
    assert any("uvicorn" in one.cmdline() for one in family)
    flow.kill()
    flow.wait()
    _, alive = psutil.wait_procs(family, timeout=30 * LATE)
    assert alive == []

    (toy.root / "hang").unlink()
    succeeded(toy.flow("part@a"))
    assert toy.lock() == {name: by_dvc.lock()[name] for name in ("source", "part@a")}
    assert (toy.root / ".prefect/prefect.db").is_file()


@pytest.mark.soak
def test_no_entry_is_lost_in_twenty_runs(toy: Toy, by_dvc: Toy, prefect_server: PrefectServer) -> None:
    for number in range(20):
        for run in (toy, by_dvc):
            (run.root / "seed.txt").write_text(f"seed {number}")
        by_dvc.dvc("repro")
        succeeded(toy.flow(**prefect_server.environment))
        assert toy.lock() == by_dvc.lock()
        assert toy.outs() == by_dvc.outs()
