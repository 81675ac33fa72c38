"""The record of what ran, in MLflow: the only file that imports mlflow.

A stage's record is plain data, published in one go when the stage ends. Where the server cannot be reached the
record is kept in .work/tracking and published by the next stage that can: no finished work hangs on it."""

import fcntl
import hashlib
import json
import logging
import os
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from facemotion import layout
from facemotion.files import write_json

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

log = logging.getLogger(__name__)

EXPERIMENT: Final = "facemotion"
HOME: Final = Path(".mlflow")
PENDING: Final = layout.WORK / "tracking"
KEY_TAG: Final = "facemotion.pipeline"
ID_TAG: Final = "facemotion.record"
PARAM_LIMIT: Final = 500  # characters; longer values are cut by no server we know


@dataclass(frozen=True)
class StageRecord:
    """One stage that ran. Times are seconds since the epoch; digests are DVC's own, by path."""

    stage: str
    pipeline: str
    pipeline_started: float
    started: float
    ended: float
    ok: bool
    message: str
    peak_mib: float
    params: Mapping[str, Any]
    tags: Mapping[str, str]
    metrics: Mapping[str, float]
    deps: Mapping[str, str]
    outs: Mapping[str, str]
    artifacts: tuple[str, ...] = ()
    # What the other stages of the pipeline are: up to date, by the digest of their outs.
    cached: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


def address(root: Path | None = None) -> str:
    """MLFLOW_TRACKING_URI where set, else a SQLite file of the project's own."""
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        return uri
    home = (root or Path.cwd()).resolve() / HOME
    return f"sqlite:///{home / 'mlflow.db'}"


def is_local(uri: str) -> bool:
    return uri.startswith(("sqlite:", "file:", "/")) or "://" not in uri


def preload() -> None:
    """Import mlflow, which takes seconds, while the stage is at work."""
    threading.Thread(target=_mlflow, daemon=True).start()


def publish(record: StageRecord) -> None:
    """Record a stage, and any that could not be recorded before; never raises."""
    try:
        client = open_client()
        for waiting in sorted(PENDING.glob("*.json")):
            _publish_waiting(client, waiting)
        _write(client, record)
    except Exception as error:  # whatever the store throws, the stage's work is done and stays
        log.warning(
            "MLflow at %s did not take the record of stage %s (%s); it is kept in %s for the next stage to publish",
            address(),
            record.stage,
            f"{type(error).__name__}: {error}".splitlines()[0][:300],
            PENDING,
        )
        try:
            write_json(PENDING / f"{int(record.ended)}-{record.id}.json", asdict(record))
        except Exception as second:
            log.warning("the record of stage %s could not be kept either: %s", record.stage, second)


def _publish_waiting(client: "MlflowClient", waiting: Path) -> None:
    mine = waiting.with_suffix(".taken")  # stages may run side by side
    try:
        waiting.rename(mine)
    except FileNotFoundError:
        return
    try:
        _write(client, StageRecord(**json.loads(mine.read_text())))
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


def _write(client: "MlflowClient", record: StageRecord) -> None:
    from mlflow.entities import Metric, Param, RunTag

    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    for earlier in client.search_runs([experiment.experiment_id], f"tags.`{ID_TAG}` = '{record.id}'"):
        client.delete_run(earlier.info.run_id)  # an attempt that broke off half-way
    with _one_at_a_time():
        parent = _pipeline_run(client, experiment.experiment_id, record)
    tags = {
        **record.tags,
        "mlflow.parentRunId": parent.info.run_id,
        ID_TAG: record.id,
        "facemotion.stage": record.stage,
        "facemotion.outs": outs_digest(record.outs),
        "mlflow.note.content": record.message,
    }
    run = client.create_run(experiment.experiment_id, int(record.started * 1000), tags, run_name=record.stage)
    run_id = run.info.run_id
    stamp = int(record.ended * 1000)
    figures = {**record.metrics, "duration_s": record.ended - record.started, "peak_mib": record.peak_mib}
    client.log_batch(
        run_id,
        metrics=[Metric(_safe(name), float(value), stamp, 0) for name, value in figures.items()],
        params=[Param(_safe(name), str(value)[:PARAM_LIMIT]) for name, value in record.params.items()],
        tags=[RunTag(f"dep.{_safe(p)}", h) for p, h in record.deps.items()]
        + [RunTag(f"out.{_safe(p)}", h) for p, h in record.outs.items()],
    )
    _log_inputs(client, run_id, record)
    for path in record.artifacts:
        if Path(path).is_file():
            client.log_artifact(run_id, path, str(Path(path).parent))
    client.set_terminated(run_id, "FINISHED" if record.ok else "FAILED", stamp)
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


def _pipeline_run(client: "MlflowClient", experiment_id: str, record: StageRecord) -> "Run":
    found = client.search_runs([experiment_id], f"tags.`{KEY_TAG}` = '{record.pipeline}'", max_results=1)
    if found:
        return found[0]
    about_all = {name: value for name, value in record.tags.items() if name != "dvc.dvc_stage"}
    tags = {**about_all, KEY_TAG: record.pipeline, "mlflow.user": os.environ.get("USER", str(os.getuid()))}
    return client.create_run(experiment_id, int(record.pipeline_started * 1000), tags, run_name="pipeline")


def _show_in_pipeline(client: "MlflowClient", parent: "Run", run_id: str, record: StageRecord) -> None:
    """Every stage of the DAG is on the pipeline's run: those that ran, and those that were up to date, by the run that
    made them."""
    parent_id = parent.info.run_id
    states = dict(client.get_run(parent_id).data.tags)
    states[f"stage.{record.stage}"] = f"{'ran' if record.ok else 'failed'}: {run_id}"
    for stage, digests in record.cached.items():
        name = f"stage.{stage}"
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


def outs_digest(digests: Mapping[str, str]) -> str:
    """One name for all that a stage made: equal outs, equal name."""
    return hashlib.sha256(json.dumps(sorted(digests.items())).encode()).hexdigest()[:32]


def _safe(name: str) -> str:
    """MLflow allows letters, digits, and _-./ and blanks in names."""
    return "".join(c if c.isalnum() or c in "_-./ " else "_" for c in name)
