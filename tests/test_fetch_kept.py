"""Downloads outlive kills, DVC's deleting of outs, and the loss of the store; the ledger tells of them all."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from conftest import ROOT, Project
from media_server import MediaServer, serving
from ruamel.yaml import YAML

from facemotion import schemas
from facemotion.video_writer import Writer

FETCHER = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
from test_fetch_downloads import fetch
from facemotion.sources.store import Store
if __name__ == "__main__":
    notes = fetch(sys.argv[2:], Store(Path(sys.argv[1])))
    sys.exit(any(note.status != "ok" for note in notes))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MediaServer]:
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    rng = np.random.default_rng(0)
    with Writer(path, fps=25, width=160, height=120, crf=23, preset="ultrafast") as writer:
        for _ in range(25):
            writer.write(np.kron(rng.integers(0, 256, (15, 20, 3)), np.ones((8, 8, 1))).astype(np.uint8))
    with serving(path.read_bytes()) as running:
        yield running


def killed_and_run_again(server: MediaServer, folder: Path, kills: int) -> None:
    script = folder / "fetcher.py"
    script.write_text(FETCHER)
    downloads = folder / "downloads"
    urls = [server.url(f"slow/{folder.name}{k}.mp4") for k in range(3)]
    command = [sys.executable, str(script), str(downloads), *urls]
    chance = random.Random(kills)
    for _ in range(kills):
        before = len(server.asked)
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, env={**os.environ, "PYTHONPATH": "."})
        while process.poll() is None and len(server.asked) == before and len(list(downloads.glob("*.json"))) < 3:
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 4))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    again = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": "."}, timeout=120, check=False)
    assert again.returncode == 0
    files = [path for path in downloads.iterdir() if path.is_file() and path.suffix != ".json"]
    whole = hashlib.sha256(server.media).hexdigest()
    assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in files] == [whole] * 3
    assert {path.suffix for path in files} == {".mp4"}


def test_killed_twice_it_still_brings_the_same_bytes(server: MediaServer, tmp_path: Path) -> None:
    killed_and_run_again(server, tmp_path, 2)


@pytest.mark.soak
def test_killed_at_any_time_it_still_brings_the_same_bytes(server: MediaServer, tmp_path: Path) -> None:
    killed_and_run_again(server, tmp_path, 20)


def plan(project: Project, locations: dict[str, str]) -> None:
    """In the place of the stage `plan`, one that copies what stands here."""
    empty = dict.fromkeys(("person_id", "start_s", "end_s", "box", "ref_width", "ref_height", "partition", "license"))
    rows = [
        {"plan_id": n, "video_id": n, "location": place, "source": "urls", **empty} for n, place in locations.items()
    ]
    schemas.PLAN.write(schemas.PLAN.frame(rows), project.root / "planned.parquet")
    yaml = YAML()
    path = project.root / "dvc.yaml"
    content = yaml.load(path)
    copying: dict[str, Any] = {"cmd": "cp planned.parquet data/plan.parquet"}
    content["stages"]["plan"] = {**copying, "deps": ["planned.parquet"], "outs": ["data/plan.parquet"]}
    yaml.dump(content, path)
    project.set(source__kind="folder", source__path="videos", fetch__allow_local=True)
    project.set(fetch__net__sleep_s=0.0, fetch__net__jitter_s=0.0, fetch__net__backoff_s=0.0)
    project.set(fetch__net__request_sleep_s=0.0)


def facemotion(project: Project, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return project.run(sys.executable, "-m", "facemotion.cli", *words, **environment)


def ledger(project: Project) -> pl.DataFrame:
    return schemas.LEDGER.read(project.root / "data/videos.parquet")


@pytest.mark.slow
def test_the_stage_fetches_links_and_files_and_each_only_once(server: MediaServer, project: Project) -> None:
    mine = project.root / "mine.mp4"
    mine.write_bytes(server.media)
    here = {"good": server.url("good/stage.mp4"), "gone": server.url("404/stage.mp4"), "mine": "mine.mp4",
            "file": "file:///etc/passwd", "lost": "nowhere.mp4"}  # fmt: skip
    plan(project, here)
    # A configuration and a plugin of the person's own yt-dlp, which must not be heeded.
    theirs = project.root / "theirs/yt-dlp"
    plugin = theirs / "plugins/mine/yt_dlp_plugins/extractor/mine.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text(f"open({str(project.root / 'plugged')!r}, 'w')")
    (theirs / "config").write_text(f"--exec 'touch {project.root}/executed'")
    told = facemotion(project, "fetch", XDG_CONFIG_HOME=str(project.root / "theirs"))
    assert told.returncode == 0, told.stderr
    rows = {row["video_id"]: row["status"] for row in ledger(project).iter_rows(named=True)}
    assert rows == {"good": "ok", "gone": "removed", "mine": "ok", "file": "refused", "lost": "missing"}
    assert "       2  ok " in told.stdout
    assert "no longer there" in told.stdout
    assert not (project.root / "plugged").exists()
    assert not (project.root / "executed").exists()

    first = (project.root / "data/videos.parquet").read_bytes()
    asked = len(server.asked)
    told = facemotion(project, "fetch", "--retry", "blocked,timeout")
    assert told.returncode == 0, told.stderr
    assert "Running stage 'fetch'" in told.stdout
    assert len(server.asked) == asked
    assert (project.root / "data/videos.parquet").read_bytes() == first

    # As in a clone: no store, only what DVC has checked out.
    project.run("rm", "-rf", ".work/downloads")
    server.healed.add("/404/stage.mp4")
    told = facemotion(project, "fetch", "--retry", "removed")
    assert told.returncode == 0, told.stderr
    assert server.count("good/stage.mp4") == 2
    assert dict(ledger(project).select("video_id", "status").iter_rows())["gone"] == "ok"
    assert (project.root / "data/videos/gone.mp4").read_bytes() == server.media


def test_a_status_that_is_none_is_told(project: Project) -> None:
    told = facemotion(project, "fetch", "--retry", "blocked,broken")
    assert told.returncode == 1
    assert "--retry broken: give statuses of lost videos" in told.stderr
