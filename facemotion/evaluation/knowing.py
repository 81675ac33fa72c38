"""Working out what is known of a clip's frames before any model has made one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facemotion import config
from facemotion.dataset.packed import PackedClip
from facemotion.evaluation.faces import Driver, FaceMeter
from facemotion.evaluation.identity import IdentityMeter
from facemotion.evaluation.images import Frame
from facemotion.evaluation.known import Known, KnownFrame, TrueFrame
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.reading import Frames, numbers_of, seen_at_scale
from facemotion.evaluation.realism import RealismMeter
from facemotion.evaluation.samples import evenly, share
from facemotion.evaluation.truth import ClipTruth


class Closely(NamedTuple):
    """How many of a clip's frames are looked at by what is slow."""

    identity: int
    realism: int

    @classmethod
    def of(cls, settings: config.Evaluate, pairs: Sequence[PairRow]) -> "Closely":
        """So that all pairs together have about as many as the settings say. Whether faces convince is asked of clips
        that drive themselves: what people driven by others look like is told by their answers."""
        crossed = any(pair.protocol == "cross" for pair in pairs)
        realism = 0 if crossed else share(settings.realism_frames, len(pairs))
        return cls(share(settings.identity_frames, len(pairs)), realism)


def know(
    clip: PackedClip,
    frames: Frames,
    size: int,
    truth: ClipTruth | None,
    settings: config.Evaluate,
    closely: Closely,
) -> Known:
    """Of the clip's first frame, the reference, and of `frames`, by the numbers that the clip gives them, which the
    truth's are too. Its frames pass a model's `size`, as what a model makes of them will."""
    meter, numbers = FaceMeter(settings.averaged), numbers_of(clip)
    identity, realism = evenly(frames, closely.identity).tolist(), evenly(frames, closely.realism).tolist()
    found = []
    for number, frame, expected in seen_at_scale(clip, np.array([numbers[0], *frames]), size):
        driver = meter.driver(frame, expected)
        first = number == numbers[0]
        found.append(
            KnownFrame(
                number,
                driver,
                _embedding(frame, driver) if first or number in identity else None,
                RealismMeter().convinced(frame) if number in realism else None,
                _truth(truth, number),
            )
        )
    return Known(clip.clip_id, size, tuple(found))


def _embedding(frame: Frame, driver: Driver | None) -> NDArray[np.float64] | None:
    return IdentityMeter().embedding(frame, driver.points) if driver is not None else None


def _truth(truth: ClipTruth | None, number: int) -> TrueFrame | None:
    if truth is None:
        return None
    flow = truth.flow(number)
    return TrueFrame(truth.points[number], flow, truth.regions(number), truth.areas(number, flow))
