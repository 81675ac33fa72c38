"""From one machine to several: the same programs on a real PostgreSQL and on DVC remotes; only addresses change."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

pytestmark = pytest.mark.slow
SERVER = next(
    (found for where in (None, *map(str, Path("/usr/lib/postgresql").glob("*/bin")))
     if (found := shutil.which("initdb", path=where))), None,
)  # fmt: skip
on_postgres = pytest.mark.skipif(SERVER is None, reason="no PostgreSQL here: apt-get install postgresql")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """Address of a server of our own, without its scheme; PostgreSQL does not run as root."""
    pytest.importorskip("psycopg2", reason="pip install facemotion[scale]")
    assert SERVER is not None
    programs, port = Path(SERVER).resolve().parent, free_port()
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = None if os.getuid() else next(name for name in ("postgres", "nobody") if name in names)
    with tempfile.TemporaryDirectory(prefix="facemotion-postgres-") as home:
        if user:
            shutil.chown(home, user)
        data = Path(home) / "data"
        common = {"user": user, "cwd": home, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}
        begun = [programs / "initdb", "-D", data, "-U", "facemotion", "--auth=trust", "--no-sync"]
        subprocess.run(begun, check=True, stdout=subprocess.DEVNULL, **common)  # type: ignore[call-overload]
        words = [programs / "postgres", "-D", data, "-k", home, "-h", "127.0.0.1", "-p", str(port), "-F"]
        server = subprocess.Popen(words, stderr=subprocess.DEVNULL, **common)  # type: ignore[call-overload]
        try:
            _create(port, ("studies", "mlflow", "prefect"))
            yield f"facemotion@127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGINT)  # without waiting for whoever is connected
            server.wait(120)


def _create(port: int, databases: tuple[str, ...]) -> None:
    import psycopg2

    until = time.monotonic() + 60
    while True:
        try:
            connection = psycopg2.connect(host="127.0.0.1", port=port, user="facemotion", dbname="postgres")
            break
        except psycopg2.OperationalError:
            assert time.monotonic() < until
            time.sleep(0.2)
    connection.autocommit = True
    for name in databases:
        connection.cursor().execute(f"CREATE DATABASE {name}")
    connection.close()


@on_postgres
def test_workers_share_a_study_in_postgres(postgres: str) -> None:
    from tuning_toys import study

    from facemotion.tuning import study as studies

    uri = f"postgresql+psycopg2://{postgres}/studies"
    own = study(uri)
    words = [sys.executable, str(ROOT / "tests" / "tuning_toys.py"), uri, "6"]
    workers = [subprocess.Popen(words, env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}) for _ in range(2)]
    assert [worker.wait(300) for worker in workers] == [0, 0]
    ended = studies.ended(own)
    assert len(ended) == 6
    assert {trial.user_attrs[studies.WORKER] for trial in ended} <= {
        f"{os.uname().nodename}-{worker.pid}" for worker in workers
    }


@on_postgres
def test_the_record_lies_in_postgres(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from test_tracking_lineage import record

    from facemotion import tracking

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"postgresql+psycopg2://{postgres}/mlflow")
    monkeypatch.setattr(tracking, "PATIENCE_S", 300.0)
    tracking.publish(record("pack", {"data/clips": "c.dir"}, {"data/packed/train": "t.dir"}))
    assert not list(tracking.PENDING.glob("*"))
    runs = tracking.open_client().search_runs([tracking.experiment_id()], "tags.`facemotion.stage` = 'pack'")
    assert [run.info.status for run in runs] == ["FINISHED"]


@on_postgres
def test_flow_runs_lie_in_postgres(postgres: str, tmp_path: Path) -> None:
    pytest.importorskip("asyncpg", reason="pip install facemotion[scale]")
    environment = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"postgresql+asyncpg://{postgres}/prefect",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "600",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    flow = "from prefect import flow\n@flow(name='counts')\ndef counts(): return 3\nassert counts() == 3"
    told = subprocess.run([sys.executable, "-c", flow], env=environment, capture_output=True, text=True, timeout=900)
    assert told.returncode == 0, told.stderr
    import psycopg2

    address = f"postgresql://{postgres}/prefect"
    with psycopg2.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT state_name FROM flow_run JOIN flow ON flow.id = flow_run.flow_id WHERE flow.name = 'counts'"
        )
        assert cursor.fetchall() == [("Completed",)]


def dvc(root: Path, *words: str) -> None:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("DVC_")}
    told = subprocess.run(
        [sys.executable, "-m", "dvc", *words], cwd=root, capture_output=True, text=True, timeout=300,
        env={**ours, "DVC_NO_ANALYTICS": "1"},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr


def comes_back(root: Path, remote: str, **settings: str) -> None:
    """A folder goes to a remote and, without cache or copy, comes back to the byte."""
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    dvc(root, "init", "-q")
    shards = {f"{k:05d}.arrow": os.urandom(50_000 + k) for k in range(5)}
    (root / "packed").mkdir()
    for name, content in shards.items():
        (root / "packed" / name).write_bytes(content)
    dvc(root, "add", "-q", "packed")
    dvc(root, "remote", "add", "-d", "shared", remote)
    for key, value in settings.items():
        dvc(root, "remote", "modify", "--local", "shared", key, value)
    dvc(root, "push", "-q")
    for gone in (root / "packed", root / ".dvc" / "cache"):
        shutil.rmtree(gone)
    dvc(root, "pull", "-q")
    assert {path.name: path.read_bytes() for path in (root / "packed").iterdir()} == shards


def test_data_comes_back_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    comes_back(tmp_path / "here", str(tmp_path / "there"))


def test_data_comes_back_from_an_object_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dvc_s3", reason="pip install facemotion[scale]")
    server = pytest.importorskip("moto.server", reason="pip install facemotion[scale]")
    import boto3

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    store = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    try:
        host, port = store.get_host_and_port()
        address = f"http://{host}:{port}"
        boto3.client("s3", endpoint_url=address).create_bucket(Bucket="facemotion")
        comes_back(tmp_path, "s3://facemotion/clips", endpointurl=address)
        kept = boto3.client("s3", endpoint_url=address).list_objects_v2(Bucket="facemotion")
        assert kept["KeyCount"] == 6
    finally:
        store.stop()
