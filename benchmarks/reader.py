"""Augmented training pairs a second: `python -m benchmarks.reader`. Published readers, with 2 workers at 256 pixels: 33
from PNG, 3.6 from MP4."""

import multiprocessing
import os
import time

import torch

from benchmarks._clips import training_clips
from facemotion import files, layout
from facemotion.dataset.augmentation import prepare
from facemotion.dataset.sampling import PairSampler
from facemotion.training.config import Augmentation, Sampling
from facemotion.training.memory import keep_freed_blocks
from facemotion.training.stream import Pieces, decode

PROCESSES = 2
BATCH = 16
BATCHES = 60
SAMPLING = Sampling(candidates=8, max_seconds=None, easy_share=0.3, ramp=0.3, telling=0.3, references=1, spoilt=0.0)
AUGMENTATION = Augmentation(flip=0.5, colour=0.1, moved=0.5, shift=0.04, turn=4.0, zoom=0.06, apart=0.0, dropped=0.0)


def work(rank: int, world: int, size: int) -> tuple[float, float]:
    """Seconds and CPU seconds that one process takes for its share of the batches."""
    torch.set_num_threads(1)
    keep_freed_blocks()
    _, source = training_clips()
    sampler = PairSampler(source.clips, SAMPLING, 1, BATCH * BATCHES)
    pieces = Pieces(BATCH * world, 1, 0, BATCHES, rank, world)
    for index in range(-2, len(pieces)):
        if index == 0:
            started, cpu = time.monotonic(), time.process_time()
        pairs = [sampler.pair(k) for k in pieces[max(index, 0)]]
        prepare(decode(source, pairs), size, AUGMENTATION)
    return time.monotonic() - started, time.process_time() - cpu


def measure(size: int) -> list[dict[str, str | float]]:
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        taken = pool.starmap(work, [(rank, PROCESSES, size) for rank in range(PROCESSES)])
    pairs = BATCH * BATCHES * PROCESSES
    return [
        {
            "name": f"augmented pairs {size}, {PROCESSES} processes",
            "value": round(pairs / max(seconds for seconds, _ in taken), 1),
            "unit": "pairs/s",
        },
        {
            "name": f"augmented pairs {size}, a core of its own",
            "value": round(pairs / sum(cpu for _, cpu in taken), 1),
            "unit": "pairs/CPU-s",
        },
    ]


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "0"
    what, _ = training_clips()
    figures = [{**figure, "clips": what} for size in (256, 64) for figure in measure(size)]
    for figure in figures:
        print(f"{figure['name']:44s} {figure['value']:9.1f} {figure['unit']} ({what})")
    files.write_json(layout.BENCHMARKS / "reader.json", figures)


if __name__ == "__main__":
    main()
