"""The smoke profile's DAG, killed while stages are at work: it goes on to the bytes of an unbroken run."""

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import Project, copy_project
from test_pipeline import hashes

pytestmark = pytest.mark.slow

KILLED = (("fetch", "videos/*.mp4"), ("crop", "**/*.mp4"), ("train_coarse@keypoints", "last.safetensors"))
LAST = "train_coarse@keypoints"


def test_killed_thrice_it_still_makes_the_same_bytes(smoke: Project, tmp_path: Path) -> None:
    """Also: another folder, from scratch, gives the same hashes throughout, trained weights among them."""
    project = copy_project(tmp_path, compiled=smoke.root)
    (project.root / "params.yaml").write_bytes((smoke.root / "params.yaml").read_bytes())
    for stage, sign in KILLED:
        kill_during(project, stage, sign)
    project.dvc("repro", LAST, timeout=900)
    made = project.lock()
    assert {"fetch", "pack", "train_coarse@keypoints", LAST} <= set(made)
    assert made == {name: stage for name, stage in smoke.lock().items() if name in made}


@pytest.mark.soak
def test_killed_at_any_time_it_still_makes_the_same_bytes(smoke: Project, tmp_path: Path) -> None:
    project = copy_project(tmp_path, compiled=smoke.root)
    (project.root / "params.yaml").write_bytes((smoke.root / "params.yaml").read_bytes())
    for seconds in range(2, 80, 4):
        process = project.start(sys.executable, "-m", "dvc", "repro")
        time.sleep(seconds)
        kill_family(process.pid)
        process.wait()
        project.dvc("repro", timeout=900)
    assert hashes(project) == hashes(smoke)


def kill_during(project: Project, stage: str, sign: str) -> None:
    """SIGKILL the whole run while `stage` is at work and has made something that matches `sign`."""
    process = project.start(sys.executable, "-m", "dvc", "repro", LAST)
    until = time.monotonic() + 300
    while not list((project.root / ".work" / stage).glob(f"*/{sign}")):
        assert process.poll() is None, f"it ended before {stage} was seen at work"
        assert time.monotonic() < until, f"{stage} was never seen at work"
        time.sleep(0.02)
    kill_family(process.pid)
    process.wait()


def kill_family(pid: int) -> None:
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for member in family:
        try:
            os.kill(member.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    psutil.wait_procs(family, timeout=10)
