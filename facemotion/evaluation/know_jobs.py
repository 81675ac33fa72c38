"""What is known before any model has made a frame, as work for several processes: a job a clip or pair, on one thread,
so that sums do not depend on the machine's load."""

from dataclasses import dataclass
from typing import NamedTuple

from facemotion import config
from facemotion.dataset.packing import write_batches
from facemotion.evaluation import answers
from facemotion.evaluation.faces import FaceMeter
from facemotion.evaluation.folders import Folders, one_thread, split
from facemotion.evaluation.knowing import Closely, know
from facemotion.evaluation.known import Known
from facemotion.evaluation.protocols import PairRow, cross_frames, scored_frames
from facemotion.evaluation.truth import ClipTruth, TruthPlace


@dataclass(frozen=True)
class KnowJob:
    """`size`: what models see. Truth: of both clips, None where there is none."""

    pair: PairRow
    folders: Folders
    size: int
    settings: config.Evaluate
    closely: Closely
    reference: TruthPlace | None
    driving: TruthPlace | None
    jpeg_quality: int

    @property
    def clip_id(self) -> str:
        return self.pair.pair_id


class Told(NamedTuple):
    """Of a pair that is known now: how many frames it has, and in how many a face was found."""

    pair: PairRow
    frames: int
    found: int


def know_pair(job: KnowJob) -> Told:
    """Render the answer of a cross pair, if the truth of both clips is known, and work out what is known of the
    frames to be scored. Of an unanswered pair everything is known by its driver's own clip."""
    one_thread()
    pair, settings = job.pair, job.settings
    clip = split(job.folders.clips)[pair.driving_clip]
    own = _truth(job.driving)
    if pair.protocol == "same":
        return _kept(job, know(clip, scored_frames(clip.frames, settings.stride), job.size, own, settings, job.closely))
    reference = _truth(job.reference)
    if own is None or reference is None:
        return Told(pair._replace(answered=False), 0, 0)
    frames = cross_frames(clip.frames, settings)
    meter = FaceMeter(settings.averaged)
    answer = answers.answer(pair, reference, own, clip.rate, frames, meter, job.jpeg_quality)
    write_batches([answer.clip.batch], job.folders.answers / answers.packed_name(pair.pair_id))
    told = _kept(job, know(answer.clip, frames, job.size, answer.truth, settings, job.closely))
    return told._replace(pair=pair._replace(answered=True))


def _kept(job: KnowJob, known: Known) -> Told:
    known.save(job.folders.known)
    return Told(job.pair, len(known.frames), sum(one.driver is not None for one in known.frames))


def _truth(place: TruthPlace | None) -> ClipTruth | None:
    return None if place is None else ClipTruth.load(place)
