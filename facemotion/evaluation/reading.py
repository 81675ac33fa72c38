"""Frames of packed clips and answers, by number, as models see them and as they are scored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.dataset.augmentation import Batch, prepare
from facemotion.dataset.packed import PackedClip
from facemotion.dataset.sampling import NORMALS, UNIFORMS, Pair
from facemotion.evaluation import images
from facemotion.evaluation.images import Frame
from facemotion.models.face import Face
from facemotion.training.stream import decode

TOGETHER: Final = 16  # frames at a time
Frames = NDArray[np.intp]


def numbers_of(clip: PackedClip) -> Frames:
    """Of the clip's frames: a packed answer holds some of its driver's."""
    return np.asarray(clip.batch.column("frame").to_numpy(), np.intp)


def seen_at_scale(clip: PackedClip, frames: Frames, size: int) -> Iterator[tuple[int, Frame, NDArray[np.float32]]]:
    """Number, picture at SCALE after passing `size`, and the clip's own points, of each of the frames."""
    for some, batch in batches(clip, frames, size):
        shown, points = images.at_scale(batch.driving), images.points_at_scale(batch.driving_points)
        yield from zip(some.tolist(), shown, points, strict=True)


def batches(clip: PackedClip, frames: Frames, size: int, together: int = TOGETHER) -> Iterator[tuple[Frames, Batch]]:
    """The clip's first frame as reference with these frames, by number, a few at a time."""
    for start in range(0, len(frames), together):
        some = frames[start : start + together]
        yield some, _batch(clip, [(0, row) for row in _rows(clip, some)], size)


def reference_of(clip: PackedClip, size: int) -> Face:
    """Its first frame, as a reference of a model of `size`."""
    return references_of(clip, numbers_of(clip)[:1], size)


def references_of(clip: PackedClip, frames: Frames, size: int) -> Face:
    """These frames, by number, likewise."""
    batch = _batch(clip, [(row, row) for row in _rows(clip, frames)], size)
    return Face(batch.reference, batch.reference_points, batch.reference_camera)


def start_of(clip: PackedClip, size: int) -> Face:
    """Its first frame, as a driving one."""
    return faces_of(clip, numbers_of(clip)[:1], size)


def faces_of(clip: PackedClip, frames: Frames, size: int) -> Face:
    """These frames, by number, as driving ones of `size`."""
    ((_, batch),) = batches(clip, frames, size, len(frames))
    return driving_face(batch)


def reference_face(batch: Batch) -> Face:
    """The one that all frames of a batch of ours have."""
    return Face(batch.reference[:1], batch.reference_points[:1], batch.reference_camera[:1])


def driving_face(batch: Batch) -> Face:
    return Face(batch.driving, batch.driving_points, batch.driving_camera)


def _rows(clip: PackedClip, frames: Frames) -> list[int]:
    rows: list[int] = np.searchsorted(numbers_of(clip), frames).tolist()
    return rows


def _batch(clip: PackedClip, pairs: Sequence[tuple[int, int]], size: int) -> Batch:
    """Of rows of references and driving frames."""
    unused = np.zeros(UNIFORMS, np.float32), np.zeros(NORMALS, np.float32)
    return prepare(decode(_Alone([clip]), [Pair(0, 0, *pair, *unused) for pair in pairs]), size, None)


@dataclass(frozen=True)
class _Alone:
    clips: list[PackedClip]
