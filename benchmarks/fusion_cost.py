"""What further references cost a frame at batch 1, the photos encoded once: time, and operations by module."""

import argparse
import json
import os
from functools import partial
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import torch
from torch import Tensor

from benchmarks._cpu import fastest
from facemotion import files, layout
from facemotion.models.animator import Animator, Appearance
from facemotion.models.config import ModelConfig
from facemotion.models.presets import PRESETS, preset
from facemotion.models.summary import summarise

COUNTS = (1, 2, 4, 8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="small", choices=list(PRESETS))
    parser.add_argument("--motion", default="keypoints", choices=["keypoints", "landmarks"])
    parser.add_argument("--fusion", default="attention")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = preset(options.preset).model_copy(update={"motion": options.motion, "fusion": options.fusion})
    figures = measure(config, options.rounds)
    modules = {count: {row.module: row.frame_gflop for row in summarise(config, count)} for count in COUNTS}
    print(f"{'GFLOP a frame':20s}" + "".join(f"{f'N = {count}':>10s}" for count in COUNTS))
    for name in modules[COUNTS[-1]]:
        print(f"{name:20s}" + "".join(f"{modules[count].get(name, 0):10.3f}" for count in COUNTS))
    files.write_json(layout.BENCHMARKS / f"fusion_cost_{options.preset}_{options.motion}.json", figures)
    print(json.dumps(figures, indent=1))


def measure(config: ModelConfig, rounds: int) -> dict[str, dict[str, Any]]:
    torch.manual_seed(0)
    model = Animator(config).eval()
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    size = config.image_size
    photos, driving = torch.rand(1, COUNTS[-1], 3, size, size), torch.rand(1, 3, size, size)
    points, moved = torch.rand(1, COUNTS[-1], 70, 2) - 0.5, torch.rand(1, 70, 2) - 0.5
    spent, found = {}, {}
    with torch.inference_mode():
        for count in COUNTS:
            known = model.encode(photos[:, :count], points[:, :count])
            spent[count] = 1e3 * fastest(partial(_frame, model, known, driving, moved), rounds)
            found[f"cpu_ms_frame_n{count}"] = {"value": round(spent[count], 2), "unit": "ms a frame"}
    for count in COUNTS[1:]:
        share = (spent[count] - spent[1]) / (count - 1) / spent[1]
        found[f"further_n{count}"] = {"value": round(share, 3), "unit": "of a frame's time with one, a further one"}
    return found


def _frame(model: Animator, known: Appearance, driving: Tensor, points: Tensor) -> Tensor:
    return model.render(known, model.motion(known, driving, points))


if __name__ == "__main__":
    main()
