"""Films for people: H.264 that plays everywhere, or without any loss, with another video's sound in sync, and with what
the file is to say of itself."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.video.reformatter import Interpolation, VideoReformatter

from facemotion.errors import FacemotionError
from facemotion.files import replacing
from facemotion.video import EXACT, FORMATS, Image
from facemotion.video_writer import failures

CRF: Final = 16  # finer than eyes see
PRESET: Final = "medium"
SOUND_RATE: Final = 48_000
SOUND_BITS: Final = 160_000
SECONDS_BETWEEN_KEYS: Final = 2
FIRST_PACKETS: Final = 64  # among which the first picture by time of display is
SUFFIXES: Final = (".mp4", ".mov", ".mkv")
FORMAT_OF: Final = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}


@dataclass(frozen=True)
class Sound:
    """That of a video from its frame at `start_s` on, seconds."""

    path: Path
    start_s: float


class Film:
    """`with Film(...) as film: film.write(rgb)`. The file appears whole when the block ends; when it ends by an error
    or a stop it does not appear, unless `keep` was set: then with all that was written."""

    def __init__(
        self,
        path: Path,
        *,
        fps: Fraction,
        width: int,
        height: int,
        lossless: bool = False,
        sound: Sound | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.path, self.shape = Path(path), (height, width, 3)
        if self.path.suffix.lower() not in SUFFIXES:
            raise FacemotionError(f"{path}: a film's name ends in {', '.join(SUFFIXES)}; choose one of these")
        if width % 2 or height % 2:
            raise FacemotionError(f"{path}: H.264 needs even sides, not {width}x{height}; choose another size")
        self.keep, self.count = False, 0
        self._fps, self._lossless, self._sound, self._tags = Fraction(fps), lossless, sound, dict(tags or {})
        self._convert = VideoReformatter()
        self._stack = ExitStack()
        self._sounds: Iterator[Any] = iter(())
        self._sound_until = 0.0
        self._sound_stream: Any = None

    def __enter__(self) -> Self:
        with ExitStack() as stack, failures(self.path):
            temporary = stack.enter_context(replacing(self.path))
            kind = FORMAT_OF[self.path.suffix.lower()]
            # The index first, so that it plays while it is loaded.
            options = {"fflags": "+bitexact"} | ({"movflags": "+faststart"} if kind != "matroska" else {})
            self._container = av.open(f"file:{temporary}", "w", format=kind, container_options=options)
            stack.callback(self._container.close)
            self._container.metadata.update(self._tags)
            self._stream = self._video_stream()
            if self._sound is not None:
                self._begin_sound(self._sound, stack)
            self._stack = stack.pop_all()
        return self

    def write(self, rgb: Image) -> None:
        if rgb.shape != self.shape or rgb.dtype != np.uint8:
            raise ValueError(f"{self.path}: a frame is {rgb.dtype} {rgb.shape}, not uint8 {self.shape}")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        if not self._lossless:
            frame = self._convert.reformat(
                frame, format="yuv420p", threads=1, dst_colorspace=1, src_color_range=2, dst_color_range=1,
                interpolation=Interpolation.BICUBIC | EXACT,
            )  # fmt: skip
        frame.pts, frame.time_base = self.count, 1 / self._fps
        with failures(self.path):
            self._mux(self._stream.encode(frame))
            self.count += 1
            self._sound_up_to(float(self.count / self._fps))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and not (self.keep and self.count):
            self._stack.__exit__(kind, error, trace)
            return
        with failures(self.path), self._stack:
            if not self.count:
                raise FacemotionError(f"{self.path}: no frame was written")
            self._mux(self._stream.encode())
            if self._sound_stream is not None:
                self._mux(self._sound_stream.encode())

    def _video_stream(self) -> Any:
        stream = self._container.add_stream("libx264rgb" if self._lossless else "libx264", rate=self._fps)
        stream.height, stream.width = self.shape[:2]
        stream.codec_context.gop_size = max(round(SECONDS_BETWEEN_KEYS * self._fps), 1)
        if self._lossless:
            stream.pix_fmt, stream.options = "rgb24", {"qp": "0", "preset": "veryfast"}
        else:
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": str(CRF), "preset": PRESET, "profile": "high"}
            context = stream.codec_context
            context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1, 1
        return stream

    def _begin_sound(self, sound: Sound, stack: ExitStack) -> None:
        chunks = _sound_of(sound, stack)
        first = next(chunks, None)
        if first is None:
            return
        layout = first[1].layout.name
        stream: Any = self._container.add_stream("aac", rate=SOUND_RATE, layout=layout)
        stream.bit_rate = SOUND_BITS
        self._sound_stream = stream
        self._sounds = iter(_chained(first, chunks))

    def _sound_up_to(self, seconds: float) -> None:
        """As much as the pictures last, so that neither waits for the other."""
        while self._sound_stream is not None and self._sound_until < seconds:
            following = next(self._sounds, None)
            if following is None:
                return
            at, frame = following
            frame.pts, frame.time_base = round(at * SOUND_RATE), Fraction(1, SOUND_RATE)
            self._sound_until = at + frame.samples / SOUND_RATE
            self._mux(self._sound_stream.encode(frame))

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            self._container.mux(packet)


def _chained(first: tuple[float, Any], rest: Iterator[tuple[float, Any]]) -> Iterator[tuple[float, Any]]:
    yield first
    yield from rest


def _sound_of(sound: Sound, stack: ExitStack) -> Iterator[tuple[float, Any]]:
    """(seconds since the start, a frame of sound) in order; nothing where none can be decoded."""
    options = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    try:
        container = stack.enter_context(
            av.open(f"file:{sound.path}", container_options=options, metadata_errors="ignore")
        )
        if not container.streams.audio:
            return iter(())
        first = _first_picture(sound.path, options)
        stream = container.streams.audio[0]
        layout = "mono" if stream.codec_context.channels == 1 else "stereo"
    except (av.FFmpegError, ValueError, LookupError):
        return iter(())
    return _resampled(container, stream, layout, first + sound.start_s)


def _resampled(container: Any, stream: Any, layout: str, begin: float) -> Iterator[tuple[float, Any]]:
    resampler = AudioResampler(format="fltp", layout=layout, rate=SOUND_RATE)
    written: int | None = None  # samples since the start
    try:
        if begin > 5:
            container.seek(int((begin - 2) * av.time_base), backward=True)
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                continue
            for frame in decoded:
                if frame.time is None:
                    continue
                for made in resampler.resample(frame):
                    samples = made.to_ndarray()
                    # By its own clock where it begins or leaps, else sample after sample.
                    at = round((float(frame.time) - begin) * SOUND_RATE)
                    if written is None or abs(at - written) > SOUND_RATE // 5:
                        written = at if written is None else max(at, written)
                    early = min(max(-written, 0), samples.shape[1])
                    written += early
                    if early < samples.shape[1]:
                        cut = av.AudioFrame.from_ndarray(
                            np.ascontiguousarray(samples[:, early:]), format="fltp", layout=layout
                        )
                        cut.sample_rate = SOUND_RATE
                        yield written / SOUND_RATE, cut
                        written += samples.shape[1] - early
    except (av.FFmpegError, ValueError):
        return


def _first_picture(path: Path, options: Mapping[str, str]) -> float:
    """When the first picture is shown, by the container's clock, seconds."""
    with av.open(f"file:{path}", container_options=dict(options), metadata_errors="ignore") as container:
        stream = container.streams.video[0]
        packets = islice((p for p in container.demux(stream) if p.pts is not None), FIRST_PACKETS)
        stamps = [packet.pts for packet in packets if not packet.is_discard]
        return float(min(stamps) * stream.time_base) if stamps else 0.0
