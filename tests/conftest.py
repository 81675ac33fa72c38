"""Projects to try things in: copies of this one, each a real git and DVC repository of its own."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock
from hypothesis import settings
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from prefect_server import PrefectServer

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # before torch is loaded

# A busy machine is no fault.
settings.register_profile("facemotion", deadline=None)
settings.load_profile("facemotion")
# Shells start what goes on in the background without it, and tests stop programs by it.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent.parent


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: many tests wait for servers, programs and pauses."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order in which processes that share the tests take files: one that needs the smoke project makes it, while
    the others have what is slow, then what is quick; more that need it come last, when it stands."""
    needing = [item.path for item in items if "smoke" in getattr(item, "fixturenames", ())]
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def turn(item: pytest.Item) -> int:
        if item.path in needing:
            return 0 if item.path == needing[0] else 3
        return 1 if item.path in slow else 2

    items.sort(key=turn)


@dataclass(frozen=True)
class Project:
    root: Path

    def run(self, *command: str, timeout: float = 600, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command in the project, with this environment's programs."""
        return subprocess.run(
            command, cwd=self.root, env=self.environment(environment), capture_output=True, text=True, timeout=timeout
        )

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """A command in a process group of its own, to be killed."""
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment(environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dvc(self, *words: str, timeout: float = 600, **environment: str) -> str:
        told = self.run(sys.executable, "-m", "dvc", *words, timeout=timeout, **environment)
        assert told.returncode == 0, f"dvc {' '.join(words)}:\n{told.stdout}\n{told.stderr}"
        return told.stdout + told.stderr

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        others = ("DVC_", "MLFLOW_", "PREFECT_")
        ours = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        if record := os.environ.get("FACEMOTION_TEST_RECORD"):
            ours["MLFLOW_TRACKING_URI"] = record
        return {**ours, "FACEMOTION_PYTHON": sys.executable, "DVC_NO_ANALYTICS": "1", "PYTHONPATH": ".", **more}

    def set(self, **values: Any) -> None:
        """Set params by dotted key, with __ for the dot."""
        yaml = YAML()
        path = self.root / "params.yaml"
        content = yaml.load(path)
        for key, value in values.items():
            *sections, last = key.split("__")
            place = content
            for section in sections:
                place = place[section]
            place[last] = value
        yaml.dump(content, path)

    def lock(self) -> Any:
        return YAML(typ="safe").load(self.root / "dvc.lock")["stages"]  # thousands of lines: in C


def copy_project(target: Path, compiled: Path = ROOT) -> Project:
    """What git knows of this project, or would, committed in a new repository; no data, no record. Kernels that numba
    has compiled in the folder `compiled` come along, since compiling takes longer than rendering what tests need."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout.decode()  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and name != "dvc.lock":
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    for kernel in compiled.glob("facemotion/*/__pycache__/*.nb[ci]"):
        (target / kernel.relative_to(compiled)).parent.mkdir(exist_ok=True)
        shutil.copy2(kernel, target / kernel.relative_to(compiled))
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "copy"]):
        subprocess.run([*git, *words], cwd=target, check=True)
    for key, value in (("user.name", "test"), ("user.email", "test@localhost")):
        subprocess.run(["git", "config", key, value], cwd=target, check=True)
    return Project(target)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy in which nothing has run."""
    return copy_project(tmp_path)


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy with the smoke profile in which the whole DAG has run, one for all processes that test. To be read only:
    what changes something does so in a `smoke_copy`."""
    base = tmp_path_factory.getbasetemp()
    home = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    project = Project(home / "smoke")
    with FileLock(home / "smoke.lock"):
        if not (home / "smoke.made").exists():
            shutil.rmtree(project.root, ignore_errors=True)  # of one that failed half way
            copy_project(project.root)
            told = project.run(sys.executable, "-m", "facemotion.cli", "configure", "smoke")
            assert told.returncode == 0, told.stderr
            project.dvc("repro", timeout=3000)
            (home / "smoke.made").touch()
    return project


@pytest.fixture
def smoke_copy(smoke: Project, tmp_path: Path) -> Project:
    """That project once more, to be changed."""

    def copied(source: str, target: str) -> str:
        # What is big is never written in place.
        big = {"data", "models", "cache"} & set(Path(source).relative_to(smoke.root).parts[:2])
        return os.link(source, target) or target if big else shutil.copy2(source, target)

    shutil.copytree(smoke.root, tmp_path / "smoke", copy_function=copied, symlinks=True)
    return Project(tmp_path / "smoke")


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["PrefectServer"]:
    from prefect_server import started

    with started(tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest.fixture(scope="session")
def real_faces() -> Path:
    """The folder of real clips and photos, where this machine has one."""
    folder = Path(os.environ.get("FACEMOTION_REAL_FACES", ROOT.parent / "shared" / "real_faces"))
    if not folder.is_dir():
        pytest.skip("no real clips here: set FACEMOTION_REAL_FACES to a folder with clips/ and photos/")
    return folder


@pytest.fixture(scope="session")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Somebody to drive with, somebody to animate, and models that nobody trained: see `talking.Talking`."""
    from talking import make

    return make(tmp_path_factory.mktemp("talking"))
