"""FID of same-identity frames, as work for several processes: features clip by clip, then one distance of all."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from facemotion.evaluation import fid, made_of, same_identity
from facemotion.evaluation.folders import one_thread, split
from facemotion.evaluation.images import Frame
from facemotion.evaluation.protocols import scored_frames
from facemotion.evaluation.score_jobs import ScoreJob

Features = NDArray[np.float32]


class Looked(NamedTuple):
    """What a network sees in a clip's generated and in its driving frames, [N, features] each."""

    generated: Features
    driving: Features


def look(job: ScoreJob) -> Looked:
    one_thread()
    variant, clip = made_of.load(job.made_of), split(job.folders.clips)[job.pair.driving_clip]
    frames = same_identity.frames_of(variant, clip, scored_frames(clip.frames, job.settings.stride))
    shown = [(generated.frame, driving) for _, generated, driving, _ in frames]
    return Looked(*(features([both[side] for both in shown], job.weights) for side in (0, 1)))


def features(frames: list[Frame], weights: Path | None = None) -> Features:
    """One after the other: memory does not grow with the clip."""
    with torch.no_grad():
        seen = [_network(weights)(torch.from_numpy(frame).permute(2, 0, 1)[None]) for frame in frames]
    return np.asarray(torch.cat(seen).numpy(), np.float32)


def distance(looked: Iterable[Looked]) -> float:
    sides: list[fid.Moments] = []
    for clip in looked:
        sides = sides or [fid.Moments(found.shape[1]) for found in clip]
        for side, found in zip(sides, clip, strict=True):
            side.add(found)
    return fid.frechet(*sides)


@cache
def _network(weights: Path | None) -> nn.Module:
    network = fid.inception(weights)
    assert network is not None, "asked for features without the network's weights"
    return network
