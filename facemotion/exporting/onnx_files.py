"""encode.onnx, motion.onnx and render.onnx of a trained model, compared with torch before they are kept."""

import logging
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import torch

from facemotion import __version__, files
from facemotion.console import progress
from facemotion.errors import FacemotionError
from facemotion.exporting import parts
from facemotion.exporting.lacking import Exportable
from facemotion.exporting.running import OnnxAnimator, file_of
from facemotion.exporting.trees import named
from facemotion.models.animator import Animator
from facemotion.models.weights import WEIGHTS, load_model

log = logging.getLogger(__name__)

OPSET: Final = 20  # the first in which all of it is, with the sampling of grids as torch has it
ABOUT: Final = "export.json"
AS_GOOD_AS: Final = 1e-3  # the largest difference from torch, of values up to 1; of larger ones in proportion
TRIED: Final = (1, 2)  # seeds of the inputs compared, others than the ones traced
NEEDED: Final = ("onnx", "onnxruntime")


def export(folder: Path, out: Path) -> dict[str, float]:
    """The largest difference from torch by part. Where one is too large nothing is written."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise FacemotionError(f"{' and '.join(missing)} are missing: pip install 'facemotion[use]'")
    model = load_model(folder).eval().requires_grad_(False)
    with tempfile.TemporaryDirectory(prefix="facemotion-") as name:
        made = Path(name)
        with progress("exporting", len(parts.NAMES), "parts") as ticker:
            for part, module in parts.parts(model).items():
                _write(module, file_of(made, part))
                ticker.advance()
        found = differences(model, OnnxAnimator(made))
        if far := {part: apart for part, apart in found.items() if not apart <= AS_GOOD_AS}:
            raise FacemotionError(
                f"{folder}: as ONNX it differs from torch by {max(far.values()):.1e} in {', '.join(far)}, more than "
                f"{AS_GOOD_AS:g}; nothing was written"
            )
        for part in parts.NAMES:
            files.write_bytes(file_of(out, part), file_of(made, part).read_bytes())
    about = {
        "facemotion": __version__,
        "model": folder.resolve().name,
        "weights": files.file_digest(folder / WEIGHTS),
        "image_size": model.config.image_size,
        "photo_size": parts.photo_size(model),
        "motion": model.config.motion,
        "opset": OPSET,
    }
    files.write_json(out / ABOUT, about)
    return found


def differences(model: Animator, exported: OnnxAnimator) -> dict[str, float]:
    """The largest by part, each given what torch gives, and of frames made by all three (`all`)."""
    worst = dict.fromkeys((*parts.NAMES, "all"), 0.0)
    for seed in TRIED:
        given = parts.example(model, seed)
        with torch.no_grad():
            known = named(parts.encoded(model, given.photo), "appearance")
            whole = {**given.photo, **given.driving, **known}
            for part, module in parts.parts(model).items():
                wanted = dict(zip(module.gives, module(*(whole[name] for name in module.takes)), strict=True))
                worst[part] = max(worst[part], _apart(exported.run(part, _arrays(whole)), wanted))
                whole |= wanted
        frame = exported.frame(exported.encode(_arrays(given.photo)), _arrays(given.driving))
        worst["all"] = max(worst["all"], _apart({parts.FRAME: frame}, {parts.FRAME: whole[parts.FRAME]}))
    return worst


def _write(part: parts.Part, path: Path) -> None:
    import onnx

    with warnings.catch_warnings(), torch.no_grad(), Exportable():
        # It warns of every Python value in the trace: sizes, which are fixed here. The newer exporter takes minutes.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            part,
            tuple(part.example.values()),
            str(path),
            input_names=part.takes,
            output_names=part.gives,
            opset_version=OPSET,
            dynamo=False,
        )
    written = onnx.load(str(path))
    read = {name for node in written.graph.node for name in _read(node)} | {one.name for one in written.graph.output}
    unused = [one for one in written.graph.input if one.name not in read]
    for one in unused:
        written.graph.input.remove(one)
    onnx.checker.check_model(written)
    onnx.save(written, str(path))


def _read(node: Any) -> set[str]:
    """Names that a node reads, and those that the bodies of its loops and branches do."""
    names = set(node.input)
    for attribute in node.attribute:
        for inner in attribute.g.node:
            names |= _read(inner)
    return names


def _arrays(tensors: parts.Tensors) -> dict[str, Any]:
    return {name: tensor.numpy() for name, tensor in tensors.items()}


def _apart(got: dict[str, Any], wanted: parts.Tensors) -> float:
    gaps = []
    for name, tensor in wanted.items():
        gap = (torch.from_numpy(got[name]) - tensor).abs().max()
        gaps.append(float(gap / tensor.abs().max().clamp(min=1)))
    return max(gaps)
