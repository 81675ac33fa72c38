"""Contact sheets: pictures in rows with a caption each, as PNG or JPEG bytes that are the same in every run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from facemotion.video import Image

MAX_WIDTH: Final = 1600
CAPTION_PX: Final = 16
GAP: Final = 4
PAPER: Final = 245
INK: Final = (40, 40, 40)
GOOD: Final = (30, 150, 60)
BAD: Final = (200, 40, 40)


@dataclass(frozen=True)
class Tile:
    """A picture in RGB and what is written under it."""

    image: Image
    caption: str = ""
    colour: tuple[int, int, int] = INK


def sheet(rows: Sequence[Sequence[Tile]]) -> Image:
    """Rows of tiles on light paper, no wider than MAX_WIDTH; an empty sheet is a small blank one."""
    drawn = [_row(row) for row in rows if row]
    if not drawn:
        return np.full((48, 240, 3), PAPER, np.uint8)
    width = max(row.shape[1] for row in drawn)
    padded = [np.pad(row, ((0, GAP), (0, width - row.shape[1]), (0, 0)), constant_values=PAPER) for row in drawn]
    return limited(np.vstack(padded))


def in_rows(tiles: Sequence[Tile], per_row: int) -> list[Sequence[Tile]]:
    return [tiles[k : k + per_row] for k in range(0, len(tiles), per_row)]


def limited(image: Image, width: int = MAX_WIDTH) -> Image:
    """The picture, shrunk where it is wider than a limit."""
    if image.shape[1] <= width:
        return image
    height = max(round(image.shape[0] * width / image.shape[1]), 1)
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(image: Image, quality: int = 88) -> bytes:
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of shape {image.shape} cannot be written as JPEG")
    return data.tobytes()


def write(image: Image, text: str, place: tuple[int, int], colour: tuple[int, int, int] = INK) -> None:
    """Text into a picture, with its lower left corner at `place` in pixels."""
    plain = text.encode("ascii", "replace").decode()
    cv2.putText(image, plain, place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, colour, 1, cv2.LINE_AA)


def _row(tiles: Sequence[Tile]) -> Image:
    height = max(tile.image.shape[0] for tile in tiles)
    columns = []
    for tile in tiles:
        picture_height, picture_width = tile.image.shape[:2]
        column = np.full((height + CAPTION_PX, picture_width + GAP, 3), PAPER, np.uint8)
        column[:picture_height, :picture_width] = tile.image
        write(column, tile.caption, (1, height + CAPTION_PX - 5), tile.colour)
        columns.append(column)
    return np.hstack(columns)
