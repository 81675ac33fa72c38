"""The same-identity protocol: frame 0 of a held-out person's clip, driven by the clip's other frames."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from facemotion import config, schemas
from facemotion.dataset.augmentation import Batch, prepare
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.dataset.sampling import NORMALS, UNIFORMS, Pair
from facemotion.errors import FacemotionError
from facemotion.evaluation import images
from facemotion.evaluation.faces import FaceMeter
from facemotion.evaluation.flows import end_point_errors, in_pixels
from facemotion.evaluation.repeated import Repeated
from facemotion.evaluation.truth import ClipTruth, TruthPlace
from facemotion.evaluation.variants import Animated, Made, Variant
from facemotion.training.stream import decode

TOGETHER: Final = 16  # frames made at a time
Values = dict[str, float]


@dataclass(frozen=True)
class ClipJob:
    """One clip to be scored, of a packed split; `model` is a folder, or None for the reference repeated at `size`."""

    clip_id: str
    split: Path
    model: Path | None
    size: int
    truth: TruthPlace | None
    settings: config.Evaluate


def same_identity(
    variant: Variant, split: PackedSplit, truths: Mapping[str, TruthPlace], settings: config.Evaluate
) -> pl.DataFrame:
    """A row for every clip and metric, in this process."""
    rows = [
        row
        for clip in split.clips
        if clip.frames >= 2
        for row in score_clip(variant, clip, truths.get(clip.clip_id), settings)
    ]
    return schemas.SCORES.frame(rows)


def jobs(
    split: PackedSplit, model: Path | None, size: int, truths: Mapping[str, TruthPlace], settings: config.Evaluate
) -> list[ClipJob]:
    """The same work to be spread over processes."""
    return [
        ClipJob(clip.clip_id, split.folder, model, size, truths.get(clip.clip_id), settings)
        for clip in split.clips
        if clip.frames >= 2
    ]


def score_job(job: ClipJob) -> list[dict[str, Any]]:
    """Rows of one clip; on one thread, so that sums do not depend on the machine's load."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    return score_clip(load(job.model, job.size), _split(job.split)[job.clip_id], job.truth, job.settings)


@cache
def load(model: Path | None, size: int) -> Variant:
    return Repeated(size) if model is None else Animated.load(model)


@cache
def _split(folder: Path) -> PackedSplit:
    return PackedSplit(folder)


def score_clip(
    variant: Variant, clip: PackedClip, place: TruthPlace | None, settings: config.Evaluate
) -> list[dict[str, Any]]:
    """Means over the scored frames; a metric that no frame has is absent."""
    truth = ClipTruth.load(place) if place is not None else None
    meter = FaceMeter(settings.averaged)
    sums: dict[str, list[float]] = {}
    for frames, batch, made in make(variant, clip, scored_frames(clip.frames, settings.stride)):
        for values in _scores(clip, frames, batch, made, meter, truth):
            for name, value in values.items():
                if np.isfinite(value):
                    sums.setdefault(name, []).append(value)
    about = {"clip_id": clip.clip_id, "person_id": clip.person_id}
    return [
        {**about, "metric": name, "value": float(np.mean(values)), "frames": len(values)}
        for name, values in sorted(sums.items())
    ]


def scored_frames(frames: int, stride: int) -> NDArray[np.intp]:
    """Every stride-th frame counted back from the last, but not the reference itself."""
    return np.arange(frames - 1, 0, -stride)[::-1]


def make(
    variant: Variant, clip: PackedClip, frames: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], Batch, Made]]:
    """What the variant makes of frame 0 and these frames, a few at a time."""
    unused = np.zeros(UNIFORMS, np.float32), np.zeros(NORMALS, np.float32)
    for start in range(0, len(frames), TOGETHER):
        some = frames[start : start + TOGETHER]
        pairs = [Pair(0, 0, 0, int(frame), *unused) for frame in some]
        batch = prepare(decode(_Alone([clip]), pairs), variant.size, None)
        yield some, batch, variant.make(batch.reference, batch.driving)


@dataclass(frozen=True)
class _Alone:
    clips: list[PackedClip]


def _scores(
    clip: PackedClip, frames: NDArray[np.intp], batch: Batch, made: Made, meter: FaceMeter, truth: ClipTruth | None
) -> Iterator[Values]:
    """Of each frame; the driving frame has passed the same sizes as the generated one."""
    driving, generated = images.at_scale(batch.driving), images.at_scale(made.frames)
    flows = [in_pixels(flow) for flow in made.flows]
    expected = images.points_at_scale(batch.driving_points)
    for k, frame in enumerate(frames.tolist()):
        values = {
            "l1": images.l1(generated[k], driving[k]),
            "psnr": images.psnr(generated[k], driving[k]),
            "ssim": images.ssim(generated[k], driving[k]),
        }
        true_points = truth.points[frame] if truth is not None else None
        values |= meter.measure(generated[k], meter.driver(driving[k], expected[k]), true_points)
        if truth is not None:
            values |= _flow_scores(truth, frame, [flow[k] for flow in flows])
        yield values


def _flow_scores(truth: ClipTruth, frame: int, flows: list[NDArray[np.float32]]) -> Values:
    """Of the last flow, and of each one where there are several: element 0 is the coarse motion."""
    true, regions = truth.flow(frame), truth.regions(frame)
    values = end_point_errors(flows[-1], true, regions)
    if len(flows) > 1:
        for step, flow in enumerate(flows):
            values |= end_point_errors(flow, true, regions, f"_step{step}")
    return values


def means(table: pl.DataFrame) -> Values:
    """Over clips, by metric."""
    grouped = table.group_by("metric").agg(pl.col("value").mean()).sort("metric")
    return dict(grouped.iter_rows())


def check_apart(judged: PackedSplit, *learnt: PackedSplit) -> None:
    """Refuse to judge by people whom the models may have seen."""
    for split in learnt:
        both = sorted(set(judged.people) & set(split.people))
        if both:
            shown = ", ".join(both[:5]) + (f" and {len(both) - 5} more" if len(both) > 5 else "")
            raise FacemotionError(
                f"{len(both)} people are in {judged.folder} and in {split.folder} ({shown}), so that the evaluation "
                "would flatter: pack the clips again with `dvc repro -f pack`"
            )
