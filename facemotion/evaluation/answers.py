"""Right answers across identities, rendered: the reference's person performing what the driver's frames show, in the
driver's framing. Packed like clips, so that they are read and scored like clips."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facemotion.dataset.images import Image, encode
from facemotion.dataset.packed import PackedClip
from facemotion.dataset.packing import batch_of
from facemotion.evaluation.faces import FaceMeter
from facemotion.evaluation.images import SCALE
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.reading import Frames
from facemotion.evaluation.truth import ClipTruth
from facemotion.ingest.framing import cut_out, to_crop
from facemotion.landmarks.layout import N_POINTS
from facemotion.synth.recast import Recast, RecastTruth, Take


@dataclass(frozen=True)
class Answer:
    """`clip` has the driver's numbers of its frames, frame 0 first: the reference of its pair."""

    clip: PackedClip
    truth: ClipTruth


def take_of(truth: ClipTruth) -> Take:
    """A clip's person from its first frame on."""
    return Take(truth.truth.spec, truth.place.first_frame, truth.actor)


def answer(
    pair: PairRow, reference: ClipTruth, driving: ClipTruth, fps: Any, frames: Frames, meter: FaceMeter, quality: int
) -> Answer:
    """To the driving clip's frame 0 and `frames`, cut out where the driver's clip was cut out.

    Its points are what the landmarker finds, as in any clip: the truth is for scoring alone."""
    place, numbers = driving.place, [0, *frames.tolist()]
    recast = Recast(take_of(reference), take_of(driving))
    truth = RecastTruth(recast, [place.first_frame + number for number in numbers])
    shown = [
        cut_out(recast.filmed(place.first_frame + number - recast.shot.start), place.square, place.size)
        for number in numbers
    ]
    points = np.stack([_points(image, meter) for image in shown])
    batch = batch_of(
        pair.pair_id, pair.reference_person, np.array(numbers), fps, [encode(image, quality) for image in shown],
        points, np.where(np.isfinite(points[..., 0]), 1.0, 0.0),
    )  # fmt: skip
    true = np.full((numbers[-1] + 1, N_POINTS, 2), np.nan)
    true[numbers] = to_crop(truth.rows["points"], place.square, SCALE)
    return Answer(PackedClip(pair.pair_id, pair.reference_person, fps, batch), ClipTruth(place, truth, true, 0))


def _points(image: Image, meter: FaceMeter) -> Any:
    """In pixels of the image, NaN where no face is found."""
    found = meter.driver((image / 255).astype(np.float32), np.full((N_POINTS, 2), np.nan))
    return np.full((N_POINTS, 2), np.nan, np.float32) if found is None else found.points


def packed_name(pair_id: str) -> Path:
    return Path(f"{pair_id}.arrow")
