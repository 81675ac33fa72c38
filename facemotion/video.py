"""Reading video. Any bytes may come in: what cannot be decoded is a FacemotionError. Frames are RGB, upright, with
square pixels, at a constant true rate, whatever the file does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import av
import cv2
import numpy as np
from av.stream import Disposition
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from facemotion.errors import FacemotionError
from facemotion.video_timing import constant_rate, grid_slots

Image = NDArray[np.uint8]
Colour = Literal["rgb", "grey"]
PIXELS: Final = {"rgb": "rgb24", "grey": "gray"}
EIGHT_BIT_LUMA: Final = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12")

# Demuxers a stranger's file may choose. Others read further files that the first one names (playlists, image
# sequences) or take any text for a picture.
FORMATS: Final = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,gif"
# Interpolated chroma and exact rounding: without them every re-encoding darkens the picture by more than one level.
EXACT: Final = Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INT
UNDECODED_SHARE: Final = 0.1  # of a file's frames; beyond this it counts as corrupt
AGAIN: Final = "fetch or export it again"


class NoPicturesError(FacemotionError):
    """A media file without moving pictures."""


class TooMuchError(FacemotionError):
    """More than the Limits allow."""


_FULL_RANGE: Final = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Limits:
    """What is refused: a larger file, a longer video, more pixels in a frame."""

    max_bytes: int = 16 << 30
    max_seconds: float = 4 * 3600.0
    max_pixels: int = 8192 * 4352


@dataclass(frozen=True)
class Info:
    """What a Reader gives: size after rotation and with square pixels; `frames` at the constant rate `fps`."""

    width: int
    height: int
    fps: Fraction
    frames: int
    duration_s: float
    has_audio: bool
    codec: str
    rotation: int  # degrees counter-clockwise that were applied to turn the picture upright
    declared_s: float | None = None  # how long the file says it lasts; one that was cut off says more than it holds


class _Index(NamedTuple):
    """Where the coded frames stand, in order of display."""

    pts: NDArray[np.int64] | None  # None: the container's time stamps are of no use and frames count in order
    slots: NDArray[np.int64]  # places on the constant-rate grid
    keys: NDArray[np.int64]  # (pts, dts) of key frames
    fps: Fraction


def probe(path: Path, limits: Limits | None = None) -> Info:
    """Facts about a video; it is demuxed whole and its first frame is decoded."""
    return Reader(path, limits).info


def frames(path: Path, start: int = 0, end: int | None = None, limits: Limits | None = None) -> Iterator[Image]:
    """RGB frames start..end of a video in order; memory does not grow with its length."""
    yield from Reader(path, limits).frames(start, end)


class Reader:
    """A video as an exact sequence of `info.frames` RGB frames. It holds no open file between calls."""

    def __init__(self, path: Path, limits: Limits | None = None, threads: int = 1) -> None:
        self.path, self._limits, self._threads = Path(path), limits or Limits(), threads
        self._convert = VideoReformatter()
        self._check_file()
        with self._opened() as (container, stream):
            codec, audio = stream.codec_context.name, bool(container.streams.audio)
            aspect = stream.sample_aspect_ratio
            declared = _declared_seconds(container, stream)
            self._index = _read_index(container, stream, self.path)
        fps, count = self._index.fps, int(self._index.slots[-1]) + 1
        if count > self._limits.max_seconds * fps:
            limit = self._limits.max_seconds / 60
            raise TooMuchError(f"{self.path} lasts {float(count / fps / 60):.1f} minutes, more than {limit:g}")
        first = next((frame for _, frame in self._decoded(0)), None)
        if first is None:
            raise FacemotionError(f"{self.path}: none of its frames can be decoded; {AGAIN}")
        self._rotation = round(first.rotation / 90) * 90 % 360
        # Squeezed pixels (anamorphic video) are stretched back, so that a face keeps its shape.
        ratio = aspect if aspect and 0.2 < aspect < 5 else Fraction(1)
        self._upright = max(round(first.width * ratio), 2), first.height
        self._check_pixels(*self._upright)
        width, height = self._upright if self._rotation % 180 == 0 else self._upright[::-1]
        self.info = Info(width, height, fps, count, float(count / fps), audio, codec, self._rotation, declared)

    def frames(
        self,
        start: int = 0,
        end: int | None = None,
        *,
        step: int = 1,
        size: tuple[int, int] | None = None,
        colour: Colour = "rgb",
    ) -> Iterator[Image]:
        """Frames start, start+step, ... before end; `size` (width, height) scales while converting.

        RGB [H, W, 3] or grey [H, W]; only the frames asked for are converted. They are read-only: one that is shown
        for longer is given several times."""
        if start < 0 or step < 1:
            raise ValueError(f"start {start} must not be negative and step {step} must be 1 or more")
        wanted = iter(range(start, self.info.frames if end is None else min(end, self.info.frames), step))
        slot = next(wanted, None)
        shown: Any = None  # the last frame that came, shown until the next one's place
        image: Image | None = None
        for place, frame in self._decoded(start) if slot is not None else ():
            while slot is not None and shown is not None and slot < place:
                image = self._picture(shown, size, colour) if image is None else image
                yield image
                slot = next(wanted, None)
            if slot is None:
                return
            shown, image = frame, None
        while slot is not None:
            if shown is None:
                raise FacemotionError(f"{self.path}: no frame from number {slot} on can be decoded; {AGAIN}")
            image = self._picture(shown, size, colour) if image is None else image
            yield image
            slot = next(wanted, None)

    def _decoded(self, start: int) -> Iterator[tuple[int, Any]]:
        """(place, frame) in order of display, from the frame shown at place `start` or from before it."""
        pts, slots = self._index.pts, self._index.slots
        last, seen, missing = -1, 0, 0
        with self._opened() as (container, stream):
            for frame in _decode(stream, self._packets_from(start, container, stream)):
                if pts is None:
                    at = min(last + 1, len(slots) - 1)
                else:
                    at = int(np.searchsorted(pts, frame.pts)) if frame.pts is not None else len(pts)
                    if at >= len(pts) or pts[at] != frame.pts or at <= last:
                        continue  # outside the edit list, or a time that no packet had
                missing += at - last - 1 if seen else 0
                last, seen = at, seen + 1
                if missing > 8 and missing > UNDECODED_SHARE * seen:
                    raise FacemotionError(
                        f"{self.path} is corrupt: {missing} frames before number {at} cannot be decoded; {AGAIN}"
                    )
                self._check_pixels(frame.width, frame.height)
                yield int(slots[at]), frame

    def _packets_from(self, start: int, container: Any, stream: Any) -> Iterator[Any]:
        index = self._index
        if index.pts is None or start == 0:
            yield from _demux(container, stream)
            return
        target = index.pts[max(int(np.searchsorted(index.slots, start, "right")) - 1, 0)]
        for pts, dts in index.keys[index.keys[:, 0] <= target][::-1]:
            container.seek(int(min(pts, dts)), stream=stream, backward=True)
            packets = _demux(container, stream)
            first = next(packets, None)
            # Containers seek by decoding time and may land late: then try the key frame before.
            if first is not None and first.is_keyframe and first.pts is not None and first.pts <= target:
                yield from chain((first,), packets)
                return
        container.seek(int(index.pts[0]), stream=stream, backward=True)
        yield from _demux(container, stream)

    def _picture(self, frame: Any, size: tuple[int, int] | None, colour: Colour) -> Image:
        turned = self._rotation % 180 != 0
        width, height = self._upright if size is None else (size[::-1] if turned else size)
        full = int(frame.color_range) == 2 or frame.format.name.startswith("yuvj")
        same = (width, height) == (frame.width, frame.height)
        with self._plain_errors():
            if same and colour == "grey" and frame.format.name in EIGHT_BIT_LUMA and not frame.interlaced_frame:
                image = _luma(frame, full)
            else:
                image = self._scaled(frame, width, height, full, colour)
        if self._rotation:
            image = np.ascontiguousarray(np.rot90(image, self._rotation // 90))
        image.flags.writeable = False
        return image

    def _scaled(self, frame: Any, width: int, height: int, full: bool, colour: Colour) -> Image:
        # Untagged files: BT.709 from 720 lines up, as players assume.
        matrix = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}.get(int(frame.colorspace), 1 if frame.height >= 720 else 5)
        if (width, height) == (frame.width, frame.height):
            scaling = Interpolation.BILINEAR
        else:
            scaling = Interpolation.AREA if width < frame.width else Interpolation.BICUBIC
        converted = self._convert.reformat(
            _first_moment(frame) if frame.interlaced_frame else frame, width=width, height=height,
            format=PIXELS[colour], src_colorspace=matrix, dst_colorspace=matrix,
            src_color_range=2 if full else 1, dst_color_range=2, threads=1, interpolation=scaling | EXACT,
        )  # fmt: skip
        return np.asarray(converted.to_ndarray(), np.uint8)

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        # "file:" keeps a name with a colon from being taken for another protocol.
        options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
        with (
            self._plain_errors(),
            av.open(f"file:{self.path}", container_options=options, metadata_errors="ignore") as container,
        ):
            streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
            if not streams:
                raise NoPicturesError(f"{self.path} holds no video stream; give a file with moving pictures")
            context = streams[0].codec_context
            if context is None:
                raise FacemotionError(f"{self.path}: no decoder for its video; convert it to H.264")
            self._check_pixels(context.width, context.height)
            context.thread_count = self._threads
            yield container, streams[0]

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Whatever the decoder objects to becomes an error that names the file."""
        try:
            yield
        except (av.FFmpegError, ValueError, OverflowError, LookupError, MemoryError) as error:
            what = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise FacemotionError(f"{self.path} cannot be decoded as video ({what}); {AGAIN}") from error

    def _check_file(self) -> None:
        if not self.path.is_file():
            raise FacemotionError(f"{self.path} is not a file; check the path")
        size = self.path.stat().st_size
        if size == 0:
            raise FacemotionError(f"{self.path} is empty; {AGAIN}")
        if size > self._limits.max_bytes:
            raise TooMuchError(f"{self.path} has {size >> 20} MiB, more than {self._limits.max_bytes >> 20}")

    def _check_pixels(self, width: int, height: int) -> None:
        if width * height > self._limits.max_pixels:
            raise TooMuchError(
                f"{self.path} has frames of {width}x{height}, more than {self._limits.max_pixels} pixels"
            )


