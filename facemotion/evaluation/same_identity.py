"""The same-identity protocol: frame 0 of a held-out person's clip, driven by the clip's other frames."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from facemotion import config
from facemotion.dataset.augmentation import Batch
from facemotion.dataset.packed import PackedClip
from facemotion.evaluation.error_maps import ErrorMap
from facemotion.evaluation.flicker import FlickerMeter, background_area, face_area
from facemotion.evaluation.images import Frame, at_scale, points_at_scale
from facemotion.evaluation.known import Known
from facemotion.evaluation.reading import batches, driving_face, reference_face
from facemotion.evaluation.samples import runs
from facemotion.evaluation.scoring import Generated, Meters, Values, describe, finite, scores, unpacked
from facemotion.evaluation.variants import Made, Variant

# Of frames, what is no score but tells what they ask for: kept by frame, not averaged.
DESCRIBED: Final = ("pose_gap", "yaw_gap", "lip_opening", "lid_opening")


@dataclass
class Scores:
    """Rows of a clip or pair for the tables of scores, of frames and of error maps."""

    clips: list[dict[str, Any]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    maps: list[dict[str, Any]] = field(default_factory=list)

    def add(self, other: "Scores") -> None:
        self.clips += other.clips
        self.frames += other.frames
        self.maps += other.maps


def score_clip(variant: Variant, clip: PackedClip, known: Known, settings: config.Evaluate, meters: Meters) -> Scores:
    by_frame = {one.frame: one for one in known.scored}
    stretches = runs(clip.frames, settings.runs, settings.run_frames)
    wanted = np.array(sorted({*by_frame, *(frame for run in stretches for frame in run)}), np.intp)
    flicker = {frame: FlickerMeter() if frame == run[0] else None for run in stretches for frame in run}
    error, table = ErrorMap(), FrameTable(clip.clip_id)
    meter = FlickerMeter()
    for frame, generated, driving, points in frames_of(variant, clip, wanted):
        if frame in by_frame:
            one = by_frame[frame]
            table.add(frame, scores(generated, driving, one, one, meters))
            table.add(frame, describe(one, known.reference))
            if one.driver is not None:
                error.add(generated.frame, driving, one.driver.points)
        if frame in flicker:
            meter = flicker[frame] or meter
            if np.isfinite(points).all():
                shown = face_area(points), background_area(points)
                table.add(frame - 1, meter.add(generated.frame, driving, *shown))
    found = error.mean()
    maps = [] if found is None else [{"clip_id": clip.clip_id, "map": found.ravel()}]
    return Scores(table.means(clip.person_id), table.rows(), maps)


def frames_of(
    variant: Variant, clip: PackedClip, frames: NDArray[np.intp]
) -> Iterator[tuple[int, Generated, Frame, NDArray[np.float32]]]:
    """Number, what the variant makes, the driving frame, which has passed the same sizes, and its landmarks."""
    for some, batch, made in make(variant, clip, frames):
        driving, points = at_scale(batch.driving), points_at_scale(batch.driving_points)
        yield from zip(some.tolist(), unpacked(made), driving, points, strict=True)


def make(
    variant: Variant, clip: PackedClip, frames: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], Batch, Made]]:
    """What the variant makes of frame 0 and these frames, a few at a time."""
    for some, batch in batches(clip, frames, variant.size):
        yield some, batch, variant.make(reference_face(batch), driving_face(batch))


class FrameTable:
    """Finite values by frame and metric; a prefix and a suffix say of which protocol."""

    def __init__(self, clip_id: str, prefix: str = "", suffix: str = "") -> None:
        self.clip_id, self.prefix, self.suffix = clip_id, prefix, suffix
        self._values: dict[tuple[int, str], float] = {}

    def add(self, frame: int, values: Values) -> None:
        self._values |= {(frame, f"{self.prefix}{name}{self.suffix}"): value for name, value in finite(values).items()}

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"clip_id": self.clip_id, "frame": frame, "metric": metric, "value": value}
            for (frame, metric), value in sorted(self._values.items())
        ]

    def means(self, person_id: str) -> list[dict[str, Any]]:
        """Over the frames that have the metric; one that no frame has is absent."""
        by_metric: dict[str, list[float]] = {}
        for (_, metric), value in sorted(self._values.items()):
            by_metric.setdefault(metric, []).append(value)
        about = {"clip_id": self.clip_id, "person_id": person_id}
        return [
            {**about, "metric": metric, "value": float(np.mean(values)), "frames": len(values)}
            for metric, values in sorted(by_metric.items())
            if metric not in DESCRIBED
        ]


def means(table: pl.DataFrame) -> Values:
    """Over clips, by metric; added up in one order, since that of Polars' threads, and with it the last digits, changes
    from run to run."""
    values: dict[str, list[float]] = {}
    for metric, value in table.sort("metric", "clip_id").select("metric", "value").iter_rows():
        values.setdefault(metric, []).append(value)
    return {metric: float(np.mean(own)) for metric, own in values.items()}
