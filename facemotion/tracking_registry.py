"""The models that are in use, in MLflow's registry: `models:/facemotion@champion`, the one before it `@previous`, and
the newest that did not beat it `@challenger`."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from facemotion import tracking, tracking_model
from facemotion.errors import FacemotionError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

MODEL: Final = "facemotion"
CHAMPION: Final = "champion"
PREVIOUS: Final = "previous"
CHALLENGER: Final = "challenger"
WEIGHTS: Final = "weights"  # tags of a version: digest of its weights,
REASON: Final = "reason"  # why it stands where it stands,
ROLLED_BACK: Final = "rolled_back"  # and that a person has taken it out of use
PEOPLE: Final = "people.json"  # whom a version has learnt from, among the artifacts of the run that registered it


class Registered(NamedTuple):
    version: str
    run_id: str
    tags: Mapping[str, str]


def standing(alias: str) -> Registered | None:
    """Who bears an alias now."""
    client = tracking.open_client()
    version = _aliases(client).get(alias)
    return None if version is None else _plain(client.get_model_version(MODEL, version))


def rolled_back(weights: str) -> bool:
    """Whether a person has taken a model of these very weights out of use."""
    client = tracking.open_client()
    found = client.search_model_versions(f"name = '{MODEL}'")
    return any(one.tags.get(WEIGHTS) == weights and ROLLED_BACK in one.tags for one in found)


def register(folder: Path, files: Sequence[Path], tags: Mapping[str, str]) -> Registered:
    """Keep a model for good: a run with its other files, and a version with its weights and the code to use them."""
    client = tracking.open_client()
    run = client.create_run(tracking.experiment_id(), tags=dict(tags), run_name="retrained")
    run_id = str(run.info.run_id)
    for path in files:
        client.log_artifact(run_id, str(path))
    if not client.search_registered_models(f"name = '{MODEL}'"):
        client.create_registered_model(MODEL, description="Face animation models; `facemotion champion show`")
    version = tracking_model.log_model(folder, run_id, MODEL)
    client.set_terminated(run_id)
    for key, value in tags.items():
        client.set_model_version_tag(MODEL, version, key, value)
    return _plain(client.get_model_version(MODEL, version))


def promote(version: str, reason: str) -> None:
    """The champion from now on; the one so far is the previous one."""
    client = tracking.open_client()
    before = _aliases(client)
    client.set_model_version_tag(MODEL, version, REASON, reason)
    if CHAMPION in before:
        client.set_registered_model_alias(MODEL, PREVIOUS, before[CHAMPION])
    client.set_registered_model_alias(MODEL, CHAMPION, version)
    if before.get(CHALLENGER) is not None:
        client.delete_registered_model_alias(MODEL, CHALLENGER)


def challenge(version: str, reason: str) -> None:
    """Kept, with the reason why it is not in use."""
    client = tracking.open_client()
    client.set_model_version_tag(MODEL, version, REASON, reason)
    client.set_registered_model_alias(MODEL, CHALLENGER, version)


def roll_back() -> tuple[str, str]:
    """The previous champion is the champion again, and the one so far the previous; both versions, the new one first.
    A retraining does not promote what was rolled back."""
    client = tracking.open_client()
    aliases = _aliases(client)
    if CHAMPION not in aliases or PREVIOUS not in aliases:
        raise FacemotionError(
            f"there is no previous champion to go back to; `facemotion {CHAMPION} show` tells which models there are"
        )
    now, then = aliases[PREVIOUS], aliases[CHAMPION]
    client.set_registered_model_alias(MODEL, CHAMPION, now)
    client.set_registered_model_alias(MODEL, PREVIOUS, then)
    client.set_model_version_tag(MODEL, then, ROLLED_BACK, "true")
    if ROLLED_BACK in client.get_model_version(MODEL, now).tags:  # a person's second thought
        client.delete_model_version_tag(MODEL, now, ROLLED_BACK)
    return now, then


def fetch(alias: str, into: Path) -> Path:
    """The folder of whoever bears the alias, copied from the store."""
    found = standing(alias)
    if found is None:
        raise FacemotionError(f"no model is {alias} yet: `facemotion retrain` makes the first one")
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into) as halfway:
        whole = tracking_model.fetched(f"{tracking_model.URI}{MODEL}/{found.version}", Path(halfway))
        target = into / f"v{found.version}"
        if not target.is_dir():
            whole.rename(target)
    return target


def learnt_from(found: Registered, into: Path) -> Path:
    """The file of the people whom a version has seen while it was trained."""
    return Path(tracking.open_client().download_artifacts(found.run_id, PEOPLE, str(into)))


def _aliases(client: "MlflowClient") -> dict[str, str]:
    found = client.search_registered_models(f"name = '{MODEL}'")
    return {alias: str(version) for one in found for alias, version in one.aliases.items()}


def _plain(version: "ModelVersion") -> Registered:
    return Registered(str(version.version), str(version.run_id), dict(version.tags))
