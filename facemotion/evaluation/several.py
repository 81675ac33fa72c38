"""The protocol of several references: a clip's last half, made from one, two and more frames of its first third.

Its frames are not those of the plain protocol, so that one reference has figures of its own here: `l1_n1`, `l1_n2`,
...; and those of other strategies than the variant's: `l1_mean_n2`, ..."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facemotion.dataset.packed import PackedClip
from facemotion.evaluation import faces, images, unseen
from facemotion.evaluation.images import Frame, at_scale
from facemotion.evaluation.known import Known, KnownFrame
from facemotion.evaluation.reading import TOGETHER, batches, driving_face, references_of
from facemotion.evaluation.references import COUNTS, chosen, scored
from facemotion.evaluation.same_identity import FrameTable, Scores
from facemotion.evaluation.scoring import Meters, Values
from facemotion.evaluation.variants import Fuses

TOLD: Final = ("akd_truth", "akd_eyes", "akd_lips", "akd_dlib")  # of a face


class FusedFrame(NamedTuple):
    """`made`: by the name of the strategy, "" for the variant's own."""

    number: int
    driving: Frame
    made: dict[str, Frame]


def suffix(strategy: str, count: int) -> str:
    """Of a metric's name."""
    return f"_{strategy}_n{count}" if strategy else f"_n{count}"


def score_clip(variant: Fuses, clip: PackedClip, known: Known, meters: Meters) -> Scores:
    by_frame = {one.frame: one for one in known.scored}
    frames, shown = scored(clip.frames, np.array(sorted(by_frame), np.intp)), chosen(clip.points)
    tables: dict[str, FrameTable] = {}
    for count in COUNTS:
        for frame in frames_of(variant, clip, shown[:count], frames):
            for strategy, made in frame.made.items():
                way = suffix(strategy, count)
                table = tables.setdefault(way, FrameTable(clip.clip_id, suffix=way))
                one = by_frame[frame.number]
                table.add(frame.number, _pixels(made, frame.driving, one))
                if not strategy:
                    table.add(frame.number, _closely(made, frame.driving, one, meters))
    found = Scores()
    for table in tables.values():
        found.add(Scores(table.means(clip.person_id), table.rows()))
    return found


def frames_of(
    variant: Fuses, clip: PackedClip, references: list[int], frames: NDArray[np.intp]
) -> Iterator[FusedFrame]:
    """What the variant makes of these frames of a clip from those that are references, the first first."""
    make = variant.making(references_of(clip, np.array(references, np.intp), variant.size))
    for some, batch in batches(clip, frames, variant.size, max(TOGETHER // len(references), 1)):
        made = {strategy: at_scale(one.frames) for strategy, one in make(driving_face(batch)).items()}
        for k, (number, driving) in enumerate(zip(some.tolist(), at_scale(batch.driving), strict=True)):
            yield FusedFrame(number, driving, {strategy: own[k] for strategy, own in made.items()})


def _pixels(made: Frame, wanted: Frame, known: KnownFrame) -> Values:
    values = {"l1": images.l1(made, wanted)}
    return (
        values if known.true is None else values | unseen.scores(made, wanted, known.true.areas, known.true.flow.seen)
    )


def _closely(made: Frame, wanted: Frame, known: KnownFrame, meters: Meters) -> Values:
    """What takes longer, or needs a face."""
    values = {"psnr": images.psnr(made, wanted), "ssim": images.ssim(made, wanted)}
    if known.driver is None:
        return values
    seen = faces.Seen(meters.face.points(made, known.driver), detected=True)
    told = faces.scores(seen, known.driver, known.true.points if known.true is not None else None)
    values |= {name: told[name] for name in TOLD if name in told}
    return values if known.true is None else values | unseen.point_scores(seen.points, known.true)
