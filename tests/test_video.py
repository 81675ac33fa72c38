"""Video in and out: exact frames, true rates, any bytes."""

import os
import resource
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facemotion import video
from facemotion.errors import FacemotionError
from facemotion.video_timing import constant_rate, grid_slots
from facemotion.video_writer import Writer

WIDTH, HEIGHT = 64, 48


def picture(number: int) -> video.Image:
    """A frame that tells its number by its brightness, with a red upper left corner."""
    image = np.full((HEIGHT, WIDTH, 3), (number * 4) % 240, np.uint8)
    image[:16, :16] = (255, 0, 0)
    return image


def number_of(image: video.Image) -> int:
    return round(float(image[-12:, -12:].mean()) / 4)


def write(path: Path, frames: int = 50, fps: Fraction = Fraction(25)) -> Path:
    with Writer(path, fps=fps, width=WIDTH, height=HEIGHT, crf=5, preset="veryfast") as writer:
        for number in range(frames):
            writer.write(picture(number))
    return path


def write_raw(path: Path, stamps: list[int], time_base: Fraction, rotation: int = 0, **options: str) -> Path:
    """A file with any time stamps, as other programs write them."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": "5", **options}
        stream.codec_context.time_base = time_base
        stream.codec_context.gop_size = 8
        if rotation:
            stream.set_display_rotation(rotation)
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            frame.pts, frame.time_base = stamp, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001)])
def test_what_is_written_is_read(tmp_path: Path, fps: Fraction) -> None:
    path = write(tmp_path / "a.mp4", 30, fps)
    info = video.probe(path)
    assert (info.width, info.height, info.fps, info.frames) == (WIDTH, HEIGHT, fps, 30)
    assert info.duration_s == pytest.approx(float(30 / fps))
    read = list(video.frames(path))
    assert [number_of(frame) for frame in read] == list(range(30))
    assert np.abs(read[3].astype(int) - picture(3)).mean() < 3


def test_re_encoding_does_not_darken(tmp_path: Path) -> None:
    frame = np.full((HEIGHT, WIDTH, 3), (180, 120, 90), np.uint8)
    for generation in range(4):
        path = tmp_path / f"{generation}.mp4"
        with Writer(path, fps=Fraction(25), width=WIDTH, height=HEIGHT, crf=1, preset="veryfast") as writer:
            writer.write(frame)
        frame = next(video.frames(path))
    assert np.abs(frame.reshape(-1, 3).mean(0) - (180, 120, 90)).max() <= 1.5


def test_equal_frames_give_equal_bytes_that_name_no_encoder(tmp_path: Path) -> None:
    first, second = (write(tmp_path / name).read_bytes() for name in ("a.mp4", "b.mp4"))
    assert first == second
    assert b"x264" not in first
    assert b"Lav" not in first


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi"])
def test_seeking_gives_the_frames_of_reading_through(tmp_path: Path, suffix: str) -> None:
    stamps = list(range(40))
    path = write_raw(tmp_path / f"a{suffix}", stamps, Fraction(1, 25), bf="3", **{"x264-params": "open-gop=1"})
    whole = list(video.frames(path))
    assert [number_of(frame) for frame in whole] == stamps
    for start in (0, 1, 7, 8, 9, 23, 39, 40):
        part = list(video.frames(path, start))
        assert len(part) == 40 - start
        assert all((a == b).all() for a, b in zip(part, whole[start:], strict=True))
    reader = video.Reader(path)
    assert [number_of(frame) for frame in reader.frames(5, 30, step=6)] == [5, 11, 17, 23, 29]


def test_variable_rate_becomes_constant_and_time_stamps_decide(tmp_path: Path) -> None:
    # Frame 3 is shown for three frames' time, frame 6 a little early.
    stamps = [0, 40, 80, 120, 240, 280, 312, 360, 400, 440]
    path = write_raw(tmp_path / "a.mkv", stamps, Fraction(1, 1000))
    info = video.probe(path)
    assert info.fps == 25
    assert [number_of(frame) for frame in video.frames(path)] == [0, 1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9]
    assert [number_of(frame) for frame in video.frames(path, 4)] == [3, 3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize(("rotation", "corner"), [(90, (-1, 0)), (-90, (0, -1)), (180, (-1, -1))])
def test_pictures_are_turned_upright(tmp_path: Path, rotation: int, corner: tuple[int, int]) -> None:
    path = write_raw(tmp_path / "a.mp4", [0, 1, 2], Fraction(1, 25), rotation)
    info = video.probe(path)
    assert (info.width, info.height) == ((HEIGHT, WIDTH) if abs(rotation) == 90 else (WIDTH, HEIGHT))
    red, _, blue = next(video.frames(path))[corner].astype(int)
    assert red > 180
    assert blue < 80


def test_grey_and_small_frames_agree_with_colour(tmp_path: Path) -> None:
    reader = video.Reader(write(tmp_path / "a.mp4"))
    colour, grey, small = (
        next(reader.frames(20)), next(reader.frames(20, colour="grey")), next(reader.frames(20, size=(32, 24))),
    )  # fmt: skip
    assert grey.shape == (HEIGHT, WIDTH)
    assert abs(float(grey[-12:, -12:].mean()) - float(colour[-12:, -12:].mean())) < 1.5
    assert small.shape == (24, 32, 3)
    assert abs(float(small[-6:, -6:].mean()) - float(colour[-12:, -12:].mean())) < 1.5


def test_limits_name_file_and_limit(tmp_path: Path) -> None:
    path = write(tmp_path / "long.mp4", 60)
    for limits in (video.Limits(max_bytes=100), video.Limits(max_seconds=1.0), video.Limits(max_pixels=1000)):
        with pytest.raises(FacemotionError, match=r"long\.mp4.*more than"):
            video.probe(path, limits)


def test_bytes_that_are_no_video_are_a_plain_error(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mp4").read_bytes()
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    bad = {
        "empty.mp4": b"", "text.mp4": b"hello\n" * 500, "half.mp4": whole[: len(whole) // 2],
        "noise.mp4": os.urandom(5000),
        "list.mp4": b"#EXTM3U\n#EXTINF:1,\nwhole.mp4\n", "concat.mp4": b"ffconcat version 1.0\nfile whole.mp4\n",
    }  # fmt: skip
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    for name in [*bad, "sound.mp4", "missing.mp4", "."]:
        with pytest.raises(FacemotionError):
            list(video.frames(tmp_path / name))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=40), keep=st.floats(0.05, 1)
)
def test_damaged_files_end_in_frames_or_a_plain_error(
    tmp_path: Path, changes: list[tuple[float, int]], keep: float
) -> None:
    source = tmp_path / "sound_file.mkv"
    if not source.exists():
        write_raw(source, list(range(20)), Fraction(1, 25))
    data = bytearray(source.read_bytes())
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    path = tmp_path / "damaged.mkv"
    path.write_bytes(data[: int(len(data) * keep)])
    limits = video.Limits(max_seconds=60, max_pixels=10**6)
    try:
        for frame in video.frames(path, limits=limits):
            assert frame.ndim == 3
    except FacemotionError:
        pass


def test_a_time_stamp_far_off_is_refused_quickly(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "far.mkv", [0, 40, 80, 10**12], Fraction(1, 1000))
    with pytest.raises(FacemotionError, match="minutes"):
        video.probe(path)


def test_an_error_while_writing_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with Writer(tmp_path / "a.mp4", fps=Fraction(25), width=64, height=48, crf=20, preset="fast") as writer:
            writer.write(picture(0))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fail()
    with (
        pytest.raises(FacemotionError, match="no frame"),
        Writer(tmp_path / "b.mp4", fps=Fraction(25), width=64, height=48, crf=20, preset="fast"),
    ):
        pass
    with pytest.raises(FacemotionError, match="even"):
        Writer(tmp_path / "c.mp4", fps=Fraction(25), width=63, height=48, crf=20, preset="fast")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_plain_error(tmp_path: Path) -> None:
    code = f"""
