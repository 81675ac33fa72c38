"""Frames a second of the models at batch 1, the photo encoded once, by module; and against the published layout."""

import argparse
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from torch import Tensor, nn

from facemotion import files, layout
from facemotion.models.animator import Animator
from facemotion.models.presets import PRESETS, preset
from facemotion.models.summary import MODULES, summarise

PARTS = [name for name in MODULES if name != "features"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", nargs="+", default=["tiny", "small", "base", "published"], choices=list(PRESETS))
    parser.add_argument("--seconds", type=float, default=8.0, help="spent on each preset")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    figures: dict[str, dict[str, Any]] = {}
    cpu_seconds = {}
    for name in options.presets:
        measured = measure(name, options.seconds, torch.device(options.device))
        figures |= {f"{name}_{key}": value for key, value in measured.items()}
        cpu_seconds[name] = measured["cpu_ms_frame"]["value"]
    if "published" in cpu_seconds:
        for name in cpu_seconds:
            ratio = cpu_seconds[name] / cpu_seconds["published"]
            figures[f"{name}_cpu_ratio_published"] = figure(ratio, "of the published layout's time")
    files.write_json(layout.BENCHMARKS / "inference.json", figures)
    print(json.dumps(figures, indent=1))


def figure(value: float, unit: str) -> dict[str, Any]:
    return {"value": float(f"{value:.4g}"), "unit": unit}


def measure(name: str, seconds: float, device: torch.device) -> dict[str, dict[str, Any]]:
    torch.manual_seed(0)
    config = preset(name)
    model = Animator(config).eval().to(device)
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    images = torch.rand(2, 3, config.image_size, config.image_size, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    found: dict[str, dict[str, Any]] = {}
    with torch.inference_mode():
        _, encode_cpu, _ = timed(lambda: model.encode(images[None, :1]), 0, device)
        appearance = model.encode(images[None, :1])

        def frame() -> Tensor:
            rendered: Tensor = model.render(appearance, model.motion(appearance, images[1:]))
            return rendered

        wall, cpu, count = timed(frame, seconds, device)
        found["cpu_ms_frame"] = figure(1e3 * cpu, "ms")
        found["frames_s"] = figure(1 / wall, f"frames a second on {device.type}, {torch.get_num_threads()} threads")
        found["frames_timed"] = figure(count, "frames")
        found["cpu_ms_encode"] = figure(1e3 * encode_cpu, "ms, once a photo")
        for part, share in shares(model, frame).items():
            found[f"share_{part}"] = figure(share, "of the wall time of a frame")
    total = summarise(config)[-1]
    found["gflop_frame"] = figure(total.frame_gflop, "GFLOP")
    found["parameters"] = figure(total.parameters, "parameters")
    return found


def timed(work: Callable[[], Any], seconds: float, device: torch.device) -> tuple[float, float, int]:
    """Mean wall and processor time of one call, and how many calls, after one to warm up."""
    work()
    synchronise(device)
    wall, cpu, count = time.perf_counter(), time.process_time(), 0
    while count < 2 or time.perf_counter() - wall < seconds:
        work()
        synchronise(device)
        count += 1
    return (time.perf_counter() - wall) / count, (time.process_time() - cpu) / count, count


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def shares(model: nn.Module, work: Callable[[], Any]) -> dict[str, float]:
    """Of a frame's wall time, by module; the rest is warps, look-ups and glue between them."""
    spent: dict[str, float] = defaultdict(float)
    handles = []
    for name, module in model.named_modules():
        leaves = isinstance(module, nn.Conv2d | nn.Linear | nn.GroupNorm)
        part = next((part for part in PARTS if leaves and name.startswith(part + ".")), None)
        if part is not None:
            handles.append(module.register_forward_pre_hook(lambda *_, part=part: _add(spent, part, -1)))
            handles.append(module.register_forward_hook(lambda *_, part=part: _add(spent, part, 1)))
    start = time.perf_counter()
    work()
    total = time.perf_counter() - start
    for handle in handles:
        handle.remove()
    found = {part: seconds / total for part, seconds in spent.items()}
    return found | {"warps_and_glue": 1 - sum(found.values())}


def _add(spent: dict[str, float], part: str, sign: int) -> None:
    spent[part] += sign * time.perf_counter()


if __name__ == "__main__":
    main()
