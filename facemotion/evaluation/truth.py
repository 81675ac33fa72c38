"""What the renderer knows of a clip: where points, regions and every pixel of its frames are, at the scored size."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation.images import SCALE
from facemotion.evaluation.true_areas import Areas, Mask, TrueFlow
from facemotion.faces.boxes import Box
from facemotion.ingest.framing import from_crop, to_crop
from facemotion.ingest.true_points import Square, true_clip_points
from facemotion.landmarks.layout import GROUPS, LIPS
from facemotion.synth.geometry import ACTOR_STRIDE, Label
from facemotion.synth.records import Truth

FACE: Final = (Label.FACE, Label.EYES, Label.MOUTH)
HEAD: Final = (*FACE, Label.HAIR, Label.EARS, Label.GLASSES)  # and the scalp
# How far beyond the hull of its points a part reaches, in its width: lids and the rims of lips belong to it.
AROUND: Final = 0.15
# Pixels of the video: neighbours whose flow differs by more are of two surfaces, and nothing is mixed of them.
SAME_SURFACE: Final = 0.5


@dataclass(frozen=True)
class TruthPlace:
    """Where to find the truth of a clip: that of its video, and how the clip was cut from the video; picklable."""

    path: Path
    first_frame: int
    faces: tuple[Box, ...]  # in pixels of the clip
    square: Square  # in pixels of the video
    size: int  # of the clip


def places(clips: Iterable[Mapping[str, Any]], truths: Mapping[str, Path]) -> dict[str, TruthPlace]:
    """By clip id, of rows of the table of clips; `truths`: files by video id."""
    return {
        row["clip_id"]: TruthPlace(
            truths[row["video_id"]],
            row["first_frame"],
            tuple(cast(Box, tuple(box)) for box in row["faces"]),
            cast(Square, tuple(map(int, row["box"]))),
            row["size"],
        )
        for row in clips
        if row["video_id"] in truths
    }


class ClipTruth:
    """Frames are counted from the clip's first; everything is in pixel coordinates of the clip at SCALE."""

    def __init__(self, place: TruthPlace, truth: Truth, points: NDArray[np.float64], actor: int) -> None:
        self.place, self.truth, self.points, self.actor = place, truth, points, actor
        here = np.stack(np.meshgrid(np.arange(float(SCALE)), np.arange(float(SCALE))), axis=-1)
        self._there = from_crop(here, place.square, SCALE).astype(np.float32)
        edges = np.array([truth.spec.width, truth.spec.height]) - 0.5
        self._inside = np.asarray(((self._there >= -0.5) & (self._there <= edges)).all(axis=-1))
        self._last_labels: tuple[int, NDArray[np.uint8]] | None = None

    @classmethod
    def load(cls, place: TruthPlace) -> "ClipTruth | None":
        """None where the clip shows nobody whom the truth knows."""
        truth = Truth.load(place.path)
        rows = truth.rows
        found = true_clip_points(
            rows["frame"],
            rows["actor"],
            rows["points"],
            rows["visible"],
            rows["face_box"],
            first_frame=place.first_frame,
            clip_faces=np.array(place.faces),
            square=place.square,
            size=place.size,
        )
        if found is None:
            return None
        points = (found[0] + 0.5) * (SCALE / place.size) - 0.5
        # The actor whom the points belong to, by its index: that is how masks tell people apart.
        first = truth.frame(place.first_frame)
        meant = np.abs(to_crop(first["points"], place.square, place.size) - found[0][0]).max(axis=(1, 2)).argmin()
        return cls(place, truth, points, int(first["actor"][meant]))

    def flow(self, frame: int, reference: int = 0) -> TrueFlow:
        first = self.place.first_frame
        offsets, seen = self.truth.flow(first + frame, first + reference)
        near, smooth = (self._taken(offsets, how) for how in (cv2.INTER_NEAREST, cv2.INTER_LINEAR))
        whole = (np.abs(near - smooth) <= SAME_SURFACE).all(axis=-1, keepdims=True)
        where = to_crop(self._there + np.where(whole, smooth, near), self.place.square, SCALE)
        shown = ((where >= -0.5) & (where <= SCALE - 0.5)).all(axis=-1)
        at_all = self._taken(seen.astype(np.uint8), cv2.INTER_NEAREST) > 0
        return TrueFlow(where.astype(np.float32), at_all & shown & self._inside)

    def regions(self, frame: int) -> dict[str, Mask]:
        """The skin of the face with eyes and mouth, and of it what lies around the points of lips and eyes."""
        face = self._labelled(frame, FACE) & self._inside
        points = self.points[frame]
        eyes = _around(points[list(GROUPS["eye_left"])]) | _around(points[list(GROUPS["eye_right"])])
        return {"face": face, "lips": _around(points[list(LIPS)]) & face, "eyes": eyes & face}

    def areas(self, frame: int, flow: TrueFlow, reference: int = 0) -> Areas:
        """`flow`: from this frame to the reference."""
        labels = self._labels(frame)
        background = labels == int(Label.BACKGROUND)
        moving = self._unsteady(frame) & background
        if moving.any():
            looked_at = cv2.remap(self._unsteady(reference).astype(np.uint8), flow.where, None, cv2.INTER_NEAREST)
            moving |= (looked_at > 0) & background
        known = self._inside & ~moving
        own = (labels // ACTOR_STRIDE == self.actor) & ~background
        return Areas(known, own, self._labelled(frame, HEAD) | self._scalp(frame), background)

    def _scalp(self, frame: int) -> Mask:
        """Skin that is no face, in the upper half of the head; below, it is the neck."""
        rows = self.truth.frame(self.place.first_frame + frame)
        box = rows["head_box"][rows["actor"] == self.actor][0].reshape(2, 2)
        middle = to_crop(box - 0.5, self.place.square, SCALE)[:, 1].mean()
        return np.asarray(self._labelled(frame, (Label.SKIN,)) & (np.arange(SCALE) < middle)[:, None])

    def _labelled(self, frame: int, labels: tuple[Label, ...]) -> Mask:
        return np.isin(self._labels(frame), [int(label) + ACTOR_STRIDE * self.actor for label in labels])

    def _labels(self, frame: int) -> NDArray[np.uint8]:
        """Kept for the frame that was asked for last: several metrics ask for it, and it has to be drawn."""
        if self._last_labels is None or self._last_labels[0] != frame:
            drawn = self.truth.masks(self.place.first_frame + frame)
            self._last_labels = frame, self._taken(drawn, cv2.INTER_NEAREST)
        return self._last_labels[1]

    def _unsteady(self, frame: int) -> Mask:
        """Where the background moves by itself, whoever stands before it."""
        number = self.place.first_frame + frame
        shot, shot_stage = self.truth.staged(number)
        moving = shot_stage.unsteady(number - shot.start)
        return self._taken(moving.astype(np.uint8), cv2.INTER_NEAREST) > 0

    def _taken(self, image: NDArray[Any], how: int) -> NDArray[Any]:
        """What an image of the video's size shows at each pixel of the clip."""
        return np.asarray(cv2.remap(image, self._there, None, how, borderMode=cv2.BORDER_REPLICATE))


def _around(points: NDArray[np.float64]) -> Mask:
    """The hull of points, and some way around it."""
    mask = np.zeros((SCALE, SCALE), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), 1)
    reach = max(round(AROUND * float(np.ptp(points[:, 0]))), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(mask, kernel) > 0)
