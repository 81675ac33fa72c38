"""Clips and their landmarks into shards: which clips go where, and writing one shard in constant memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from facemotion import config
from facemotion.dataset import camera
from facemotion.dataset.images import decode, encode
from facemotion.dataset.shard import SCHEMA, SUFFIX
from facemotion.dataset.split import SPLITS, Split, split_of
from facemotion.errors import FacemotionError
from facemotion.files import replacing
from facemotion.landmarks.layout import N_POINTS
from facemotion.landmarks.store import TrackStore
from facemotion.video import Reader

BYTES_PER_PIXEL: Final = 0.3  # of JPEG at quality 95; shards need only come near their size


@dataclass(frozen=True)
class ClipToPack:
    """What packing needs of a row of the table of clips."""

    clip_id: str
    person_id: str
    group: str
    path: Path
    frames: int
    size: int


@dataclass(frozen=True)
class ShardJob:
    """One shard: the file it becomes, its clips in order, where their smoothed landmarks lie; picklable."""

    path: Path
    clips: tuple[ClipToPack, ...]
    landmarks: Path
    jpeg_quality: int


def plan_shards(clips: Sequence[ClipToPack], folder: Path, landmarks: Path, settings: config.Pack) -> list[ShardJob]:
    """Jobs that write FOLDER/SPLIT/00000.arrow, ...; a split without clips gets one shard without rows.

    A clip lies whole in one shard, clips are in order of their ids."""
    parts: dict[Split, list[ClipToPack]] = {split: [] for split in SPLITS}
    for clip in sorted(clips, key=lambda clip: clip.clip_id):
        parts[split_of(clip.group, settings.salt, settings.val_share, settings.test_share)].append(clip)
    jobs = []
    for split, members in parts.items():
        for number, shard in enumerate(_shards(members, settings.shard_mib * 2**20)):
            path = folder / split / f"{number:05d}{SUFFIX}"
            jobs.append(ShardJob(path, tuple(shard), landmarks, settings.jpeg_quality))
    return jobs


def _shards(clips: Sequence[ClipToPack], limit: float) -> list[list[ClipToPack]]:
    shards: list[list[ClipToPack]] = [[]]
    size = 0.0
    for clip in clips:
        weight = clip.frames * clip.size**2 * BYTES_PER_PIXEL
        if shards[-1] and size + weight > limit:
            shards.append([])
            size = 0.0
        shards[-1].append(clip)
        size += weight
    return shards


def write_shard(job: ShardJob) -> dict[str, int]:
    """Write one shard; how many clips, frames and bytes it holds."""
    tracks = TrackStore(job.landmarks) if job.clips else None
    frames = 0

    def batches() -> Iterator[Any]:
        nonlocal frames
        for clip in job.clips:
            assert tracks is not None
            batch = _batch(clip, tracks, job.jpeg_quality)
            frames += batch.num_rows
            yield batch

    size = write_batches(batches(), job.path)
    return {"clips": len(job.clips), "frames": frames, "bytes": size}


def _batch(clip: ClipToPack, tracks: TrackStore, quality: int) -> Any:
    if clip.clip_id not in tracks:
        raise FacemotionError(f"there are no landmarks of clip {clip.clip_id}; run `dvc repro` for the stage before")
    track = tracks[clip.clip_id]
    jpegs = [encode(frame, quality) for frame in Reader(clip.path).frames()]
    if len(jpegs) != len(track.points):
        raise FacemotionError(
            f"{clip.path} has {len(jpegs)} frames and its landmarks {len(track.points)}; run `dvc repro` once more"
        )
    # As models will see them, and not all in memory.
    moved = camera.track((decode(jpeg) for jpeg in jpegs), track.points)
    numbers = np.arange(len(jpegs))
    return batch_of(clip.clip_id, clip.person_id, numbers, track.fps, jpegs, track.points, track.scores, moved)


def batch_of(
    clip_id: str,
    person_id: str,
    numbers: NDArray[np.integer],
    fps: Fraction,
    jpegs: Sequence[bytes],
    points: NDArray[np.floating],
    scores: NDArray[np.floating],
    moves: NDArray[np.floating] | None = None,
) -> Any:
    """A clip as a record batch: its frames with their numbers, points [T, 70, 2] in their pixels, scores [T, 70], and
    how the camera moved [T, 4], unless it rests."""
    rows = len(jpegs)
    moved = np.zeros((rows, 4)) if moves is None else moves
    columns = [
        pa.array([clip_id] * rows),
        pa.array([person_id] * rows),
        pa.array(np.asarray(numbers, np.int32)),
        pa.array(np.full(rows, fps.numerator, np.int64)),
        pa.array(np.full(rows, fps.denominator, np.int64)),
        pa.array(jpegs, pa.binary()),
        pa.FixedSizeListArray.from_arrays(pa.array(np.asarray(points, np.float32).ravel()), 2 * N_POINTS),
        pa.FixedSizeListArray.from_arrays(pa.array(np.asarray(scores, np.float32).ravel()), N_POINTS),
        pa.FixedSizeListArray.from_arrays(pa.array(np.asarray(moved, np.float32).ravel()), 4),
    ]
    return pa.record_batch(columns, schema=SCHEMA)


def write_batches(batches: Iterable[Any], path: Path) -> int:
    """A shard of clips, one after the other; how many bytes it has."""
    with replacing(path) as temporary:
        with pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as out:
            for batch in batches:
                out.write_batch(batch)
        return temporary.stat().st_size
