"""What all variants make of one person driven by another, on the frame that tells most of the mouth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from facemotion.evaluation import made_of
from facemotion.evaluation.cross_identity import frames_of
from facemotion.evaluation.folders import Folders, one_thread
from facemotion.evaluation.images import Frame, as_bytes, at_scale
from facemotion.evaluation.made_of import MadeOf
from facemotion.evaluation.pictures import telling_frames
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.reading import reference_of
from facemotion.evaluation.score_jobs import cross_clips
from facemotion.files import write_bytes
from facemotion.ingest.sheets import jpeg
from facemotion.report.shown import DRIVING, PHOTO, QUALITY, moving

BY: Final = "cross_l1"
ANSWER: Final = "right answer"


@dataclass(frozen=True)
class CrossJob:
    pair: PairRow
    folders: Folders
    made_of: Mapping[str, MadeOf]  # by variant
    folder: Path  # for what is written

    @property
    def clip_id(self) -> str:
        return self.pair.pair_id


@dataclass(frozen=True)
class Crossed:
    reference_person: str
    driving_person: str
    frame: int
    answered: bool
    files: dict[str, str]  # by column: photo, driving, the answer where there is one, then variants


def median(pairs: Sequence[PairRow], scores: pl.DataFrame) -> PairRow | None:
    """The pair of the median cross_l1; the first where no pair has one, None where there is no pair."""
    crossed = {pair.pair_id: pair for pair in sorted(pairs) if pair.protocol == "cross"}
    order = scores.filter((pl.col("metric") == BY) & pl.col("clip_id").is_in(list(crossed))).sort("value", "clip_id")
    if len(order):
        return crossed[order["clip_id"][len(order) // 2]]
    return next(iter(crossed.values()), None)


def show(job: CrossJob) -> Crossed:
    one_thread()
    pictures: dict[str, Frame] = {}
    number = 0
    for name, one in moving(job.made_of).items():
        variant = made_of.load(one)
        clips = cross_clips(job.pair, job.folders, variant.size)
        known = np.array([one.frame for one in clips.known.scored], np.intp)
        nearest = known[[np.abs(known - telling_frames(clips.driving)["mouth"]).argmin()]]
        (frame,) = frames_of(variant, job.pair, clips, nearest)
        number = frame.number
        pictures[PHOTO] = at_scale(reference_of(clips.reference, variant.size).image)[0]
        pictures[DRIVING] = at_scale(frame.driving[None])[0]
        if frame.wanted is not None:
            pictures[ANSWER] = frame.wanted
        pictures[name] = (frame.made.get("") or next(iter(frame.made.values()))).frame
    files = {name: f"cross_{k}.jpg" for k, name in enumerate(pictures)}
    for name, file in files.items():
        write_bytes(job.folder / file, jpeg(as_bytes(pictures[name]), QUALITY))
    return Crossed(job.pair.reference_person, job.pair.driving_person, number, ANSWER in files, files)
