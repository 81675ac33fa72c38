"""All metrics of one generated frame against the frame that was wanted, and what is known of that."""

from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation import expression, faces, identity, images, masks, unseen
from facemotion.evaluation.faces import FaceMeter, Seen
from facemotion.evaluation.flows import end_point_errors, in_pixels
from facemotion.evaluation.identity import IdentityMeter
from facemotion.evaluation.images import Frame
from facemotion.evaluation.known import KnownFrame, TrueFrame
from facemotion.evaluation.perceptual import Lpips, lpips
from facemotion.evaluation.realism import RealismMeter
from facemotion.evaluation.variants import Made

Values = dict[str, float]
STEP: Final = "_step"


class Meters:
    """What looks at frames, loaded when first asked for; `averaged` predictions of landmarks a frame. `weights`: a
    folder in which those of others' networks may lie."""

    def __init__(self, averaged: int, weights: Path | None = None) -> None:
        self.averaged, self.weights = averaged, weights

    @cached_property
    def face(self) -> FaceMeter:
        return FaceMeter(self.averaged)

    @cached_property
    def identity(self) -> IdentityMeter:
        return IdentityMeter()

    @cached_property
    def realism(self) -> RealismMeter:
        return RealismMeter()

    @cached_property
    def lpips(self) -> Lpips | None:
        return lpips(self.weights)


class Generated(NamedTuple):
    """A frame, its flows, coarse first, as points [SCALE, SCALE, 2] of the reference, its occlusion's logits, and its
    foreground in 0..1."""

    frame: Frame
    flows: list[NDArray[np.float32]]
    occlusion: NDArray[np.float32] | None
    foreground: NDArray[np.float32] | None


def unpacked(made: Made) -> list[Generated]:
    frames, flows = images.at_scale(made.frames), [in_pixels(flow) for flow in made.flows]
    maps = [None if own is None else own.cpu().numpy() for own in (made.occlusion, made.foreground)]
    return [
        Generated(frame, [flow[k] for flow in flows], *(None if own is None else own[k] for own in maps))
        for k, frame in enumerate(frames)
    ]


def scores(generated: Generated, wanted: Frame, known: KnownFrame, who: KnownFrame, meters: Meters) -> Values:
    """Against the right answer. `known`: of that; `who`: of the frame that shows whose face it is to be."""
    frame = generated.frame
    values = {"l1": images.l1(frame, wanted), "psnr": images.psnr(frame, wanted), "ssim": images.ssim(frame, wanted)}
    true = known.true
    seen = None if known.driver is None else meters.face.look(frame, known.driver)
    if seen is None or known.driver is None:
        values["undetected"] = 1.0
    else:
        points = true.points if true is not None else None
        values |= faces.scores(seen, known.driver, points)
        if points is not None:
            values |= expression.against_truth(seen.points, known.driver.points, points)
        if true is not None:
            values |= unseen.point_scores(seen.points, true)
        values |= _in_person(frame, seen, known, who, meters)
    if true is not None:
        values |= _against_truth(generated, wanted, true)
    if known.convinces is not None:
        values |= meters.realism.scores(frame, known.convinces)
    if known.embedding is not None and meters.lpips is not None:
        values |= meters.lpips.scores(frame, wanted)
    return values


def unanswered(generated: Generated, known: KnownFrame, who: KnownFrame, meters: Meters) -> Values:
    """Where no right answer is known: whether there is a face, whose it is, and what it does. `known`: of the driving
    frame."""
    if known.driver is None:
        return {"undetected": 1.0}
    seen = meters.face.look(generated.frame, known.driver)
    values = {"undetected": 0.0, "mkr": float(not seen.detected)}
    return values | _in_person(generated.frame, seen, known, who, meters)


def _in_person(frame: Frame, seen: Seen, known: KnownFrame, who: KnownFrame, meters: Meters) -> Values:
    """What the face does, compared with the driving one, and whose it is."""
    assert known.driver is not None
    values = expression.scores(seen.points, known.driver.points)
    if known.embedding is not None and who.embedding is not None:
        values |= identity.scores(meters.identity.embedding(frame, seen.points), who.embedding)
    return values


def _against_truth(generated: Generated, wanted: Frame, true: TrueFrame) -> Values:
    """Of the last flow, and of each one where there are several: element 0 is the coarse motion."""
    flows = generated.flows
    values = end_point_errors(flows[-1], true.flow, true.regions)
    if len(flows) > 1:
        for step, flow in enumerate(flows):
            values |= end_point_errors(flow, true.flow, true.regions, f"{STEP}{step}")
    if generated.occlusion is not None:
        values["occlusion_iou"] = masks.occlusion_iou(generated.occlusion, true.flow.seen, true.areas.known)
    if generated.foreground is not None:
        # Other people move too, but are not driven: they are neither.
        told = true.areas.known & (true.areas.own | true.areas.background)
        values["foreground_iou"] = masks.foreground_iou(generated.foreground, true.areas.own, told)
    return values | unseen.scores(generated.frame, wanted, true.areas, true.flow.seen)


def describe(known: KnownFrame, reference: KnownFrame) -> Values:
    """What a frame asks of a model, by the faces that were found."""
    if known.driver is None or reference.driver is None:
        return {}
    return expression.describe(known.driver.points, reference.driver.points)


def finite(values: Values) -> Values:
    return {name: value for name, value in values.items() if np.isfinite(value)}
