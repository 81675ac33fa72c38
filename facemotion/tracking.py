"""The record of what ran, in MLflow: the only file that imports mlflow.

A stage's record is plain data, published in one go when the stage ends; a stage that tells of its work while it goes on
(see tracking_live) has begun the run before. Where the server cannot be reached the record is kept in .work/tracking
and published by the next stage that can: no finished work hangs on it."""

import fcntl
import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from facemotion import layout
from facemotion.files import write_json
from facemotion.tracking_records import Row, StageRecord, StageStart, outs_digest

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

log = logging.getLogger(__name__)

EXPERIMENT: Final = "facemotion"
HOME: Final = Path(".mlflow")
PENDING: Final = layout.WORK / "tracking"
KEY_TAG: Final = "facemotion.pipeline"
ID_TAG: Final = "facemotion.record"
PATIENCE_S: Final = 60.0  # with a server elsewhere, at a stage's end
STRANDED_S: Final = 600.0  # after which whoever took a waiting record has been killed
PARAM_LIMIT: Final = 500  # characters; longer values are cut by no server we know
MOST_AT_ONCE: Final = 100  # of a kind in a request: what MLflow's servers take


def address(root: Path | None = None) -> str:
    """MLFLOW_TRACKING_URI where set, else a SQLite file of the project's own."""
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        return uri
    home = (root or Path.cwd()).resolve() / HOME
    return f"sqlite:///{home / 'mlflow.db'}"


def shown() -> str:
    """The address as it may stand in a log: without a password."""
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", address())


def is_local(uri: str) -> bool:
    return uri.startswith(("sqlite:", "file:", "/")) or "://" not in uri


def preload() -> None:
    """Import mlflow, which takes seconds, while the stage is at work."""
    threading.Thread(target=_mlflow, daemon=True).start()


def publish(record: StageRecord) -> None:
    """Record a stage, and any that could not be recorded before; never raises, and waits for no slow server."""
    problem = _within(None if is_local(address()) else PATIENCE_S, lambda: _publish_all(record))
    if problem is None:
        return
    log.warning(
        "MLflow at %s did not take the record of stage %s (%s); it is kept in %s for the next stage to publish, or for "
        "`facemotion mlflow sync`",
        shown(),
        record.stage,
        problem,
        PENDING,
    )
    try:
        write_json(PENDING / f"{int(record.ended)}-{record.id}.json", asdict(record))
    except Exception as second:
        log.warning("the record of stage %s could not be kept either: %s", record.stage, second)


def sync() -> tuple[int, int]:
    """Publish all that waits, however long the server takes; how many were told, and how many still wait."""
    waiting = _waiting()
    told = 0
    try:
        client = open_client() if waiting else None
        for path in waiting:
            assert client is not None
            _publish_waiting(client, path)
            told += 1
            log.info("%s is told", path.name)
    except Exception as error:  # whatever the store throws
        log.warning("MLflow at %s: %s", shown(), _in_a_line(error))
    return told, len(waiting) - told


def _publish_all(record: StageRecord) -> None:
    client = open_client()
    for waiting in _waiting():
        _publish_waiting(client, waiting)
    _write(client, record)


def _waiting() -> list[Path]:
    for stranded in PENDING.glob("*.taken"):  # whoever took it was killed meanwhile
        if time.time() - stranded.stat().st_mtime > STRANDED_S:
            stranded.rename(stranded.with_suffix(".json"))
    return sorted(PENDING.glob("*.json"))


def _within(seconds: float | None, work: Callable[[], None]) -> str | None:
    """What went wrong, in a line. What takes longer is left to itself: a record that is told twice is one run."""
    problems: list[str | None] = ["it takes too long"]

    def tell() -> None:
        try:
            work()
            problems[0] = None
        except Exception as error:  # whatever the store throws, the stage's work is done and stays
            problems[0] = _in_a_line(error)

    thread = threading.Thread(target=tell, name="record", daemon=True)
    thread.start()
    thread.join(seconds)
    return problems[0]


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def _publish_waiting(client: "MlflowClient", waiting: Path) -> None:
    mine = waiting.with_suffix(".taken")  # stages may run side by side
    try:
        waiting.rename(mine)
        mine.touch()
    except FileNotFoundError:
        return
    try:
        content = json.loads(mine.read_text())
        content["untold"] = tuple(Row(*row) for row in content.get("untold", ()))
        _write(client, StageRecord(**content))
    except BaseException:
        mine.rename(waiting)
        raise
    mine.unlink()


