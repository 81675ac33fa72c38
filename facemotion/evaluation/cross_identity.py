"""The cross-identity protocol: one person's picture, driven by another's clip. Where the right answer was rendered the
picture is that answer's first frame, so that motion relative to the driver's start is well posed; else it is the first
frame of the person's own clip, and only what needs no answer is scored."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from facemotion.dataset.packed import PackedClip
from facemotion.evaluation.images import Frame, at_scale
from facemotion.evaluation.known import Known
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.reading import batches, driving_face, numbers_of, reference_of, start_of
from facemotion.evaluation.same_identity import FrameTable, Scores
from facemotion.evaluation.scoring import STEP, Generated, Meters, Values, scores, unanswered, unpacked
from facemotion.evaluation.variants import Made, Transfers, Variant
from facemotion.models.face import Face

PREFIX: Final = "cross_"
BIAS: Final = "_bias"


class CrossClips(NamedTuple):
    """`reference`: the clip whose first frame is shown, the answer where there is one; `driving`: whose face drives.
    `known`: of the answer, or of the driving clip; `who`: of the reference."""

    reference: PackedClip
    driving: PackedClip
    known: Known
    who: Known


class CrossFrame(NamedTuple):
    """`wanted`: None where there is no answer; `made`: by the suffix of the metrics."""

    number: int
    driving: Tensor  # [3, size, size]
    wanted: Frame | None
    made: dict[str, Generated]


def score_pair(variant: Variant, pair: PairRow, clips: CrossClips, every: int, meters: Meters) -> Scores:
    """`every`: of the frames that are known of an unanswered pair, every how manyth is scored."""
    known = {one.frame: one for one in clips.known.scored}
    if not pair.answered:
        known = {frame: known[frame] for frame in sorted(known)[::-every]}
    tables: dict[str, FrameTable] = {}
    for frame in frames_of(variant, pair, clips, np.array(sorted(known), np.intp)):
        for way, generated in frame.made.items():
            table = tables.setdefault(way, FrameTable(pair.pair_id, PREFIX, way))
            one, who = known[frame.number], clips.who.reference
            if frame.wanted is None:
                table.add(frame.number, unanswered(generated, one, who, meters))
            else:
                table.add(frame.number, _telling(scores(generated, frame.wanted, one, who, meters), way))
    return Scores([row for table in tables.values() for row in table.means(pair.reference_person)])


def frames_of(variant: Variant, pair: PairRow, clips: CrossClips, frames: NDArray[np.intp]) -> Iterator[CrossFrame]:
    """What the variant makes of the driver's frames; each with the answer's frame of that number."""
    reference = reference_of(clips.reference, variant.size)
    start = start_of(clips.driving, variant.size)
    answers = dict(_at_scale(clips.reference, frames, variant.size)) if pair.answered else {}
    for some, batch in batches(clips.driving, frames, variant.size):
        made = {way: unpacked(one) for way, one in across(variant, reference, start, driving_face(batch)).items()}
        for k, number in enumerate(some.tolist()):
            yield CrossFrame(number, batch.driving[k], answers.get(number), {way: one[k] for way, one in made.items()})


def across(variant: Variant, reference: Face, start: Face, driving: Face) -> dict[str, Made]:
    if isinstance(variant, Transfers):
        return variant.across(reference, start, driving)
    return {"": variant.make(reference, driving)}


def _at_scale(answer: PackedClip, frames: NDArray[np.intp], size: int) -> Iterator[tuple[int, Frame]]:
    for some, batch in batches(answer, np.intersect1d(frames, numbers_of(answer)), size):
        yield from zip(some.tolist(), at_scale(batch.driving), strict=True)


def _telling(values: Values, way: str) -> Values:
    """Without what is told elsewhere: the refiner's steps by the same-identity protocol, the measurers' own errors by
    the first way of driving."""
    return {name: value for name, value in values.items() if STEP not in name and not (way and name.endswith(BIAS))}
