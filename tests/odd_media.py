"""One face that moves, filmed in every odd way that a stranger's file may be: for tests of what becomes of each."""

import struct
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from rendered_faces import shown

from facemotion.video import Image

FRAMES = 40
FPS = Fraction(25)
SIDE = 256
REACH = 32  # pixels of background added on each side


@cache
def film() -> tuple[Image, ...]:
    """Frames of a face that turns and speaks, 320 pixels square."""
    frames = []
    for number in range(FRAMES):
        angle = 2 * np.pi * (number % 20) / 20
        face = shown(yaw=round(12 * np.sin(angle), 3), jaw_open=round(0.3 - 0.3 * np.cos(angle), 3)).frame
        frames.append(np.pad(np.uint8(face * 255), ((REACH, REACH), (REACH, REACH), (0, 0)), mode="edge"))
    return tuple(frames)


def write(
    path: Path,
    frames: tuple[Image, ...],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    stamps: list[int] | None = None,
    time_base: Fraction = 1 / FPS,
    rotation: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """A file as other programs write them: any codec, pixels, time stamps, in units of `time_base`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=FPS)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = pixels, options or {}
        stream.codec_context.time_base = time_base
        if rotation:
            stream.set_display_rotation(rotation)
        for stamp, picture in zip(stamps or range(len(frames)), frames, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = stamp, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def woven(frames: tuple[Image, ...]) -> tuple[Image, ...]:
    """Half as many frames, each of two moments: even lines of the one, odd lines of the other, as interlaced video."""
    both = []
    for first, second in zip(frames[::2], frames[1::2], strict=True):
        frame = first.copy()
        frame[1::2] = second[1::2]
        both.append(frame)
    return tuple(both)


def write_all(folder: Path) -> None:
    """Every odd file but those that are none, each named for what is odd about it."""
    fast = {"preset": "ultrafast", "crf": "12"}
    plain = write(folder / "plain.mp4", film(), options=fast)
    # Frames stay for 20 to 60 ms, as phones film them.
    jitter = np.cumsum([0, *np.random.default_rng(0).integers(20, 61, FRAMES - 1)]).tolist()
    write(folder / "variable.mkv", film(), stamps=jitter, time_base=Fraction(1, 1000), options=fast)
    sideways = tuple(np.ascontiguousarray(np.rot90(frame, -1)) for frame in film())
    write(folder / "rotated.mp4", sideways, rotation=90, options=fast)
    write(folder / "tenbit.mp4", film(), pixels="yuv420p10le", options=fast)
    odd = tuple(frame[3:, 2:-3] for frame in film())
    write(folder / "odd.mkv", odd, codec="ffv1", pixels="yuv444p")
    weave = {**fast, "preset": "veryfast", "flags": "+ildct+ilme", "x264-params": "tff=1"}
    swings = [round(24 * np.sin(2 * np.pi * moment / FRAMES)) for moment in range(2 * FRAMES)]
    swaying = tuple(np.roll(frame, swing, axis=1) for frame, swing in zip(film() * 2, swings, strict=True))
    write(folder / "interlaced.mp4", woven(swaying), options=weave)
    small = tuple(cv2.resize(frame, (240, 240), interpolation=cv2.INTER_AREA) for frame in film())
    write(folder / "moving.gif", small, codec="gif", pixels="rgb8")
    write(folder / "frame1.mp4", film()[:1], options=fast)
    large = np.kron(film()[0], np.ones((14, 24, 1), np.uint8))[:4320]
    write(folder / "eightk.mp4", (large,) * 2, options=fast)
    sound(folder / "sound.mp4")
    data = plain.read_bytes()
    (folder / "cut_short.mp4").write_bytes(data[: len(data) * 2 // 3])
    write(folder / "whole.mkv", film(), options={**fast, "g": "8"})
    broken_off = (folder / "whole.mkv").read_bytes()
    (folder / "broken_off.mkv").write_bytes(broken_off[: len(broken_off) * 4 // 5])
    (folder / "empty.mp4").write_bytes(b"")
    noise = np.random.default_rng(1).integers(0, 256, 40_000, np.uint8).tobytes()
    (folder / "noise.mp4").write_bytes(noise)
    (folder / "noise_inside.mp4").write_bytes(data[: len(data) // 5] + noise + data[len(data) // 5 + len(noise) :])
    (folder / "no_time.mp4").write_bytes(without_durations(data))
    (folder / "no_rate.avi").write_bytes(without_rate(write(folder / "no_rate.avi", film(), options=fast).read_bytes()))


def sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for number in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.rate, frame.pts = 44100, 1024 * number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def without_durations(film: bytes) -> bytes:
    """An MP4 whose every frame lasts for no time: of 0 frames a second."""
    at = film.index(b"stts") + 8
    (entries,) = struct.unpack_from(">I", film, at)
    changed = bytearray(film)
    for entry in range(entries):
        struct.pack_into(">I", changed, at + 8 + 8 * entry, 0)
    return bytes(changed)


def without_rate(film: bytes) -> bytes:
    """An AVI whose header says 0 frames in a second, and that each lasts 0 microseconds."""
    changed = bytearray(film)
    struct.pack_into("<I", changed, film.index(b"avih") + 8, 0)
    struct.pack_into("<I", changed, film.index(b"strh") + 8 + 24, 0)
    return bytes(changed)
