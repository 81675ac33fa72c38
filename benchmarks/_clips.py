"""Clips for benchmarks of training: those of the DAG where it has run, else smooth noise of the same size and cost."""

from pathlib import Path

import numpy as np

from benchmarks._in_memory import Clip
from benchmarks._in_memory import Clips as InMemory
from facemotion import layout
from facemotion.dataset.images import encode
from facemotion.dataset.packed import PackedSplit
from facemotion.landmarks.layout import N_POINTS
from facemotion.training.stream import Clips

SIZE = 256


def training_clips() -> tuple[str, Clips]:
    """What they are, and they."""
    folder = layout.PACKED / "train"
    if Path(folder).is_dir():
        split = PackedSplit(folder)
        if any(clip.frames > 1 for clip in split):
            return "packed", split
    return "noise", InMemory([_noise(person) for person in range(8)])


def _noise(person: int, frames: int = 40) -> Clip:
    """About the bytes of a filmed face in JPEG: smooth colours with fine grain on them."""
    rng = np.random.default_rng(person)
    smooth = np.kron(rng.uniform(40, 215, (frames, 8, 8, 3)), np.ones((1, SIZE // 8, SIZE // 8, 1)))
    images = (smooth + rng.normal(0, 2, smooth.shape)).clip(0, 255).astype(np.uint8)
    points = rng.uniform(60, 200, (frames, N_POINTS, 2)).astype(np.float32)
    return Clip(
        f"noise{person}",
        f"person{person}",
        frames,
        25.0,
        SIZE,
        points,
        np.zeros((frames, 4), np.float32),
        [encode(i, 95) for i in images],
    )
