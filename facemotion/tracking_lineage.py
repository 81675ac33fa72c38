"""From a model, or any run, back to all that it was made from: each stage's run, params, revision and digests."""

import os
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML

from facemotion import tracking
from facemotion.errors import FacemotionError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

MODELS: Final = "models:/"
LOCK: Final = "dvc.lock"  # among the artifacts of a run that registered a model
DEP: Final = "dep."  # of tags: DVC's digests by path
OUT: Final = "out."
REVISION: Final = "mlflow.source.git.commit"
WIDTH: Final = 120  # of a line told


@dataclass(frozen=True)
class Made:
    """A stage's run. `deps` and `outs`: DVC's digests by path."""

    stage: str
    run_id: str
    revision: str
    dirty: bool
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    deps: Mapping[str, str]
    outs: Mapping[str, str]


@dataclass(frozen=True)
class Lineage:
    """`about`: what is said of the model itself; `made`: the runs that made it, last stage first; `unknown`: paths with
    digests that no run of this store has made; `after`: what was made from it, such as the page."""

    about: Mapping[str, str]
    made: tuple[Made, ...]
    unknown: Mapping[str, str]
    after: Mapping[str, str]


def found(name: str) -> "Run":
    """The run of an id, of models:/NAME@ALIAS or models:/NAME/VERSION, or the newest finished one of a stage."""
    client = tracking.open_client()
    if name.startswith(MODELS):
        return client.get_run(str(_version(client, name).run_id))
    experiment = tracking.experiment_id()
    of_stage = f"tags.`facemotion.stage` = '{_plain(name)}' and attributes.status = 'FINISHED'"
    for wanted in (f"attributes.run_id = '{_plain(name)}'", of_stage):
        runs = client.search_runs([experiment], wanted, order_by=["attributes.start_time DESC"], max_results=1)
        if runs:
            return runs[0]
    raise FacemotionError(
        f"{tracking.shown()} has no run {name!r}: give a run's id, the name of a stage such as "
        "train_coarse@keypoints (its newest run), or models:/facemotion@champion"
    )


def lineage(name: str) -> Lineage:
    client, run = tracking.open_client(), found(name)
    about: dict[str, str] = {"run": run.info.run_id}
    if name.startswith(MODELS):
        version = _version(client, name)
        about |= {"model": f"{version.name} version {version.version}", **version.tags}
        outs = _locked(client, run.info.run_id)
        variant = f"models/{version.tags.get('variant', '')}"
        start = {variant: outs.get(variant, version.tags.get("weights", ""))}
        after = {path: md5 for path, md5 in outs.items() if path.startswith("reports/") and path.endswith(".html")}
        made, unknown = _walk(client, start)
    else:
        first = _made(run)
        made, unknown = _walk(client, first.deps)
        made, after = (first, *made), {}
    return Lineage(about, made, unknown, after)


def told(line: Lineage) -> Iterator[str]:
    for name, value in line.about.items():
        yield f"{name}: {value}"
    for one in line.made:
        yield f"{one.stage}: run {one.run_id}, git {one.revision[:12]}{' (changed)' if one.dirty else ''}"
        for path, md5 in one.outs.items():
            yield f"  made {path} {md5}"
        for path, md5 in one.deps.items():
            if not path.endswith(".py"):
                yield f"  from {path} {md5}"
        said = ", ".join(f"{name} {value}" for name, value in sorted(one.params.items()))
        yield textwrap.fill(f"{len(one.params)} params: {said}", WIDTH, initial_indent="  ", subsequent_indent="    ")
    for path, md5 in line.after.items():
        yield f"shown in {path} {md5}"
    for path, md5 in line.unknown.items():
        yield f"not made by any run of this record: {path} {md5}"


def differences(one: str, other: str) -> dict[str, tuple[str, str]]:
    """Params, metrics, revision and digests of data of two runs, where they differ; empty where one has none."""
    first, second = (_facts(found(name)) for name in (one, other))
    names = sorted(first.keys() | second.keys())
    return {name: (first.get(name, ""), second.get(name, "")) for name in names if first.get(name) != second.get(name)}


def _facts(run: "Run") -> dict[str, str]:
    facts = {f"param {name}": value for name, value in run.data.params.items()}
    facts |= {f"metric {name}": f"{value:.6g}" for name, value in run.data.metrics.items()}
    made = _made(run)
    facts |= {f"data {path}": md5 for path, md5 in {**made.deps, **made.outs}.items() if not path.endswith(".py")}
    changed = {f"code {path}": md5 for path, md5 in made.deps.items() if path.endswith(".py")}
    return {**facts, **changed, "git revision": made.revision}


def _walk(client: "MlflowClient", wanted: Mapping[str, str]) -> tuple[tuple[Made, ...], dict[str, str]]:
    """The runs that made these paths, and those that made what they were made from, and so on."""
    experiment = tracking.experiment_id()
    waiting = [(path, md5) for path, md5 in wanted.items() if not path.endswith(".py")]
    seen: set[tuple[str, str]] = set()
    made: dict[str, Made] = {}
    unknown: dict[str, str] = {}
    while waiting:
        path, md5 = waiting.pop(0)
        if (path, md5) in seen:
            continue
        seen.add((path, md5))
        wanted_tag = f"tags.`{OUT}{tracking.safe(path)}` = '{_plain(md5)}' and attributes.status = 'FINISHED'"
        runs = client.search_runs([experiment], wanted_tag, order_by=["attributes.start_time DESC"], max_results=1)
        if not runs:
            unknown[path] = md5
            continue
        one = _made(runs[0])
        if one.run_id not in made:
            made[one.run_id] = one
            waiting += [(dep, own) for dep, own in one.deps.items() if not dep.endswith(".py")]
    return tuple(made.values()), unknown


def _made(run: "Run") -> Made:
    tags = run.data.tags
    deps, outs = (
        {name.removeprefix(kind): value for name, value in tags.items() if name.startswith(kind)} for kind in (DEP, OUT)
    )
    return Made(
        tags.get("facemotion.stage", run.info.run_name or ""),
        run.info.run_id,
        tags.get(REVISION, tags.get("git", "unknown")),
        tags.get("git.dirty") == "true",
        dict(run.data.params),
        dict(run.data.metrics),
        deps,
        outs,
    )


def _locked(client: "MlflowClient", run_id: str) -> dict[str, str]:
    """Digests of all outs in the dvc.lock that was kept with a model."""
    if not any(entry.path == LOCK for entry in client.list_artifacts(run_id)):
        return {}
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # of one small file
    with tempfile.TemporaryDirectory() as folder:
        text = Path(client.download_artifacts(run_id, LOCK, folder)).read_text()
    stages = YAML(typ="safe", pure=True).load(text).get("stages", {})
    return {out["path"]: out.get("md5", "") for entry in stages.values() for out in entry.get("outs", [])}


def _version(client: "MlflowClient", name: str) -> Any:
    model, at, alias = name.removeprefix(MODELS).partition("@")
    model, _, number = model.partition("/")
    try:
        return client.get_model_version_by_alias(model, alias) if at else client.get_model_version(model, number)
    except Exception as error:  # whatever the store throws where there is none
        raise FacemotionError(
            f"the registry at {tracking.shown()} has no {name} ({type(error).__name__}); `facemotion ui` shows which "
            "models it has"
        ) from error


def _plain(value: str) -> str:
    """Fit for a filter of MLflow's, which knows no escapes."""
    return value.replace("'", "").replace("`", "")
