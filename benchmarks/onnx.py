"""Exported parts beside torch's, side by side in one run: `python -m benchmarks.onnx [--presets small] [--seconds 5]`.

Models that nobody trained cost what trained ones do. One photo, one thread, a frame at a time."""

import argparse
import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch

from benchmarks.inference import figure, timed
from facemotion import files, layout
from facemotion.exporting import onnx_files, parts
from facemotion.exporting.running import OnnxAnimator
from facemotion.models.animator import Animator
from facemotion.models.presets import PRESETS, preset
from facemotion.models.weights import load_model, save_model

CPU = torch.device("cpu")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="+", default=["tiny", "small"], choices=list(PRESETS))
    parser.add_argument("--motions", nargs="+", default=["keypoints", "landmarks"], choices=["keypoints", "landmarks"])
    parser.add_argument("--seconds", type=float, default=5.0, help="spent on each part")
    options = parser.parse_args()
    torch.set_num_threads(1)
    figures: dict[str, dict[str, Any]] = {}
    for name in options.presets:
        for motion in options.motions:
            figures |= {f"{name}_{motion}_{key}": one for key, one in measure(name, motion, options.seconds).items()}
    files.write_json(layout.BENCHMARKS / "onnx.json", figures)
    print(json.dumps(figures, indent=1))


def measure(name: str, motion: str, seconds: float) -> dict[str, dict[str, Any]]:
    torch.manual_seed(0)
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        model, out = Path(folder) / "model", Path(folder) / "onnx"
        save_model(Animator(preset(name).model_copy(update={"motion": motion})), model)
        found["largest_difference"] = figure(max(onnx_files.export(model, out).values()), "of values up to 1")
        loaded, exported = load_model(model).eval(), OnnxAnimator(out, threads=1)
        found["bytes"] = figure(sum(path.stat().st_size for path in out.iterdir()), "bytes of all files")
    with torch.inference_mode():
        for part, module in parts.parts(loaded).items():
            given = tuple(module.example.values())
            arrays = {key: tensor.numpy() for key, tensor in module.example.items()}
            _, torch_s, _ = timed(partial(module, *given), seconds, CPU)
            _, onnx_s, _ = timed(partial(exported.run, part, arrays), seconds, CPU)
            found[f"{part}_torch"] = figure(1e3 * torch_s, "ms of CPU")
            found[f"{part}_onnx"] = figure(1e3 * onnx_s, "ms of CPU")
    return found


if __name__ == "__main__":
    main()
