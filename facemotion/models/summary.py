"""Parameters and operations of a model by module: what is spent once on the reference and what on every frame."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from facemotion.landmarks.layout import N_POINTS
from facemotion.models.animator import Animator
from facemotion.models.config import ModelConfig

MODULES: Final = (
    "coarse.keypoints",
    "coarse.background",
    "coarse.dense",
    "coarse",
    "refiner.closeups",
    "refiner.structure",
    "refiner.updates",
    "refiner.shared",
    "refiner.upsampling",
    "features",
    "generator",
    "fusion",
)
VOLUME: Final = "products of maps"


@dataclass(frozen=True)
class Row:
    """A multiply-add counts as two operations."""

    module: str
    parameters: int
    encode_gflop: float
    frame_gflop: float


def summarise(config: ModelConfig, count: int = 1) -> list[Row]:
    """One row a module, the total last, of so many references. Shapes alone are worked out: nothing is computed."""
    with torch.device("meta"):
        model = Animator(config).eval()
        references = torch.empty(1, count, 3, config.image_size, config.image_size)
        points = torch.empty(1, count, N_POINTS, 2)
    parameters: Counter[str] = Counter()
    for name, parameter in model.named_parameters():
        parameters[_owner(name)] += parameter.numel()
    with torch.no_grad():
        with _counted(model) as once:
            appearance = model.encode(references, points)
        with _counted(model) as each:
            model.render(appearance, model.motion(appearance, references[:, 0], points[:, 0]))
    rows = [
        Row(name, parameters[name], once[name] / 1e9, each[name] / 1e9)
        for name in (*MODULES, VOLUME)
        if parameters[name] or each[name]
    ]
    return [*rows, Row("total", parameters.total(), once.total() / 1e9, each.total() / 1e9)]


def table(config: ModelConfig) -> str:
    """`summarise` as text."""
    lines = [f"{'module':20s} {'parameters':>12s} {'GFLOP, reference':>17s} {'GFLOP, frame':>13s}"]
    for row in summarise(config):
        lines.append(f"{row.module:20s} {row.parameters:12,d} {row.encode_gflop:17.3f} {row.frame_gflop:13.3f}")
    if config.refined:
        lines.append(f"largest correlation volume: {config.volume_mib:.1f} MiB an image in float32")
    return "\n".join(lines)


def _owner(name: str) -> str:
    return next(module for module in MODULES if name.startswith(module + "."))


@contextmanager
def _counted(model: nn.Module) -> Iterator[Counter[str]]:
    """Operations by module inside the block; what no layer with weights does are the
    correlation volume and other products of maps."""
    counts: Counter[str] = Counter()
    with FlopCounterMode(display=False) as counter:
        handles = []
        for name, layer in model.named_modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                before, after = _hooks(counter, counts, _owner(name))
                handles += [layer.register_forward_pre_hook(before), layer.register_forward_hook(after)]
        yield counts
        for handle in handles:
            handle.remove()
    counts[VOLUME] = counter.get_total_flops() - counts.total()


def _hooks(
    counter: FlopCounterMode, counts: Counter[str], owner: str
) -> tuple[Callable[..., None], Callable[..., None]]:
    def before(*_: Any) -> None:
        counts[owner] -= counter.get_total_flops()

    def after(*_: Any) -> None:
        counts[owner] += counter.get_total_flops()

    return before, after