def open_client() -> "MlflowClient":
    """A client on the project's store, which is made where it does not exist yet."""
    mlflow = _mlflow()
    uri = address()
    if uri.startswith("sqlite:///"):
        Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time():  # the first use creates the tables
        mlflow.set_tracking_uri(uri)
        client: MlflowClient = mlflow.MlflowClient(tracking_uri=uri)
        if client.get_experiment_by_name(EXPERIMENT) is None:
            here = (Path.cwd() / HOME / "artifacts").as_uri() if is_local(uri) else None
            client.create_experiment(EXPERIMENT, artifact_location=here)
    return client


def experiment_id() -> str:
    """The project's experiment, made where it does not exist yet."""
    experiment = open_client().get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    return str(experiment.experiment_id)


def newest_runs(stages: str) -> list[str]:
    """Ids of the newest finished run of every stage whose name begins so, in the order of their names."""
    client = open_client()
    found = client.search_runs(
        [experiment_id()],
        f"tags.`facemotion.stage` LIKE '{stages}%' and attributes.status = 'FINISHED'",
        order_by=["attributes.start_time DESC"],
    )
    newest: dict[str, str] = {}
    for run in found:
        newest.setdefault(run.data.tags["facemotion.stage"], run.info.run_id)
    return [newest[stage] for stage in sorted(newest)]