def _declared_seconds(container: Any, stream: Any) -> float | None:
    if stream.duration:
        return float(stream.duration * stream.time_base)
    # The whole file's, which is that of the pictures where there is nothing else.
    return container.duration / av.time_base if container.duration and len(container.streams) == 1 else None


def _read_index(container: Any, stream: Any, path: Path) -> _Index:
    stamps = [(p.pts, p.dts, p.is_keyframe) for p in _demux(container, stream) if p.size and not p.is_discard]
    if not stamps:
        raise FacemotionError(f"{path} holds no pictures; {AGAIN}")
    hints = [rate for rate in (stream.guessed_rate, stream.average_rate, stream.base_rate) if rate]
    no_keys = np.empty((0, 2), np.int64)
    # AVI has no time of display: with B-frames its stamps are in the wrong order.
    if container.format.name == "avi" or any(pts is None for pts, _, _ in stamps):
        fps = constant_rate(np.arange(1), Fraction(1), hints)
        return _Index(None, np.arange(len(stamps)), no_keys, fps)
    pts = np.unique(np.array([pts for pts, _, _ in stamps], np.int64))
    keys = sorted((pts, pts if dts is None else dts) for pts, dts, key in stamps if key)
    fps = constant_rate(pts, stream.time_base, hints)
    return _Index(pts, grid_slots(pts, stream.time_base, fps), np.array(keys, np.int64).reshape(-1, 2), fps)


