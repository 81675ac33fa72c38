"""What a variant reaches, as work for several processes: a job a clip or pair, on one thread, so that sums do not
depend on the machine's load."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from facemotion import config
from facemotion.evaluation import cross_identity, made_of, same_identity, several
from facemotion.evaluation.cross_identity import CrossClips
from facemotion.evaluation.folders import Folders, one_thread, split
from facemotion.evaluation.known import Known
from facemotion.evaluation.made_of import MadeOf
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.same_identity import Scores
from facemotion.evaluation.scoring import Meters
from facemotion.evaluation.variants import Fuses


@dataclass(frozen=True)
class ScoreJob:
    pair: PairRow
    folders: Folders
    made_of: MadeOf
    settings: config.Evaluate
    weights: Path | None = None  # a folder in which those of others' networks may lie

    @property
    def clip_id(self) -> str:
        return self.pair.pair_id


def score_jobs(
    pairs: Sequence[PairRow], folders: Folders, made_of: MadeOf, settings: config.Evaluate, weights: Path | None = None
) -> list[ScoreJob]:
    return [ScoreJob(pair, folders, made_of, settings, weights) for pair in pairs]


def score_pair(job: ScoreJob) -> Scores:
    one_thread()
    variant, meters = made_of.load(job.made_of), _meters(job.settings.averaged, job.weights)
    if job.pair.protocol == "same":
        clip = split(job.folders.clips)[job.pair.driving_clip]
        known = Known.load(job.folders.known, job.pair.pair_id, variant.size)
        found = same_identity.score_clip(variant, clip, known, job.settings, meters)
        if isinstance(variant, Fuses):
            found.add(several.score_clip(variant, clip, known, meters))
        return found
    clips = cross_clips(job.pair, job.folders, variant.size)
    return cross_identity.score_pair(variant, job.pair, clips, job.settings.pairs_every, meters)


def cross_clips(pair: PairRow, folders: Folders, size: int) -> CrossClips:
    driving = split(folders.clips)[pair.driving_clip]
    if pair.answered:
        answer, known = split(folders.answers)[pair.pair_id], Known.load(folders.known, pair.pair_id, size)
        return CrossClips(answer, driving, known, known)
    known, who = (Known.load(folders.known, name, size) for name in (pair.driving_clip, pair.reference_clip))
    return CrossClips(split(folders.clips)[pair.reference_clip], driving, known, who)


@cache
def _meters(averaged: int, weights: Path | None) -> Meters:
    return Meters(averaged, weights)
