"""Weights on disk: FOLDER/weights.safetensors with FOLDER/config.json beside it, whole or not at all, never pickles."""

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from facemotion import files
from facemotion.errors import FacemotionError
from facemotion.models.animator import Animator
from facemotion.models.config import ModelConfig

WEIGHTS: Final = "weights.safetensors"
CONFIG: Final = "config.json"
# What a refined model has and a coarse one lacks.
REFINEMENT: Final = ("refiner.", ".of_coarse.", ".of_hint.", ".between.")
# What one of several references has and one of a single reference lacks.
FUSION: Final = ("fusion.",)


def save_model(model: Animator, folder: Path) -> None:
    """The weights name the config they were made with, so that a folder with files of two models is noticed."""
    config = model.config.model_dump(mode="json")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    files.write_bytes(folder / WEIGHTS, save(tensors, {"config": _digest(config)}))
    files.write_json(folder / CONFIG, config)


def load_model(folder: Path) -> Animator:
    """The model as it was saved, on the CPU, in training mode."""
    config = load_config(folder)
    model = Animator(config)
    _fill(model, _tensors(folder / WEIGHTS, _digest(config.model_dump(mode="json"))), folder, may_lack=())
    return model


def load_config(folder: Path) -> ModelConfig:
    path = folder / CONFIG
    try:
        return ModelConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise FacemotionError(f"cannot read {path}: {error.strerror}; give the folder of a trained model") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors())
        raise FacemotionError(f"{path} is no model's config ({problems}): train the model again") from error


def start_from(model: Animator, folder: Path) -> None:
    """Give `model` the weights of the model in `folder`. A refined model takes a coarse one's: its coarse motion and
    what it paints are then the same, and it begins to refine. One that fuses takes that of a single reference."""
    config = load_config(folder)
    tensors = _tensors(folder / WEIGHTS, _digest(config.model_dump(mode="json")))
    # What fuses lets its motion rest: a refiner that has not learnt would never do so.
    unlearnt = REFINEMENT if model.fusion is None and not config.refined else ()
    _fill(model, tensors, folder, may_lack=unlearnt + FUSION)


def _fill(model: Animator, tensors: dict[str, Tensor], folder: Path, may_lack: tuple[str, ...]) -> None:
    wanted = model.state_dict()
    missing = [name for name in wanted if name not in tensors and not any(part in name for part in may_lack)]
    unknown = [name for name in sorted(tensors) if name not in wanted]
    sizes = [
        f"{name} is {tuple(tensors[name].shape)}, not {tuple(wanted[name].shape)}"
        for name in wanted
        if name in tensors and tensors[name].shape != wanted[name].shape
    ]
    problems = [
        *(["missing: " + _some(missing)] if missing else []),
        *(["not of this model: " + _some(unknown)] if unknown else []),
        *(["of another size: " + _some(sizes)] if sizes else []),
    ]
    if problems:
        raise FacemotionError(
            f"{folder / WEIGHTS} does not fit the model ({'; '.join(problems)}): "
            "train it again with the present sizes, or set the sizes it was trained with"
        )
    model.load_state_dict(tensors, strict=False)


def _tensors(path: Path, digest: str) -> dict[str, Tensor]:
    try:
        data = path.read_bytes()
        tensors = load(data)
    except OSError as error:
        raise FacemotionError(f"cannot read {path}: {error.strerror}; give the folder of a trained model") from error
    except SafetensorError as error:
        raise FacemotionError(
            f"{path} is truncated or no safetensors file ({error}): copy or train it again"
        ) from error
    if _metadata(data).get("config") != digest:
        raise FacemotionError(f"{path} and {CONFIG} beside it are of two different models: copy or train them again")
    broken = [name for name in sorted(tensors) if not torch.isfinite(tensors[name]).all()]
    if broken:
        raise FacemotionError(f"{path} holds weights that are not finite ({_some(broken)}): train it again")
    return tensors


def _metadata(data: bytes) -> dict[str, Any]:
    """Of a safetensors file that has been read without error: eight bytes of length, then a JSON header."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    metadata: dict[str, Any] = header.get("__metadata__", {})
    return metadata


def _digest(config: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
