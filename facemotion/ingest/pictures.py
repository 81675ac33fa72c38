"""What ingest did, for a person to check: frames about cuts, tubes with their boxes or the reason why not, crops."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from facemotion.ingest.sheets import BAD, GOOD, INK, Tile, limited, sheet
from facemotion.video import Image, Reader

TILE_HEIGHT: Final = 120


def cuts_picture(path: Path, rows: Sequence[Mapping[str, Any]], most: int = 10) -> Image:
    """A row for every cut of one video: the three frames before it and the three from it on."""
    reader = Reader(path)
    sheets = []
    for row in [row for row in rows if row["cut_frame"] > 0][:most]:
        cut = int(row["cut_frame"])
        first = max(cut - 3, 0)
        tiles = [
            Tile(_small(frame), f"{number}{'  cut' if number == cut else ''}", BAD if number >= cut else INK)
            for number, frame in enumerate(reader.frames(first, cut + 3), first)
        ]
        sheets.append(tiles)
    if not sheets:
        sheets = [[Tile(_small(frame), f"{number}  no cut")] for number, frame in enumerate(reader.frames(0, 1))]
    return sheet(sheets)


def tubes_picture(path: Path, rows: Sequence[Mapping[str, Any]], most: int = 24, per_row: int = 4) -> Image:
    """A tile for every tube of one video: its middle frame, the boxes of all tubes there, the reason if rejected."""
    reader = Reader(path)
    tiles = []
    for row in rows[:most]:
        middle = (row["start_frame"] + row["end_frame"]) // 2
        frame = next(reader.frames(middle, middle + 1)).copy()
        for other in rows:
            if other["start_frame"] <= middle < other["end_frame"]:
                colour = GOOD if other["accepted"] else BAD
                box = np.rint(other["boxes"][middle - other["start_frame"]]).astype(int).tolist()
                cv2.rectangle(frame, tuple(box[:2]), tuple(box[2:]), colour, 2 if other is row else 1)
        verdict = row["person_id"] if row["accepted"] else row["reason"]
        caption = f"shot {row['shot']}.{row['tube']} frames {row['start_frame']}-{row['end_frame']} {verdict}"
        tiles.append(Tile(_small(frame, 220), caption, GOOD if row["accepted"] else BAD))
    return sheet([tiles[k : k + per_row] for k in range(0, len(tiles), per_row)])


def crops_picture(folder: Path, rows: Sequence[Mapping[str, Any]], most: int = 12, times: int = 6) -> Image:
    """A row for every clip: frames spread over it, with the tube's face box drawn in."""
    sheets = []
    for row in [row for row in rows if row["accepted"]][:most]:
        reader = Reader(folder / row["path"])
        tiles: list[Tile] = []
        for number in np.linspace(0, reader.info.frames - 1, times).round().astype(int).tolist():
            frame = next(reader.frames(number, number + 1)).copy()
            box = np.rint(row["faces"][number]).astype(int).tolist()
            cv2.rectangle(frame, tuple(box[:2]), tuple(box[2:]), GOOD, 1)
            tiles.append(Tile(_small(frame, 160), f"{row['clip_id'][-24:]} {number}" if not tiles else str(number)))
        sheets.append(tiles)
    return sheet(sheets)


def _small(frame: Image, height: int = TILE_HEIGHT) -> Image:
    return limited(frame, max(round(frame.shape[1] * height / frame.shape[0]), 1))
