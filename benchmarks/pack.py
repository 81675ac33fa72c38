"""Decoded frames a second from packed shards, in one process: `python -m benchmarks.pack`."""

import tempfile
import time
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from facemotion import files, layout, video
from facemotion.dataset.packed import PackedSplit
from facemotion.dataset.packing import ClipToPack, ShardJob, write_shard
from facemotion.landmarks.layout import N_POINTS
from facemotion.landmarks.store import Track, write_tracks
from facemotion.video_writer import Writer

SIZE = 256
CLIPS, FRAMES = 8, 100
READS = 4000


def textured(rng: np.random.Generator) -> video.Image:
    """A picture with about as much detail as a face crop: 20 KB at quality 95."""
    coarse = cv2.resize(rng.integers(0, 256, (24, 24, 3), dtype=np.uint8), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(coarse + rng.normal(0, 1.2, coarse.shape), 0, 255), np.uint8)


def main() -> None:
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips, tracks = [], []
        for number in range(CLIPS):
            path = folder / f"{number}.mp4"
            with Writer(path, fps=Fraction(25), width=SIZE, height=SIZE, crf=8, preset="veryfast") as writer:
                for _ in range(FRAMES):
                    writer.write(textured(rng))
            clips.append(ClipToPack(str(number), "p", "p", path, FRAMES, SIZE))
            points, scores = np.zeros((FRAMES, N_POINTS, 2), np.float32), np.ones((FRAMES, N_POINTS), np.float32)
            tracks.append(Track(str(number), Fraction(25), points, scores))
        write_tracks(folder / "landmarks", tracks)
        start = time.process_time()
        written = write_shard(ShardJob(folder / "train" / "00000.arrow", tuple(clips), folder / "landmarks", 95))
        packing = written["frames"] / (time.process_time() - start)
        split = PackedSplit(folder / "train")
        places = [(int(rng.integers(CLIPS)), int(rng.integers(FRAMES))) for _ in range(READS)]
        split.clips[0].image(0)
        wall, cpu = time.perf_counter(), time.process_time()
        for clip, frame in places:
            split.clips[clip].image(frame)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    figures = [
        {"name": "random 256x256 frames decoded", "value": round(READS / cpu), "unit": "frames/s a core"},
        {"name": "the same by the clock", "value": round(READS / wall), "unit": "frames/s"},
        {"name": "clips packed", "value": round(packing), "unit": "frames/s a core"},
        {"name": "bytes a frame", "value": round(written["bytes"] / written["frames"]), "unit": "bytes"},
    ]
    for figure in figures:
        print(f"{figure['name']:32s} {figure['value']:10} {figure['unit']}")
    files.write_json(layout.BENCHMARKS / "pack.json", figures)


if __name__ == "__main__":
    main()
