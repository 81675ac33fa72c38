"""Square face clips cut out of a video along its tubes, all of them in one pass over its frames."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion import config
from facemotion.faces.boxes import Box, share_outside
from facemotion.files import file_digest
from facemotion.ingest.framing import boxes_to_crop, cut_out, steady_square
from facemotion.video import Info, Limits, Reader
from facemotion.video_writer import Writer

NEAR_FRAMES: Final = 100  # decoding on over a gap this long is cheaper than seeking a key frame
LEAST_SECONDS: Final = 1.0  # no tube is cut into shorter clips because its face wanders


@dataclass(frozen=True)
class Tube:
    """An accepted tube: what the clips cut from it need to know."""

    shot: int
    tube: int
    start_frame: int
    boxes: tuple[Box, ...]
    plan_id: str | None
    person_id: str
    group: str


@dataclass(frozen=True)
class CropJob:
    """One video to cut clips from, into `folder`; picklable."""

    video_id: str
    path: Path
    tubes: tuple[Tube, ...]
    folder: Path
    settings: config.Crop
    limits: Limits


@dataclass(frozen=True)
class _Piece:
    tube: Tube
    clip_id: str
    start: int
    end: int
    square: tuple[int, int, int, int]
    faces: NDArray[np.float64]


def clips_of(job: CropJob) -> list[dict[str, Any]]:
    """Rows of the table of clips for one video, rejects included; the accepted ones lie in the folder as files."""
    cv2.setNumThreads(1)
    reader = Reader(job.path, job.limits)
    pieces = [piece for tube in job.tubes for piece in _pieces(tube, job, reader.info)]
    rows = [_row(piece, job, reader.info) for piece in pieces]
    kept = [piece for piece, row in zip(pieces, rows, strict=True) if not row["reason"]]
    try:
        _write(kept, reader, job)
    except BaseException:
        for piece in kept:
            _file(piece, job).unlink(missing_ok=True)
        raise
    for piece, row in zip(pieces, rows, strict=True):
        row["accepted"] = not row["reason"]
        row["path"] = _file(piece, job).name if row["accepted"] else ""
        row["sha256"] = file_digest(_file(piece, job)) if row["accepted"] else ""
    return rows


def clip_name(video_id: str, shot: int, tube: int, first_frame: int) -> str:
    """A clip's id: readable, safe as a file name whatever a list calls its videos, the same in every run."""
    readable = re.sub(r"[^A-Za-z0-9-]+", "_", video_id)[:40]
    digest = hashlib.sha256(f"{video_id}\0{shot}\0{tube}\0{first_frame}".encode()).hexdigest()
    return f"{readable}_{first_frame:06d}_{digest[:8]}"


def _pieces(tube: Tube, job: CropJob, info: Info) -> Iterator[_Piece]:
    """A tube in equal parts, none longer than allowed, halved where the face wanders too far; each with a square of its
    own."""
    total, longest = len(tube.boxes), max(int(job.settings.max_seconds * info.fps), 1)
    boxes = np.array(tube.boxes, np.float64).reshape(-1, 4)
    edges = np.linspace(0, total, -(-total // longest) + 1).round().astype(int)
    parts = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    least = max(round(LEAST_SECONDS * info.fps), 1)
    for low, high in chain.from_iterable(_still(boxes, *part, job.settings.max_wander, least) for part in parts):
        square = steady_square(boxes[low:high], job.settings.context, job.settings.lift)
        start = tube.start_frame + low
        clip_id = clip_name(job.video_id, tube.shot, tube.tube, start)
        faces = boxes_to_crop(boxes[low:high], square, job.settings.size)
        yield _Piece(tube, clip_id, start, tube.start_frame + high, square, faces)


def _still(boxes: NDArray[np.float64], low: int, high: int, limit: float, least: int) -> Iterator[tuple[int, int]]:
    """Frames low..high, halved until the face's middle wanders no more than `limit` box sides across or down."""
    own = boxes[low:high]
    middles = (own[:, :2] + own[:, 2:]) / 2
    wanders = float(np.ptp(middles, axis=0).max() / np.median(own[:, 3] - own[:, 1]))
    if wanders > limit and high - low >= 2 * least:
        half = (low + high) // 2
        yield from _still(boxes, low, half, limit, least)
        yield from _still(boxes, half, high, limit, least)
    else:
        yield low, high


def _row(piece: _Piece, job: CropJob, info: Info) -> dict[str, Any]:
    outside = share_outside(piece.square, info.width, info.height)
    allowed = 0.0 if job.settings.outside == "reject" else job.settings.max_outside
    return {
        "clip_id": piece.clip_id,
        "plan_id": piece.tube.plan_id,
        "video_id": job.video_id,
        "shot": piece.tube.shot,
        "tube": piece.tube.tube,
        "person_id": piece.tube.person_id,
        "group": piece.tube.group,
        "frames": piece.end - piece.start,
        "fps_num": info.fps.numerator,
        "fps_den": info.fps.denominator,
        "size": job.settings.size,
        "first_frame": piece.start,
        "end_frame": piece.end,
        "start_s": float(piece.start / info.fps),
        "end_s": float(piece.end / info.fps),
        "box": [float(edge) for edge in piece.square],
        "outside": outside,
        "faces": piece.faces.tolist(),
        "reason": "outside" if outside > allowed else "",
    }


def _write(pieces: Sequence[_Piece], reader: Reader, job: CropJob) -> None:
    """Frames stream by once; at any time only the clips that are open hold anything."""
    for start, end in _spans(pieces):
        with ExitStack() as all_open:
            being_written: dict[str, tuple[ExitStack, Writer]] = {}
            for number, frame in enumerate(reader.frames(start, end), start):
                for piece in (piece for piece in pieces if piece.start <= number < piece.end):
                    if piece.clip_id not in being_written:
                        closing = all_open.enter_context(ExitStack())
                        being_written[piece.clip_id] = closing, closing.enter_context(_writer(piece, reader.info, job))
                    closing, writer = being_written[piece.clip_id]
                    writer.write(cut_out(frame, piece.square, job.settings.size))
                    if number + 1 == piece.end:
                        closing.close()
                        del being_written[piece.clip_id]


def _writer(piece: _Piece, info: Info, job: CropJob) -> Writer:
    settings = job.settings
    return Writer(
        _file(piece, job), fps=info.fps, width=settings.size, height=settings.size, crf=settings.crf,
        preset=settings.preset, threads=settings.threads,
    )  # fmt: skip


def _spans(pieces: Sequence[_Piece]) -> list[tuple[int, int]]:
    """Ranges of frames that hold all pieces, far apart from each other."""
    spans: list[tuple[int, int]] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        if spans and piece.start <= spans[-1][1] + NEAR_FRAMES:
            spans[-1] = spans[-1][0], max(spans[-1][1], piece.end)
        else:
            spans.append((piece.start, piece.end))
    return spans


def _file(piece: _Piece, job: CropJob) -> Path:
    return job.folder / f"{piece.clip_id}.mp4"
