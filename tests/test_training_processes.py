"""Two processes share a batch: what they learn is what one would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from training_toys import run

TOYS = Path(__file__).parent / "training_toys.py"


def test_two_processes_learn_what_one_does(tmp_path: Path) -> None:
    changes = {"steps": 6, "losses__warped": 0.5, "losses__regions": 0.5}
    one = run(tmp_path / "one", **changes)
    environment = os.environ | {
        "GOMP_SPINCOUNT": "0", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parent.parent),
    }  # fmt: skip
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(TOYS),
        str(tmp_path / "two"), json.dumps(changes),
    ]  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    ours, theirs = one.history.csv().splitlines(), (tmp_path / "two/history.csv").read_text().splitlines()
    assert ours[0] == theirs[0]
    for mine, other in zip(ours[1:], theirs[1:], strict=True):
        for a, b in zip(mine.split(","), other.split(","), strict=True):
            assert (a == b == "") or float(a) == pytest.approx(float(b), abs=1e-4, rel=1e-4)


def test_training_imports_on_a_bare_machine() -> None:
    """Without what only the data stages and the record need."""
    blocked = [
        "polars",
        "av",
        "dlib",
        "mlflow",
        "numba",
        "cv2",
        "scipy",
        "dvc",
        "prefect",
        "rich",
        "ruamel",
        "face_alignment",
    ]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({blocked}))\n"
        "import facemotion.training.loop, facemotion.training.outputs, facemotion.dataset.packed"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
