"""How long a frame takes and how much memory that needs, at the model's own size: measured apart from what is scored,
for the record alone, since no two runs agree."""

import resource
import sys
import time
from dataclasses import dataclass
from functools import partial
from typing import Final

import torch

from facemotion.evaluation import made_of
from facemotion.evaluation.images import SCALE
from facemotion.evaluation.made_of import MadeOf
from facemotion.evaluation.variants import Animated
from facemotion.landmarks.layout import N_POINTS
from facemotion.models.face import Face, reference_size
from facemotion.models.grid import resize_image

WARM_UP: Final = 3
FRAMES: Final = 40


@dataclass(frozen=True)
class SpeedJob:
    """To be done in a process of its own, whose peak of memory is then the model's."""

    made_of: MadeOf


def measure(job: SpeedJob) -> dict[str, float]:
    """One frame after the other on one thread; the reference is encoded once, before."""
    torch.set_num_threads(1)
    variant = made_of.load(job.made_of)
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(WARM_UP + FRAMES, 1, 3, variant.size, variant.size, generator=generator)
    points = torch.rand(WARM_UP + FRAMES, 1, N_POINTS, 2, generator=generator) - 0.5
    reference = Face(resize_image(pictures[0], reference_size(variant.size, SCALE)), points[0])
    made = variant.keeping(reference) if isinstance(variant, Animated) else partial(variant.make, reference)
    times = []
    for driving in map(Face, pictures, points):
        started = time.perf_counter()
        made(driving)
        times.append(time.perf_counter() - started)
    mean = sum(times[WARM_UP:]) / FRAMES
    # In kilobytes, but on a Mac in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return {"ms_frame": 1000 * mean, "frames_s": 1 / mean, "peak_mib": peak}
