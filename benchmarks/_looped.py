"""A long video made of a short one, over and over, without decoding it: what memory takes in is seen on long ones."""

from pathlib import Path

import av

from facemotion.video import Reader
from facemotion.video_writer import Writer


def enlarged(path: Path, target: Path, width: int, height: int) -> Path:
    """The same video at another size."""
    reader = Reader(path)
    with Writer(target, fps=reader.info.fps, width=width, height=height, crf=23, preset="veryfast") as writer:
        for frame in reader.frames(size=(width, height)):
            writer.write(frame)
    return target


def looped(path: Path, target: Path, minutes: float) -> Path:
    """Its packets again and again, at least for so many minutes."""
    info = Reader(path).info
    with av.open(str(target), "w") as out, av.open(str(path)) as film:
        stream = out.add_stream_from_template(film.streams.video[0])
        packets = [packet for packet in film.demux(film.streams.video[0]) if packet.size]
        length = round(info.frames / info.fps / packets[0].time_base)
        stamps = [(packet.pts, packet.dts) for packet in packets]
        for turn in range(-(-round(60 * minutes) // max(int(info.duration_s), 1))):
            for packet, (pts, dts) in zip(packets, stamps, strict=True):
                packet.pts, packet.dts, packet.stream = pts + turn * length, dts + turn * length, stream
                out.mux(packet)
    return target
