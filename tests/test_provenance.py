"""What a stage knows of where it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stages import dag, provenance


def test_a_named_pipeline_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEMOTION_PIPELINE_RUN", "nightly-7")
    assert provenance.pipeline(5.0) == ("nightly-7", 5.0)


def test_without_a_dvc_above_each_process_is_its_own_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACEMOTION_PIPELINE_RUN", raising=False)
    key, began = provenance.pipeline(5.0)
    assert key.startswith(f"alone-{os.getpid()}-")
    assert began == 5.0


def test_two_commands_of_one_dvc_process_share_a_pipeline(tmp_path: Path) -> None:
    """Stands in for dvc: a process of that name which starts two commands through a shell."""
    dvc = tmp_path / "dvc"
    dvc.write_text(
        "import subprocess\n"
        f"for _ in range(2): subprocess.run([{sys.executable!r} + ' -c \"from stages.provenance import pipeline; "
        "print(pipeline(0)[0])\"'], shell=True)\n"
    )
    root = Path(__file__).parent.parent
    environment = {name: value for name, value in os.environ.items() if name != "FACEMOTION_PIPELINE_RUN"}
    told = subprocess.run(
        [sys.executable, str(dvc)],
        cwd=root,
        env={**environment, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    ).stdout.split()
    assert len(told) == 2
    assert len(set(told)) == 1
    assert told[0].startswith("dvc-")


def test_work_is_named_by_all_it_depends_on() -> None:
    deps, params = {"a": "1", "b": "2"}, {"size": 256, "inner": {"x": 1}}
    key = provenance.work_key(deps, params)
    assert key == provenance.work_key(dict(reversed(deps.items())), dict(reversed(params.items())))
    assert key != provenance.work_key({**deps, "a": "3"}, params)
    assert key != provenance.work_key(deps, {**params, "size": 64})


def test_digests_are_those_of_dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("out/b.txt", "two"), ("out/sub/ä.txt", "one"), ("single.txt", "three")):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(command, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "add", "-q", "out", "single.txt"], check=True)
    assert f"md5: {dag.digest(Path('out'))}" in Path("out.dvc").read_text()
    assert f"md5: {dag.digest(Path('single.txt'))}" in Path("single.txt.dvc").read_text()
    assert dag.digest(Path("nothing")) == ""
