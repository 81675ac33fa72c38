"""Parts of a video as a smaller file of the same coded frames at the same times: between the parts nothing is shown.
Frame numbers and times stay those of the whole video, so that nothing after it needs to know what was left out."""

import json
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Protocol

import av
from av.stream import Disposition

from facemotion import video_tags
from facemotion.errors import FacemotionError
from facemotion.files import replacing
from facemotion.video import Info

Span = tuple[float, float]  # seconds from the first frame on, half-open

TAG: Final = "comment"
TOLD: Final = "Only these seconds of the video are here: "
# Containers that say where their key frames are, and what is written of them.
WRITTEN: Final = {"mov,mp4,m4a,3gp,3g2,mj2": ".mp4", "matroska,webm": ".mkv"}
BACK_S: Final = 10  # further back for a key frame, where a container has led too late
OPENING: Final = 17  # coded frames, more than any codec puts out of order
GRACE_S: Final = 0.25  # frames lie a little off the grid that they are counted on
SHORT_S: Final = 2  # a container may promise so much more than it holds


class WholeError(FacemotionError):
    """Parts of this file cannot be had by themselves."""


class Bytes(Protocol):
    """What a file that lies elsewhere must be able to do."""

    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, whence: int, /) -> int: ...
    def tell(self) -> int: ...


def keep(source: Path | Bytes, folder: Path, stem: str, spans: Sequence[Span]) -> Path:
    """Write to `folder`/`stem`.EXT the first frame of a video, which its time is counted from, and the frames of the
    sorted spans with all that their decoding needs. The same bytes for the same video and spans, wherever it lies."""
    opened: Any = f"file:{source}" if isinstance(source, Path) else source
    options = {"format_whitelist": ",".join(WRITTEN), "protocol_whitelist": "file"}
    try:
        with av.open(opened, container_options=options, metadata_errors="ignore") as container:
            pictures = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
            if container.format.name not in WRITTEN or not pictures:
                raise WholeError(f"the video is in {container.format.name}, which is kept whole")
            path = folder / f"{stem}{WRITTEN[container.format.name]}"
            with replacing(path) as temporary:
                _compare(temporary, _write(container, pictures[0], temporary, spans))
    except (av.FFmpegError, ValueError, OverflowError, LookupError, MemoryError) as error:
        raise WholeError(f"the video cannot be taken apart ({error})") from error
    return path


def kept(path: Path, info: Info) -> list[tuple[int, int]]:
    """The frames of a video that are really there, as half-open ranges: all of them, but in a file made by `keep`."""
    spans = spans_of(path)
    if spans is None:
        return [(0, info.frames)]
    edges = [[math.ceil(Fraction(str(edge)) * info.fps) for edge in span] for span in spans]
    return [(start, min(end, info.frames)) for start, end in edges if start < min(end, info.frames)]


def spans_of(path: Path) -> tuple[Span, ...] | None:
    """What `keep` was asked for; None for any other file."""
    told = video_tags.read(path).get(TAG, "")
    if not told.startswith(TOLD):
        return None
    try:
        spans = tuple((float(start), float(end)) for start, end in json.loads(told.removeprefix(TOLD)))
    except (ValueError, TypeError, OverflowError):
        return None  # a stranger's words that begin alike
    return spans if list(spans) == sorted(spans) and all(0 <= a < b < math.inf for a, b in spans) else None


def _write(container: Any, stream: Any, path: Path, spans: Sequence[Span]) -> list[Fraction]:
    """When each frame that was written is shown, in the order of decoding."""
    times: list[Fraction] = []
    with av.open(f"file:{path}", "w", container_options={"fflags": "+bitexact"}) as output:
        output.metadata[TAG] = TOLD + json.dumps([list(span) for span in spans])
        target = output.add_stream_from_template(stream, opaque=True)  # no encoder is needed
        opening = list(islice(_demuxed(container, stream), OPENING))
        if not opening or not opening[0].is_keyframe:
            raise WholeError("the video does not begin with a key frame")
        first = opening[0]
        begun, shift, base = first.pts, first.dts, first.time_base
        if any(packet.is_discard or packet.pts < begun for packet in opening):
            raise WholeError("the video does not begin with its first key frame")
        last = first.dts - 1
        for packet in chain([first], *(_within(container, stream, begun, span) for span in spans)):
            if packet.dts <= last:
                continue  # an earlier span has needed it already
            if packet.is_discard:
                raise WholeError("the container hides some of its frames")
            last = packet.dts
            times.append((packet.pts - begun) * base)
            packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, target
            output.mux(packet)
    length = Fraction(container.duration, av.time_base) if container.duration else None
    if not any(spans[0][0] <= time < spans[-1][1] for time in times[1:]):
        raise WholeError("the video ends before what is wanted of it")
    if length is not None and max(times) + SHORT_S < min(length, Fraction(spans[-1][1])):
        raise WholeError("the video breaks off within what is wanted of it")
    return times


def _within(container: Any, stream: Any, begun: int, span: Span) -> Iterator[Any]:
    """The packets of a span, from the key frame at or before its start on."""
    start, end = (begun + round(Fraction(edge) / stream.time_base) for edge in (span[0] - GRACE_S, span[1] + GRACE_S))
    target = max(start, begun)
    while True:
        container.seek(target, stream=stream, backward=True)
        packets = _demuxed(container, stream)
        first = next(packets, None)
        # Containers seek by decoding time and may land late.
        if first is not None and first.is_keyframe and first.pts <= max(start, begun):
            break
        if target == begun:
            raise WholeError("the container does not lead to its key frames")
        target = max(target - round(BACK_S / stream.time_base), begun)
    for packet in chain((first,), packets):
        if packet.dts >= end:  # whatever comes later is shown later as well
            return
        yield packet


def _demuxed(container: Any, stream: Any) -> Iterator[Any]:
    for packet in container.demux(stream):
        if packet.size:
            if packet.pts is None or packet.dts is None:
                raise WholeError("the container does not say when each frame is shown")
            yield packet


def _compare(path: Path, times: Sequence[Fraction]) -> None:
    """That each frame is found again at its time."""
    with av.open(f"file:{path}") as container:
        stream = container.streams.video[0]
        shown = [(packet.pts, packet.is_discard) for packet in container.demux(stream) if packet.size]
        tick = stream.time_base
    same = len(shown) == len(times) and all(
        not discarded and abs((pts - shown[0][0]) * tick - time) <= tick
        for (pts, discarded), time in zip(shown, times, strict=True)
    )
    if not same:
        raise WholeError("the parts would be shown at other times than in the whole")
