"""Reading packed shards by memory map: any frame of any clip, without reading the rest.

It needs numpy, pyarrow and a JPEG decoder, and nothing else: it runs where models are trained."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from facemotion.dataset.images import Image, decode
from facemotion.dataset.shard import SCHEMA, SUFFIX
from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import N_POINTS


@dataclass(frozen=True)
class PackedClip:
    """A clip in a memory map; nothing is read before it is asked for."""

    clip_id: str
    person_id: str
    rate: Fraction  # frames a second, exactly
    batch: Any

    @property
    def frames(self) -> int:
        return int(self.batch.num_rows)

    @property
    def fps(self) -> float:
        return float(self.rate)

    @cached_property
    def points(self) -> NDArray[np.float32]:
        """Smoothed points [frames, 70, 2] in pixel coordinates; NaN where no face was seen. Read-only."""
        flat = self.batch.column("points").flatten().to_numpy()
        return np.asarray(flat, np.float32).reshape(self.frames, N_POINTS, 2)

    @cached_property
    def scores(self) -> NDArray[np.float32]:
        """Scores of the raw points [frames, 70], 0 to 1. Read-only."""
        flat = self.batch.column("scores").flatten().to_numpy()
        return np.asarray(flat, np.float32).reshape(self.frames, N_POINTS)

    @cached_property
    def camera(self) -> NDArray[np.float32]:
        """How the background got to where the first frame has it [frames, 4], see `camera`. Read-only."""
        flat = self.batch.column("camera").flatten().to_numpy()
        return np.asarray(flat, np.float32).reshape(self.frames, 4)

    def jpeg(self, frame: int) -> memoryview:
        """The bytes of a frame's JPEG, where they lie."""
        if not 0 <= frame < self.frames:
            raise IndexError(f"clip {self.clip_id} has frames 0 to {self.frames - 1}, not {frame}")
        offsets, data = self._jpegs
        return data[offsets[frame] : offsets[frame + 1]]

    def image(self, frame: int) -> Image:
        """A frame, RGB uint8 [H, W, 3]."""
        return decode(self.jpeg(frame))

    @cached_property
    def _jpegs(self) -> tuple[NDArray[np.int32], memoryview]:
        column = self.batch.column("jpeg")
        _, offsets, data = column.buffers()
        places = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
        return places, memoryview(data).cast("B")


class PackedSplit:
    """All clips of one split, in order of their ids; it may be empty. It pickles as its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        shards = sorted(self.folder.glob(f"*{SUFFIX}"))
        if not shards:
            raise FacemotionError(f"{self.folder} holds no packed frames; `dvc repro` makes them")
        self.clips: list[PackedClip] = [clip for shard in shards for clip in _clips(shard)]
        self._places = {clip.clip_id: k for k, clip in enumerate(self.clips)}

    def __len__(self) -> int:
        return len(self.clips)

    def __iter__(self) -> Iterator[PackedClip]:
        return iter(self.clips)

    def __contains__(self, clip_id: object) -> bool:
        return clip_id in self._places

    def __getitem__(self, clip_id: str) -> PackedClip:
        return self.clips[self._places[clip_id]]

    def image(self, clip_id: str, frame: int) -> Image:
        return self[clip_id].image(frame)

    @property
    def frames(self) -> int:
        return sum(clip.frames for clip in self.clips)

    @property
    def people(self) -> list[str]:
        return sorted({clip.person_id for clip in self.clips})

    def __reduce__(self) -> tuple[Any, ...]:
        return PackedSplit, (self.folder,)


def _clips(shard: Path) -> Iterator[PackedClip]:
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(shard)))
    except (pa.ArrowException, OSError) as error:
        raise FacemotionError(f"{shard} cannot be read as Arrow ({error}); delete it and run `dvc repro`") from error
    if not reader.schema.equals(SCHEMA):
        raise FacemotionError(f"{shard} was packed by another version; run `dvc repro` to pack it again")
    for index in range(reader.num_record_batches):
        batch = reader.get_batch(index)
        first = {name: batch.column(name)[0].as_py() for name in ("clip_id", "person_id", "fps_num", "fps_den")}
        yield PackedClip(first["clip_id"], first["person_id"], Fraction(first["fps_num"], first["fps_den"]), batch)
