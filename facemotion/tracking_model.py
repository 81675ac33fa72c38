"""Trained models in MLflow's registry, with their code: `mlflow.pyfunc.load_model("models:/facemotion@champion")`, also
where facemotion is not installed. No pickles: weights are safetensors, code is files."""

import os
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from facemotion import layout, tracking
from facemotion.errors import FacemotionError
from facemotion.models.weights import CONFIG, WEIGHTS, load_config

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

PACKAGE: Final = Path(__file__).parent
CODE: Final = PACKAGE / "tracking_pyfunc.py"
ARTIFACT: Final = "model"
URI: Final = "models:/"
EXTRAS: Final = ("data",)  # what is needed to find and follow faces, besides the core


def log_model(folder: Path, run_id: str, registered_name: str) -> str:
    """Put the model in `folder` on a run and into the registry; the new version."""
    load_config(folder)  # what is no model is told of before anything is sent
    client = tracking.open_client()
    mlflow = _mlflow()
    from mlflow.models import Model

    mlflow.set_experiment(experiment_id=client.get_run(run_id).info.experiment_id)
    with tempfile.TemporaryDirectory(prefix="facemotion-") as name:
        model, code = Path(name) / folder.resolve().name, Path(name) / "code"
        model.mkdir()
        for part in (WEIGHTS, CONFIG):
            shutil.copyfile(folder / part, model / part)
        shutil.copytree(PACKAGE, code / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
        settings = code / layout.PARAMS.name  # beside the package is where it is looked for
        shutil.copyfile(layout.PARAMS, settings)
        logged = Model.log(
            artifact_path=None,
            name=ARTIFACT,
            flavor=mlflow.pyfunc,
            run_id=run_id,
            registered_model_name=registered_name,
            python_model=str(CODE),
            artifacts={ARTIFACT: str(model)},
            code_paths=[str(code / PACKAGE.name), str(settings)],
            signature=signature(),
            pip_requirements=_requirements(),
        )
    return str(logged.registered_model_version)


def fetched(uri: str, folder: Path) -> Path:
    """The folder of weights and sizes of a model in the registry, such as `models:/facemotion@champion`. Nothing of its
    code is run."""
    tracking.open_client()
    mlflow = _mlflow()
    try:
        whole = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder)))
    except mlflow.exceptions.MlflowException as error:
        said = str(error).splitlines()[0][:300]
        raise FacemotionError(
            f"{uri} is not in the registry at {tracking.address()} ({said}); look with `facemotion ui`"
        ) from error
    found = sorted(whole.glob(f"artifacts/*/{CONFIG}"))
    if not found:
        raise FacemotionError(f"{uri} is no model of facemotion's: it holds no artifacts/NAME/{CONFIG}")
    return found[0].parent


def _mlflow() -> Any:
    # One bar a file, hundreds of them, on whatever standard error is.
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow

    return mlflow


def signature() -> "ModelSignature":
    from mlflow.models import ModelSignature
    from mlflow.types.schema import Array, ColSpec, DataType, ParamSchema, ParamSpec, Schema

    options: dict[str, tuple[DataType, Any]] = {
        "motion": (DataType.string, "auto"),
        "scale": (DataType.string, "auto"),
        "strength": (DataType.double, 1.0),
        "region": (DataType.string, "all"),
        "smooth": (DataType.double, 1.0),
        "face": (DataType.string, "largest"),
        "size": (DataType.long, 0),
        "paste": (DataType.boolean, False),
        "strip": (DataType.boolean, False),
        "label": (DataType.boolean, True),
    }
    return ModelSignature(
        inputs=Schema([ColSpec(Array(DataType.binary), "sources"), ColSpec(DataType.binary, "driving")]),
        outputs=Schema([ColSpec(DataType.binary, "video")]),
        params=ParamSchema([ParamSpec(name, kind, default) for name, (kind, default) in options.items()]),
    )


def _requirements() -> list[str]:
    """What the code needs, in the versions it runs with here; inferring them would take a load of the model."""
    from packaging.requirements import Requirement

    try:
        told = [Requirement(line) for line in requires("facemotion") or []]
    except PackageNotFoundError as error:
        raise FacemotionError("facemotion is not installed: run `make setup`") from error
    needed = [one for one in told if _applies(one)]
    return [f"{name}=={version(name)}" for name in ("mlflow", *(one.name for one in needed))]


def _applies(requirement: Any) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({"extra": extra}) for extra in EXTRAS)