def _demux(container: Any, stream: Any) -> Iterator[Any]:
    """Packets up to the end, which in a truncated file is where it breaks off."""
    try:
        yield from container.demux(stream)
    except av.FFmpegError:
        return


def _decode(stream: Any, packets: Iterator[Any]) -> Iterator[Any]:
    for packet in packets:
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue  # this packet is broken; the next key frame mends it
    try:
        yield from stream.codec_context.decode(None)
    except av.FFmpegError:
        return


def _first_moment(frame: Any) -> Any:
    """Of an interlaced frame, which shows two moments in turn, line by line, the even lines alone: half as high."""
    half = av.VideoFrame(frame.width, frame.height // 2, frame.format.name)
    for mine, whole in zip(half.planes, frame.planes, strict=True):
        lines = np.frombuffer(whole, np.uint8).reshape(-1, whole.line_size)[: 2 * mine.height : 2]
        own = np.zeros((mine.height, mine.line_size), np.uint8)
        used = min(mine.line_size, whole.line_size)
        own[: len(lines), :used] = lines[:, :used]
        mine.update(own.tobytes())
    return half


def _luma(frame: Any, full: bool) -> Image:
    """Grey straight from the plane of luma, which is ten times cheaper than the scaler."""
    plane = frame.planes[0]
    grey = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
    return grey.copy() if full else np.asarray(cv2.LUT(grey, _FULL_RANGE), np.uint8)
