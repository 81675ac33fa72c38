"""Decoded pairs in order, read ahead by threads (decoding lets go of Python's lock), so that the step need not wait."""

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from facemotion.dataset.augmentation import Frames
from facemotion.dataset.sampling import ClipFacts, Pair
from facemotion.errors import FacemotionError


class Clip(ClipFacts, Protocol):
    """What sampling knows of a clip, and any frame of it: RGB [H, H, 3]. Points are pixels of these frames."""

    def image(self, frame: int) -> NDArray[np.uint8]: ...


class Clips(Protocol):
    """Such as a split of the packed data."""

    @property
    def clips(self) -> Sequence[Clip]: ...


class Pairs(Protocol):
    def pair(self, k: int) -> Pair: ...


def decode(source: Clips, pairs: Sequence[Pair], pinned: bool = False) -> Frames:
    frames = [((pair.clip, pair.reference), (pair.clip, pair.driving), *(o[:2] for o in pair.others)) for pair in pairs]
    shown = [_image(source.clips[clip], frame) for own in frames for clip, frame in own]
    images = torch.from_numpy(np.stack(shown).reshape(len(pairs), -1, *shown[0].shape))
    points = [[source.clips[clip].points[frame] for clip, frame in own] for own in frames]
    camera = [[source.clips[clip].camera[frame] for clip, frame in own] for own in frames]
    return Frames(
        torch.tensor([pair.index for pair in pairs]),
        images.pin_memory() if pinned else images,
        torch.from_numpy(np.array(points, np.float32)),
        torch.from_numpy(np.array(camera, np.float32)),
        torch.from_numpy(np.stack([pair.uniforms for pair in pairs])),
        torch.from_numpy(np.stack([pair.normals for pair in pairs])),
        torch.tensor([[other.spoilt for other in pair.others] for pair in pairs], dtype=torch.long),
    )


def _image(clip: Clip, frame: int) -> NDArray[np.uint8]:
    try:
        return clip.image(frame)
    except (ValueError, OSError) as error:
        raise FacemotionError(
            f"frame {frame} of clip {clip.clip_id} cannot be decoded ({error}): pack the clips anew"
        ) from error


class Stream:
    """Pieces of batches, each a list of the pairs' positions. `waited` counts the seconds the taker had to wait."""

    def __init__(
        self, source: Clips, pairs: Pairs, pieces: Sequence[range], *, workers: int, ahead: int, pinned: bool = False
    ) -> None:
        self.source, self.pairs, self.pieces, self.pinned = source, pairs, pieces, pinned
        self.ahead = ahead
        self.pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
        self.coming: deque[Future[Frames]] = deque()
        self.next = 0
        self.waited = 0.0

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.pool.shutdown(wait=True, cancel_futures=True)

    def take(self) -> Frames:
        self._order()
        started = time.monotonic()
        frames = self.coming.popleft().result()
        self.waited += time.monotonic() - started
        self._order()
        return frames

    def _order(self) -> None:
        while len(self.coming) < self.ahead and self.next < len(self.pieces):
            piece = [self.pairs.pair(k) for k in self.pieces[self.next]]
            self.coming.append(self.pool.submit(decode, self.source, piece, self.pinned))
            self.next += 1


class Pieces(Sequence[range]):
    """Positions of the pairs that one process works through, from a step on: a step's batch is cut by process, then in
    pieces, so that the same batch is learnt from however many share in it."""

    def __init__(self, batch_size: int, accumulate: int, first: int, end: int, rank: int = 0, world: int = 1) -> None:
        self.size, self.accumulate = batch_size // (accumulate * world), accumulate
        self.batch_size, self.first, self.end, self.rank = batch_size, first, end, rank

    def __len__(self) -> int:
        return (self.end - self.first) * self.accumulate

    def __getitem__(self, index: int) -> range:  # type: ignore[override]
        step, piece = divmod(index, self.accumulate)
        start = (self.first + step) * self.batch_size + (self.rank * self.accumulate + piece) * self.size
        return range(start, start + self.size)
