"""Each stage depends on just the code that it imports, and the layers import downwards."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipelines import deps
from stages import imports

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_every_stage_depends_on_the_list_of_its_code() -> None:
    content = YAML(typ="safe", pure=True).load(Path("dvc.yaml"))
    assert deps.stale(content) == {}, "run `make deps`"
    stages = {name: stage.get("do", stage) for name, stage in content["stages"].items()}
    code = stages.pop("code")
    assert code["deps"] == ["facemotion", "stages"]
    assert {module.stem for module in imports.stages()} == {"code", *stages}
    for name, stage in stages.items():
        assert stage["cmd"].split()[2] == f"stages.{name}"
        listed = [dep for dep in stage["deps"] if dep.startswith("data/code") or dep.endswith(".py")]
        assert listed == [f"data/code/{name}.json"]


def test_the_import_graph_agrees_with_what_python_loads() -> None:
    """The reader of sources must miss nothing that a stage really loads."""
    code = (
        "import sys, stages.plan; "
        "print(*(m.__file__ for n, m in sorted(sys.modules.items()) if n.split('.')[0] in ('facemotion', 'stages')))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    loaded = {Path(name).relative_to(ROOT).as_posix() for name in told.split()}
    known = set(imports.needed_by(Path("stages/plan.py"))) | imports.WITHOUT_BEARING
    # Reading params.yaml checks the values of all stages.
    sections = {Path("facemotion/config.py")}
    while more := {path for one in sections for path in imports.imported_by(one)} - sections:
        sections |= more
    known |= {path.as_posix() for path in sections}
    assert {name for name in loaded if not name.endswith("__init__.py")} <= known


def test_editing_how_landmarks_are_smoothed_reruns_no_earlier_stage() -> None:
    smoothing = "facemotion/landmarks/smoothing.py"
    users = {module.stem for module in imports.stages() if smoothing in imports.needed_by(module)}
    assert "smooth" in users
    assert not users & {"plan", "fetch", "shots", "tubes", "crop", "landmarks"}


LAYERS = ["pipelines", "stages", "facemotion"]


@pytest.mark.parametrize("path", sorted(ROOT.glob("facemotion/**/*.py")) + sorted(ROOT.glob("stages/*.py")), ids=str)
def test_imports_point_downwards(path: Path) -> None:
    layer = path.relative_to(ROOT).parts[0]
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            top = name.split(".")[0]
            if top in LAYERS:
                assert LAYERS.index(top) >= LAYERS.index(layer), f"{path} imports {name}"
            if not path.name.startswith("tracking"):
                assert top != "mlflow", f"{path}: only tracking*.py imports mlflow"
            if not path.name.startswith("video"):
                assert top != "av", f"{path}: only video*.py imports av"
            if layer == "facemotion":
                assert top not in ("dvc", "prefect"), f"{path}: the library knows nothing of {top}"
