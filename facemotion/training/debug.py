"""Short ways to see whether a training does what it should: one batch learnt by heart, a few steps, a profile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import torch

from facemotion.dataset.sampling import Pair
from facemotion.training.config import Training
from facemotion.training.stream import Pairs

Mode = Literal["overfit", "short", "profile"]
STEPS: Final[dict[Mode, int]] = {"overfit": 300, "short": 20, "profile": 12}
# Steps before the profile begins, in which caches fill.
UNSEEN: Final = 4


class OneBatch:
    """The first batch, again and again."""

    def __init__(self, pairs: Pairs, batch_size: int) -> None:
        self.pairs, self.batch_size = pairs, batch_size

    def pair(self, k: int) -> Pair:
        return self.pairs.pair(k % self.batch_size)


def shortened(settings: Training, mode: Mode) -> Training:
    steps = min(STEPS[mode], settings.steps) if mode != "overfit" else STEPS[mode]
    changes = {"steps": steps, "warmup": min(settings.warmup, steps // 4)}
    watch = settings.watch.model_copy(update={"log_every": 1 if mode != "overfit" else 10, "validate_every": steps})
    return settings.model_copy(update={**changes, "watch": watch})


@contextmanager
def profiled(folder: Path, wanted: bool) -> Iterator[Callable[[], None]]:
    """A function to call after each step; leaves `profile.txt` and `profile.json` (a trace) in the folder."""
    if not wanted:
        yield lambda: None
        return
    from torch.profiler import ProfilerActivity, profile, schedule

    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * torch.cuda.is_available()
    timing = schedule(wait=0, warmup=UNSEEN, active=STEPS["profile"] - UNSEEN)
    with profile(activities=activities, schedule=timing, record_shapes=True, acc_events=True) as profiler:
        yield profiler.step
    folder.mkdir(parents=True, exist_ok=True)
    order = "self_cuda_time_total" if torch.cuda.is_available() else "self_cpu_time_total"
    (folder / "profile.txt").write_text(profiler.key_averages().table(sort_by=order, row_limit=40))
    profiler.export_chrome_trace(str(folder / "profile.json"))
