"""The command line as a person meets it: help, plain errors, exit codes."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("params.yaml", "profiles", "data/source.json"):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target)
        else:
            shutil.copyfile(ROOT / name, target)
    return tmp_path


def facemotion(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "facemotion.cli", *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["configure"],
        ["check"],
        ["doctor"],
        ["ui"],
        ["source"],
        ["source", "scan"],
        ["model", "summary"],
        ["animate"],
        ["motion"],
        ["motion", "extract"],
        ["motion", "show"],
    ],
)
def test_every_command_explains_itself(project: Path, command: list[str]) -> None:
    told = facemotion(project, *command, "--help")
    assert told.returncode == 0
    assert "Usage" in told.stdout
    if command and command not in (["source"], ["motion"]):
        assert "Example" in told.stdout


def test_a_typo_in_params_is_one_message_and_exit_code_1(project: Path) -> None:
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("  margin_frames:", "  margin_frame:"))
    told = facemotion(project, "check")
    assert told.returncode == 1
    assert "params.yaml: shots.margin_frame is not a known key; did you mean 'margin_frames'?" in told.stderr
    assert "Traceback" not in told.stderr


def test_configure_lists_profiles_and_lays_one(project: Path) -> None:
    assert "smoke" in facemotion(project, "configure").stdout
    assert facemotion(project, "configure", "nonsense").returncode == 1
    told = facemotion(project, "configure", "smoke")
    assert told.returncode == 0
    assert "+  people: " in told.stdout
    assert facemotion(project, "check").returncode == 0


def test_scan_tells_what_came_and_what_went(project: Path) -> None:
    assert facemotion(project, "configure", "folder").returncode == 0
    told = facemotion(project, "source", "scan")
    assert told.returncode == 1
    assert "videos is not a folder" in told.stderr
    videos = project / "videos" / "ann"
    videos.mkdir(parents=True)
    (videos / "one.mp4").write_bytes(b"1")
    (videos / "notes.txt").write_bytes(b"no video")
    assert "1 videos, 1 new or changed, 0 gone" in facemotion(project, "source", "scan").stdout
    (videos / "one.mp4").rename(videos / "two.MOV")
    assert "1 videos, 1 new or changed, 1 gone" in facemotion(project, "source", "scan").stdout
    assert json.loads((project / "data/source.json").read_text())["files"] == {"ann/two.MOV": 1}


def test_doctor_finds_this_environment_in_order(project: Path) -> None:
    told = facemotion(project, "doctor", "--json")
    assert told.returncode == 0
    findings = {finding["what"]: finding for finding in json.loads(told.stdout)}
    for what in (
        "python",
        "torch",
        "device",
        "opencv",
        "codecs",
        "dlib",
        "disk",
        "yt-dlp",
        "face-alignment's landmarks",
    ):
        assert what in findings
    assert all(finding["remedy"] for finding in findings.values() if finding["state"] != "ok")


def test_model_summary_prints_sizes_and_refuses_an_unknown_preset(project: Path) -> None:
    told = facemotion(project, "model", "summary", "--preset", "tiny")
    assert told.returncode == 0, told.stderr
    assert "GFLOP" in told.stdout
    odd = facemotion(project, "model", "summary", "--preset", "huge")
    assert odd.returncode == 1
    assert "tiny" in odd.stderr
    assert "Traceback" not in odd.stderr


@pytest.mark.slow
def test_ui_serves_the_record_and_ends_with_ctrl_c(project: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "facemotion.cli", "ui", "--port", str(port)]
    server = subprocess.Popen(
        command, cwd=project, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "200"}
    )
    try:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                    assert answer.status == 200
                break
            except OSError:
                assert server.poll() is None
                time.sleep(0.5)
        busy = facemotion(project, "ui", "--port", str(port))
        assert busy.returncode == 1
        assert f"port {port}" in busy.stderr
        time.sleep(1)
    finally:
        server.send_signal(signal.SIGINT)
        _, told = server.communicate(timeout=30)
    assert server.returncode == 0
    assert f"http://127.0.0.1:{port}/#/experiments/1/runs" in told
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
