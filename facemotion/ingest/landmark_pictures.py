"""Landmarks for a person to check: raw and smoothed points over the crop, eyes and lips enlarged."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.ingest.sheets import BAD, GOOD, Tile, sheet
from facemotion.landmarks.layout import EYES, LIPS
from facemotion.landmarks.store import Track
from facemotion.video import Image, Reader

FACE_PX: Final = 256
ZOOM: Final = 3
PART: Final = (110, 40)  # of the crop shown enlarged, in pixels at 256


def landmarks_picture(clips: Sequence[tuple[Path, Track, Track]], times: int = 2) -> Image:
    """A row for every clip of (file, raw track, smoothed track): the face and, enlarged, its eyes and its lips.
    Raw points are red, smoothed ones green."""
    rows = []
    for path, raw, smooth in clips:
        reader = Reader(path)
        tiles: list[Tile] = []
        for number in np.linspace(0, len(raw.points) - 1, times + 2)[1:-1].round().astype(int).tolist():
            frame = next(reader.frames(number, number + 1))
            tiles += _tiles(frame, raw.points[number], smooth.points[number], f"{raw.clip_id[-24:]} {number}")
        rows.append(tiles)
    return sheet(rows)


def _tiles(frame: Image, raw: NDArray[np.float32], smooth: NDArray[np.float32], caption: str) -> list[Tile]:
    face = cv2.resize(frame, (FACE_PX, FACE_PX), interpolation=cv2.INTER_AREA)
    scale = FACE_PX / frame.shape[1]
    _dots(face, smooth, np.array([[scale, 0, 0.5 * scale - 0.5], [0, scale, 0.5 * scale - 0.5]]), GOOD, 1)
    parts = []
    for members in (EYES, LIPS):
        part = np.zeros((PART[1] * ZOOM, PART[0] * ZOOM, 3), np.uint8)
        if np.isfinite(smooth).all():
            # Pixel coordinates of the frame -> those of the enlarged part about the members' middle.
            grow = scale * ZOOM
            shift = (np.array(part.shape[1::-1]) - 1) / 2 - grow * smooth[list(members)].mean(axis=0)
            forward = np.array([[grow, 0, shift[0]], [0, grow, shift[1]]])
            size = (part.shape[1], part.shape[0])
            part = np.asarray(cv2.warpAffine(frame, forward, size, flags=cv2.INTER_CUBIC), np.uint8)
            _dots(part, raw, forward, BAD, 2)
            _dots(part, smooth, forward, GOOD, 2)
        parts.append(part)
    return [Tile(face, caption), Tile(np.vstack(parts), "raw red, smooth green")]


def _dots(
    image: Image, points: NDArray[np.float32], forward: NDArray[np.float64], colour: tuple[int, int, int], radius: int
) -> None:
    if not np.isfinite(points).all():
        return
    for x, y in points @ forward[:, :2].T + forward[:, 2]:
        # Sixteenths of a pixel, so that small differences between raw and smooth can be seen.
        cv2.circle(image, (round(float(x) * 16), round(float(y) * 16)), radius * 16, colour, -1, cv2.LINE_AA, 4)
