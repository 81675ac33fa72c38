"""Landmarks of one video before and after smoothing, side by side: `python -m benchmarks.before_after [VIDEO]`.

Writes a video and a sheet of six consecutive frames, enlarged, to reports/benchmarks: points as measured in red at the
left, steady ones in green at the right. They stay out of git: the people in them are real."""

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks._footage import measured
from facemotion import config, files, layout
from facemotion.console import setup_logging
from facemotion.errors import FacemotionError
from facemotion.ingest.sheets import BAD, GOOD, jpeg
from facemotion.landmarks.smoothing import smooth_track
from facemotion.landmarks.store import Track
from facemotion.video import Image, Reader
from facemotion.video_writer import Writer

PANEL = 512  # pixels; the whole face
PART = 512, 192  # below it, one eye and some of the brow above it, where trembling shows most
ZOOM = 6  # of the part
EYE = (36, 37, 38, 39, 40, 41)
SHEET_FRAMES = 6
CRF = 16


def main() -> None:
    setup_logging()
    parser = argparse.ArgumentParser(description=__doc__)
    real = Path(os.environ.get("FACEMOTION_REAL_FACES", "../shared/real_faces")) / "clips" / "d9.mp4"
    parser.add_argument("video", type=Path, nargs="?", default=real)
    parser.add_argument("--frames", type=int, default=250, help="at most")
    asked = parser.parse_args()
    if not asked.video.is_file():
        raise SystemExit(f"{asked.video} is no file: name a video of one person, without cuts")
    params = config.load()
    with tempfile.TemporaryDirectory() as name:
        file, raw = measured(asked.video, params, Path(name))
        steady = smooth_track(raw, params.smooth)
        frames = list(panels(file, raw, steady, asked.frames))
    target = layout.BENCHMARKS / f"before_after_{asked.video.stem}"
    target.parent.mkdir(parents=True, exist_ok=True)
    height, width = frames[0].shape[:2]
    with Writer(
        target.with_suffix(".mp4"), fps=raw.fps, width=width, height=height, crf=CRF, preset="veryfast"
    ) as writer:
        for frame in frames:
            writer.write(frame)
    begin = len(frames) // 2
    sheet = np.vstack([frame[PANEL:] for frame in frames[begin : begin + SHEET_FRAMES]])
    files.write_bytes(target.with_suffix(".jpg"), jpeg(sheet))
    print(f"{target}.mp4 and .jpg: {len(frames)} frames")


def panels(file: Path, raw: Track, steady: Track, most: int) -> Iterator[Image]:
    """Both sides of each frame; where the part is shown moves with the steady points alone."""
    places = steady.points[:, EYE].mean(axis=1)
    if not np.isfinite(places).any():
        raise FacemotionError(f"no landmarks in {file.name}: nothing to show")
    for number, frame in enumerate(Reader(file).frames(0, most)):
        sides = [
            side(frame, track.points[number], places[number], colour) for track, colour in ((raw, BAD), (steady, GOOD))
        ]
        yield np.hstack(sides)


def side(frame: Image, points: NDArray[np.float32], place: NDArray[np.float32], colour: tuple[int, int, int]) -> Image:
    """The face and, enlarged, the part of it about `place`, with points drawn in."""
    whole = np.array([[1, 0, 0], [0, 1, 0]]) * (PANEL / frame.shape[1])
    drawn = [(whole, (PANEL, PANEL), 2)]
    if np.isfinite(place).all():
        shift = (np.array(PART) - 1) / 2 - ZOOM * place
        drawn.append((np.array([[ZOOM, 0, shift[0]], [0, ZOOM, shift[1]]]), PART, 4))
    else:
        drawn.append((np.zeros((2, 3)), PART, 4))
    images = []
    for forward, size, radius in drawn:
        image = np.ascontiguousarray(cv2.warpAffine(frame, forward, size, flags=cv2.INTER_CUBIC))
        for x, y in points @ forward[:, :2].T + forward[:, 2] if np.isfinite(points).all() else ():
            # Sixteenths of a pixel, so that small differences show.
            cv2.circle(image, (round(float(x) * 16), round(float(y) * 16)), radius * 16, colour, -1, cv2.LINE_AA, 4)
        images.append(image)
    return np.vstack(images)


if __name__ == "__main__":
    main()
