"""The same-identity protocol in one go and one process, with nothing worked out before: for benchmarks."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from facemotion import config, schemas
from facemotion.dataset.packed import PackedSplit
from facemotion.evaluation.knowing import Closely, know
from facemotion.evaluation.protocols import LEAST_FRAMES, Start, same_pairs, scored_frames
from facemotion.evaluation.same_identity import score_clip
from facemotion.evaluation.scoring import Meters
from facemotion.evaluation.truth import ClipTruth, TruthPlace
from facemotion.evaluation.variants import Variant


def same_identity(
    variant: Variant, split: PackedSplit, truths: Mapping[str, TruthPlace], settings: config.Evaluate
) -> pl.DataFrame:
    """A row for every clip and metric."""
    usable = [clip for clip in split.clips if clip.frames >= LEAST_FRAMES]
    closely = Closely.of(settings, same_pairs([Start.of(clip) for clip in usable]))
    meters = Meters(settings.averaged)
    rows: list[dict[str, Any]] = []
    for clip in usable:
        place = truths.get(clip.clip_id)
        truth = ClipTruth.load(place) if place is not None else None
        known = know(clip, scored_frames(clip.frames, settings.stride), variant.size, truth, settings, closely)
        rows += score_clip(variant, clip, known, settings, meters).clips
    return schemas.SCORES.frame(rows)