def _mlflow() -> Any:
    # Seconds, not minutes, until an unreachable server is given up on.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    import mlflow

    for noisy in ("alembic", "mlflow"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return mlflow


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Stages may run side by side; creating the store, or a pipeline's run, must happen once."""
    layout.WORK.mkdir(exist_ok=True)
    with (layout.WORK / "tracking.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


class OpenRun:
    """The run of a stage that is at work; made, or opened again, in the store."""

    def __init__(self, start: StageStart) -> None:
        self._client = open_client()
        self._id, _ = _begin(self._client, start)

    def tell(self, rows: Sequence[Row], pictures: Sequence[Path], folder: str) -> None:
        """Values, and files for a folder of the run's artifacts."""
        _log_batch(self._client, self._id, rows)
        for path in pictures:
            self._client.log_artifact(self._id, str(path), folder)


def _begin(client: "MlflowClient", start: StageStart) -> tuple[str, "Run | None"]:
    """The id of a stage's run, and its pipeline's run where it has one. Where a run of this id is there already (the
    work was interrupted, its record broke off half-way, or a part of it was told first) it goes on."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    pipeline = None
    with _one_at_a_time():
        if start.under:
            parent = _run_of(client, experiment.experiment_id, start.under, start.under, start.pipeline_started)
        elif start.pipeline:
            pipeline = _pipeline_run(client, experiment.experiment_id, start)
            parent = pipeline.info.run_id
        else:
            parent = None
        run_id = _run_of(client, experiment.experiment_id, start.id, start.stage, start.started)
    client.update_run(run_id, status="RUNNING", name=start.stage)
    tags = {**start.tags, ID_TAG: start.id, "facemotion.stage": start.stage}
    tags |= {"mlflow.parentRunId": parent} if parent else {}
    _log_batch(client, run_id, params=start.params, tags=tags)
    return run_id, pipeline


def _run_of(client: "MlflowClient", experiment_id: str, record: str, name: str, started: float) -> str:
    """The run of a record's id, made where it does not exist yet."""
    found = client.search_runs([experiment_id], f"tags.`{ID_TAG}` = '{record}'", max_results=1)
    if found:
        return str(found[0].info.run_id)
    made = client.create_run(experiment_id, int(started * 1000), {ID_TAG: record}, run_name=name)
    return str(made.info.run_id)


def _log_batch(
    client: "MlflowClient",
    run_id: str,
    rows: Sequence[Row] = (),
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """As few requests as a server takes; what has been sent before may be sent again."""
    from mlflow.entities import Metric, Param, RunTag

    told = [Param(safe(name), str(value)[:PARAM_LIMIT]) for name, value in (params or {}).items()]
    marks = [RunTag(safe(name), value) for name, value in (tags or {}).items()]
    metrics = [
        Metric(safe(name), float(value), int(row.time * 1000), row.step)
        for row in rows
        for name, value in row.values.items()
    ]
    for first in range(0, max(len(told), len(marks), len(metrics)), MOST_AT_ONCE):
        piece = slice(first, first + MOST_AT_ONCE)
        client.log_batch(run_id, metrics[piece], told[piece], marks[piece])


def _write(client: "MlflowClient", record: StageRecord) -> None:
    run_id, parent = _begin(client, record)
    # A stage that has measured a peak of its own, such as of a model alone, knows better than the whole stage's.
    figures = {"peak_mib": record.peak_mib, **record.metrics, "duration_s": record.ended - record.started}
    about = {"facemotion.outs": outs_digest(record.outs), "mlflow.note.content": record.message}
    about |= {f"dep.{path}": digest for path, digest in record.deps.items()}
    about |= {f"out.{path}": digest for path, digest in record.outs.items()}
    _log_batch(client, run_id, [*record.untold, Row(record.ended, record.step, figures)], tags=about)
    _log_inputs(client, run_id, record)
    for path in record.artifacts:
        if Path(path).is_file():
            client.log_artifact(run_id, path, str(Path(path).parent))
    client.set_terminated(run_id, "FINISHED" if record.ok else "FAILED", int(record.ended * 1000))
    if parent is not None:
        with _one_at_a_time():
            _show_in_pipeline(client, parent, run_id, record)


def _log_inputs(client: "MlflowClient", run_id: str, record: StageRecord) -> None:
    """Tie the run to the data it read, by DVC's digest; sources of code are left to the tags."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    inputs = [
        DatasetInput(
            Dataset(path, digest.removesuffix(".dir"), "local", json.dumps({"uri": Path(path).resolve().as_uri()})),
            [InputTag("mlflow.data.context", record.stage)],
        )
        for path, digest in record.deps.items()
        if path.startswith(f"{layout.DATA}/")
    ]
    if inputs:
        client.log_inputs(run_id, inputs)


def _pipeline_run(client: "MlflowClient", experiment_id: str, start: StageStart) -> "Run":
    found = client.search_runs([experiment_id], f"tags.`{KEY_TAG}` = '{start.pipeline}'", max_results=1)
    if found:
        return found[0]
    about_all = {name: value for name, value in start.tags.items() if name != "dvc.dvc_stage"}
    tags = {**about_all, KEY_TAG: start.pipeline, "mlflow.user": os.environ.get("USER", str(os.getuid()))}
    return client.create_run(experiment_id, int(start.pipeline_started * 1000), tags, run_name="pipeline")


def _show_in_pipeline(client: "MlflowClient", parent: "Run", run_id: str, record: StageRecord) -> None:
    """Every stage of the DAG is on the pipeline's run: those that ran, and those that were up to date, by the run that
    made them."""
    parent_id = parent.info.run_id
    states = dict(client.get_run(parent_id).data.tags)
    states[f"stage.{safe(record.stage)}"] = f"{'ran' if record.ok else 'failed'}: {run_id}"
    for stage, digests in record.cached.items():
        name = f"stage.{safe(stage)}"
        if not states.get(name, "").startswith(("ran", "failed")):
            made_by = client.search_runs(
                [parent.info.experiment_id],
                f"tags.`facemotion.stage` = '{stage}' and tags.`facemotion.outs` = '{digests}' "
                "and attributes.status = 'FINISHED'",
                order_by=["attributes.start_time DESC"],
                max_results=1,
            )
            states[name] = f"cached: {made_by[0].info.run_id if made_by else 'outs ' + digests}"
    ours = {name: value for name, value in states.items() if name.startswith("stage.")}
    lines = [f"| {name.removeprefix('stage.')} | {value} |" for name, value in sorted(ours.items())]
    ours["mlflow.note.content"] = "| stage | |\n|---|---|\n" + "\n".join(lines)
    for name, value in ours.items():
        client.set_tag(parent_id, name, value)
    failed = any(value.startswith("failed") for value in ours.values())
    status: Literal["FAILED", "FINISHED"] = "FAILED" if failed else "FINISHED"
    client.set_terminated(parent_id, status, int(record.ended * 1000))


def safe(name: str) -> str:
    """MLflow allows letters, digits, and _-./ and blanks in names."""
    return "".join(c if c.isalnum() or c in "_-./ " else "_" for c in name)
