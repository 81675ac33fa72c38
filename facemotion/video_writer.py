"""Writing clips, the same bytes of the same frames; films for people are `video_film`'s."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.video.reformatter import Interpolation, VideoReformatter

from facemotion.errors import FacemotionError
from facemotion.files import replacing
from facemotion.video import EXACT, Image


def has_encoder(name: str) -> bool:
    """Whether this PyAV can write the codec, e.g. `libx264`."""
    try:
        return bool(av.codec.Codec(name, "w").is_encoder)
    except av.FFmpegError:
        return False


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """What the disk or the encoder refuses, told as what a person can do about it."""
    try:
        yield
    except OSError as error:
        what = error.strerror or str(error)
        raise FacemotionError(f"cannot write {path}: {what}; free disk space or choose another folder") from error


class Writer:
    """H.264 in MP4, BT.709 in limited range: `with Writer(...) as w: w.write(rgb)`. Equal frames give equal bytes.

    The file appears whole when the block ends, and not at all when it ends by an error."""

    def __init__(
        self, path: Path, *, fps: Fraction, width: int, height: int, crf: int, preset: str, threads: int = 1
    ) -> None:
        if width % 2 or height % 2 or width < 2 or height < 2:
            raise FacemotionError(f"{path}: H.264 needs even sides, not {width}x{height}; crop or pad by a pixel")
        self.path, self.shape = Path(path), (height, width, 3)
        # x264's macroblock tree reads memory it never set at some sizes (320x180 is one): other runs, other bytes.
        self._settings = {"crf": str(crf), "preset": preset, "x264-params": "mbtree=0"}
        self._fps, self._threads, self._count = Fraction(fps), threads, 0
        self._convert = VideoReformatter()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack, failures(self.path):
            temporary = stack.enter_context(replacing(self.path))
            self._container = av.open(f"file:{temporary}", "w", format="mp4", container_options={"fflags": "+bitexact"})
            stack.callback(self._container.close)
            stream = self._container.add_stream("libx264", rate=self._fps)
            stream.height, stream.width = self.shape[:2]
            stream.pix_fmt, stream.options = "yuv420p", self._settings
            context = stream.codec_context
            context.thread_count = self._threads
            context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1, 1
            self._stream = stream
            # x264 writes its version and settings as user data: other builds, other bytes.
            self._anonymous = BitStreamFilterContext("filter_units=remove_types=6", stream)
            self._stack = stack.pop_all()
        return self

    def write(self, rgb: Image) -> None:
        if rgb.shape != self.shape or rgb.dtype != np.uint8:
            raise ValueError(f"{self.path}: a frame is {rgb.dtype} {rgb.shape}, not uint8 {self.shape}")
        frame = self._convert.reformat(
            av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24"), format="yuv420p", threads=1,
            dst_colorspace=1, src_color_range=2, dst_color_range=1, interpolation=Interpolation.BICUBIC | EXACT,
        )  # fmt: skip
        frame.pts, frame.time_base = self._count, 1 / self._fps
        self._count += 1
        with failures(self.path):
            self._mux(self._stream.encode(frame))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with failures(self.path), self._stack:
            if kind is not None:
                self._stack.__exit__(kind, error, trace)
                return
            if not self._count:
                raise FacemotionError(f"{self.path}: no frame was written")
            self._mux(self._stream.encode())
            self._container.mux(self._anonymous.filter(None))

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            self._container.mux(self._anonymous.filter(packet))