import resource, numpy as np
from fractions import Fraction
from facemotion.video_writer import Writer
from facemotion.errors import FacemotionError
resource.setrlimit(resource.RLIMIT_FSIZE, (30000, 30000))
try:
    with Writer({str(tmp_path / "a.mp4")!r}, fps=Fraction(25), width=320, height=240, crf=1, preset="fast") as w:
        for k in range(40):
            w.write(np.random.default_rng(k).integers(0, 255, (240, 320, 3), np.uint8))
except FacemotionError as error:
    print("told:", error)
"""
    assert resource.RLIM_INFINITY  # the limit is a process's own: it is set in another one
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=Path.cwd())
    assert "told: cannot write" in told.stdout, told.stderr
    assert list(tmp_path.iterdir()) == []


def test_squeezed_pixels_are_stretched_back(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)
        for number in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), format="rgb24")))
        container.mux(stream.encode())
    assert next(video.frames(tmp_path / "a.mp4")).shape == (HEIGHT, WIDTH * 3 // 2, 3)


@given(
    rate=st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50)]),
    count=st.integers(3, 400),
    start=st.integers(0, 10**7),
    drop=st.sets(st.integers(1, 399), max_size=8),
)
def test_rounded_time_stamps_tell_the_true_rate(rate: Fraction, count: int, start: int, drop: set[int]) -> None:
    base = Fraction(1, 90000)
    kept = np.array([k for k in range(count) if k not in drop or k == count - 1])
    stamps = np.array([start + round(k / rate / base) for k in kept.tolist()], np.int64)
    if len(kept) < 3 or np.median(np.diff(kept)) != 1:
        return
    found = constant_rate(stamps, base, [])
    assert found == rate
    assert (grid_slots(stamps, base, found) == kept).all()


def test_a_film_header_in_the_wrong_place_does_not_hang(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.mp4").read_bytes()
    box = struct.pack(">I4s", 8, b"free") * 1000
    (tmp_path / "b.mp4").write_bytes(box + whole)
    with pytest.raises(FacemotionError):
        list(video.frames(tmp_path / "b.mp4", limits=video.Limits(max_bytes=100)))
