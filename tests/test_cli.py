"""The command line as a person meets it: help, plain errors, exit codes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from facemotion.cli import app

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
        ["configure"],
        ["check"],
        ["doctor"],
        ["ui"],
        ["run"],
        ["retrain"],
        ["fetch"],
        ["source"],
        ["source", "scan"],
        ["source", "quality"],
        ["plan", "audit"],
        ["model", "summary"],
        ["weights"],
        ["champion"],
        ["champion", "show"],
        ["champion", "rollback"],
        ["animate"],
        ["motion"],
        ["motion", "extract"],
        ["motion", "show"],
        ["tune"],
    ],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    told = CliRunner().invoke(app, [*command, "--help"])  # a process a command would take a second each
    assert told.exit_code == 0
    assert "Usage" in told.stdout
    if command not in (["source"], ["champion"], ["motion"]):
        assert "Example" in told.stdout


def test_without_a_command_it_lists_them(project: Path) -> None:
    told = facemotion(project, "--help")
    assert told.returncode == 0
    assert all(f" {name} " in told.stdout for name in ("configure", "run", "animate", "source"))


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


def test_audit_of_a_list_says_what_is_wrong_with_it(project: Path) -> None:
    rows = [f"5r0dWxy17C8,{start},{start + 50},0-0-9-9,25,64,64,train,ann" for start in (0, 100, 100, -5)]
    head = "video_id,start,end,bbox,fps,width,height,partition,person_id"
    (project / "list.csv").write_text("\n".join((head, *rows)))
    told = facemotion(project, "plan", "audit", "list.csv")
    assert told.returncode == 0, told.stderr
    assert "1: start or end is before the video or later than a week into it (line 5)" in told.stdout
    assert "planned: 2 rows" in told.stdout
    figures = json.loads(facemotion(project, "plan", "audit", "list.csv", "--json").stdout)
    assert (figures["rows"], figures["duplicate_rows"], figures["duplicate_keys"]) == (4, 1, 1)
    assert (figures["leaking_people"], figures["refused"]) == ([], 1)
    odd = facemotion(project, "plan", "audit", "list.csv", "--kind", "voxes")
    assert odd.returncode == 1
    assert "talkinghead" in odd.stderr
    assert "Traceback" not in odd.stderr
    assert "list.txt" in facemotion(project, "plan", "audit", "list.txt").stderr


def test_a_list_is_scanned_like_a_folder(project: Path) -> None:
    params = project / "params.yaml"
    text = params.read_text().replace("kind: synthetic ", "kind: urls ").replace("  path: null", "  path: links.txt", 1)
    params.write_text(text)
    assert "there is no links.txt" in facemotion(project, "source", "scan").stderr
    (project / "links.txt").write_text("https://example.org/a.mp4\n")
    assert "1 files, 1 new or changed, 0 gone" in facemotion(project, "source", "scan").stdout
    (project / "links.txt").write_text("https://example.org/a.mp4\nhttps://example.org/b.mp4\n")
    assert "1 files, 1 new or changed, 0 gone" in facemotion(project, "source", "scan").stdout
    assert "1 files, 0 new or changed, 0 gone" in facemotion(project, "source", "scan").stdout


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
        "face-alignment's 2-D landmarks",
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


def test_weights_are_listed_with_where_they_come_from_and_whether_they_are_here(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    told = facemotion(project, "weights", "--json")
    assert told.returncode == 0, told.stderr
    rows = {row["name"]: row for row in json.loads(told.stdout)}
    for name in ("s3fd-619a316812.pth", "2DFAN4-11f355bf06.pth.tar", "vgg19-dcbb9e9d.pth", "alex.pth"):
        assert rows[name]["path"] is None
        assert rows[name]["url"] in rows[name]["get"]
        assert str(tmp_path / "torch") in rows[name]["get"]
    for name, row in rows.items():
        assert row["licence"], name
        assert row["feature"], name
        if name.endswith(".dat"):  # dlib's come with a package that everything needs
            assert row["right"] is True
            assert row["found_sha256"] == row["sha256"]
    own = tmp_path / "own"
    own.mkdir()
    (own / "s3fd-619a316812.pth").write_bytes(b"<html>not found</html>")
    (own / "alex.pth").write_bytes(b"metrics look here too")
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("  dir: null ", f"  dir: {own} "))
    told = facemotion(project, "weights")
    assert told.returncode == 1
    assert "NOT WHAT WAS PUBLISHED" in told.stdout
    assert str(own / "2DFAN4-11f355bf06.pth.tar") in told.stdout
    assert f"here: {own / 'alex.pth'}" in told.stdout
    assert str(own / "vgg19-dcbb9e9d.pth") in told.stdout
