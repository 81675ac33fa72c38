"""All of a training in one file: tensors, and JSON in its header. A file is whole or it is not there: nothing pickled,
nothing torn; the one before is kept in case the disk spoils the last."""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from facemotion.errors import FacemotionError
from facemotion.files import replacing

log = logging.getLogger(__name__)

LAST: Final = "last.safetensors"
PREVIOUS: Final = "previous.safetensors"
BEST: Final = "best.safetensors"
HEADER: Final = "facemotion"


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name, `about` is plain JSON."""

    tensors: dict[str, Tensor]
    about: dict[str, Any]


def save(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    header = {HEADER: json.dumps(about, sort_keys=True)}
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    try:
        with replacing(path) as temporary:
            save_file(plain, temporary, metadata=header)
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
    except (OSError, SafetensorError) as error:
        raise FacemotionError(
            f"cannot write the checkpoint {path}: {error}; free some disk space and run again"
        ) from error


def save_last(folder: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """As `last`; what was the last becomes `previous`."""
    fresh = folder / f"next-{LAST}"
    save(fresh, tensors, about)
    if (folder / LAST).exists():
        (folder / LAST).replace(folder / PREVIOUS)
    fresh.replace(folder / LAST)


def load(path: Path) -> Checkpoint:
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[HEADER])
            return Checkpoint({name: file.get_tensor(name) for name in file.keys()}, about)  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        # torch opens the file a second time, and says so as a RuntimeError where it cannot.
        raise FacemotionError(f"{path} is no whole checkpoint ({error}): delete it to do without") from error


def load_last(folder: Path) -> Checkpoint | None:
    """The last checkpoint that can be read, or None where there is none; those that cannot be read are told of."""
    found = [folder / name for name in (LAST, PREVIOUS) if (folder / name).exists()]
    for path in found:
        try:
            return load(path)
        except FacemotionError as error:
            log.warning("%s", error)
    if found:
        log.warning("no checkpoint in %s can be read: training starts anew", folder)
    return None


def load_best(folder: Path) -> Checkpoint | None:
    """None where it cannot be read, which is told of."""
    try:
        return load(folder / BEST)
    except FacemotionError as error:
        log.warning("%s", error)
        return None


def check_same(identity: Mapping[str, Any], kept: Mapping[str, Any], folder: Path) -> None:
    """Refuse to go on with other settings than those a checkpoint was made with."""
    ours, theirs = flat(identity), flat(kept)
    names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if names:
        lines = [f"  {name}: {theirs.get(name, 'nothing')} -> {ours.get(name, 'nothing')}" for name in names]
        raise FacemotionError(
            f"the work in {folder} was begun with other settings:\n" + "\n".join(lines) +
            f"\nset them back to go on with it, or delete {folder} to start anew"
        )  # fmt: skip


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Nested settings by dotted name, as JSON would keep them."""
    if isinstance(value, Mapping):
        return {k: v for key, own in value.items() for k, v in flat(own, f"{name}.{key}" if name else str(key)).items()}
    return {name: json.loads(json.dumps(value))}


def optimiser_tensors(parts: Iterable[Optimizer], names: Mapping[int, str]) -> dict[str, Tensor]:
    """The state of every weight; `names` by the id of the weight."""
    return {
        f"optimiser/{names[id(weight)]}/{key}": torch.as_tensor(value)
        for part in parts
        for weight, state in part.state.items()
        for key, value in state.items()
    }


def restore_optimiser(parts: Iterable[Optimizer], names: Mapping[int, str], tensors: Mapping[str, Tensor]) -> None:
    for part in parts:
        for weight in (weight for group in part.param_groups for weight in group["params"]):
            mine = f"optimiser/{names[id(weight)]}/"
            state = {key.removeprefix(mine): value for key, value in tensors.items() if key.startswith(mine)}
            if state:
                # In the layout of the weight: a fused step wants all of them alike.
                part.state[weight] = {
                    key: torch.empty_like(weight).copy_(value) if value.ndim else value.to(weight.device)
                    for key, value in state.items()
                }


def fill(module: nn.Module, tensors: Mapping[str, Tensor], prefix: str, where: str) -> None:
    """A module's weights from tensors of that prefix; all must be there and of the right size."""
    fill_tensors(module.state_dict(), tensors, prefix, where)


def fill_tensors(wanted: Mapping[str, Tensor], tensors: Mapping[str, Tensor], prefix: str, where: str) -> None:
    for name, own in wanted.items():
        kept = tensors.get(prefix + name)
        if kept is None:
            raise FacemotionError(f"{where} has no {name}: it is of another model; delete it to start anew")
        if kept.shape != own.shape:
            raise FacemotionError(
                f"{where} has {name} of size {tuple(kept.shape)}, not {tuple(own.shape)}: it is of a model of another "
                "size; delete it to start anew"
            )
        with torch.no_grad():
            own.copy_(kept)
