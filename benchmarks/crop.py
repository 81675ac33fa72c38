"""Cropping against bare decoding and encoding of the same frames: `python -m benchmarks.crop`."""

import tempfile
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from benchmarks._cpu import fastest
from facemotion import config, files, layout, video
from facemotion.ingest.crop import CropJob, Tube, clips_of
from facemotion.ingest.framing import cut_out, steady_square
from facemotion.video_writer import Writer

WIDTH, HEIGHT, FRAMES = 640, 360, 400
BOX = (250.0, 100.0, 390.0, 240.0)
ROUNDS = 3


def footage(path: Path) -> None:
    rng = np.random.default_rng(0)
    scene = cv2.resize(
        rng.integers(0, 256, (40, 70, 3), dtype=np.uint8), (WIDTH + 80, HEIGHT), interpolation=cv2.INTER_CUBIC
    )
    with Writer(path, fps=Fraction(25), width=WIDTH, height=HEIGHT, crf=20, preset="veryfast") as writer:
        for number in range(FRAMES):
            aside = round(40 + 40 * np.sin(number / 20))
            noisy = scene[:, aside : aside + WIDTH].astype(np.int16) + rng.integers(-5, 6, (HEIGHT, WIDTH, 1))
            writer.write(np.clip(noisy, 0, 255).astype(np.uint8))


def main() -> None:
    cv2.setNumThreads(1)
    settings = config.load().crop
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source.mp4"
        footage(source)
        tube = Tube(0, 0, 0, tuple(BOX for _ in range(FRAMES)), None, "p", "p")
        job = CropJob("v", source, (tube,), folder / "clips", settings, video.Limits())
        square = steady_square(np.array([BOX]), settings.context, settings.lift)
        crops = [cut_out(frame, square, settings.size) for frame in video.frames(source)]

        def decode() -> None:
            for _ in video.frames(source):
                pass

        def encode() -> None:
            with Writer(
                folder / "bare.mp4", fps=Fraction(25), width=settings.size, height=settings.size, crf=settings.crf,
                preset=settings.preset, threads=settings.threads,
            ) as writer:  # fmt: skip
                for crop in crops:
                    writer.write(crop)

        whole, bare = fastest(lambda: clips_of(job), ROUNDS), fastest(decode, ROUNDS) + fastest(encode, ROUNDS)
    figures = [
        {"name": "cropped", "value": round(FRAMES / whole, 1), "unit": "frames/s a core"},
        {"name": "bare decode and encode", "value": round(FRAMES / bare, 1), "unit": "frames/s a core"},
        {"name": "cropping over bare", "value": round(whole / bare, 3), "unit": "ratio of CPU time"},
    ]
    for figure in figures:
        print(f"{figure['name']:32s} {figure['value']:10} {figure['unit']}")
    files.write_json(layout.BENCHMARKS / "crop.json", figures)


if __name__ == "__main__":
    main()
