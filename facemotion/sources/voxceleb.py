"""VoxCeleb: `vox-metadata.csv`, or the tree of text files `txt/<person>/<video>/<utterance>.txt`, which have a header
and a box for each frame."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from facemotion.errors import FacemotionError
from facemotion.sources import vox_metadata
from facemotion.sources.listed import LISTED, UNIT_FRAME, listed, no_youtube_id, read_text, watch_page

FPS: Final = 25.0  # that of the frame numbers, whatever the video's
LINES: Final = 360.0  # height of the frame that VoxCeleb1's boxes are told in; its width is the video's own
_PARTITIONS: Final = {"dev", "train", "val", "test"}
_LARGEST: Final = 2**22  # bytes of an utterance's file


def files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = sorted(file for file in path.rglob("*.txt") if len(file.relative_to(path).parts) > 2 and file.is_file())
    if not found:
        raise FacemotionError(
            f"source.path: {path} holds no <person>/<video>/<utterance>.txt; name VoxCeleb's txt folder"
        )
    return found


def read(path: Path) -> pl.DataFrame:
    if path.is_file():
        return vox_metadata.read(path)
    rows = pl.DataFrame([_row(file, path) for file in files(path)], schema=LISTED, orient="row")
    video = pl.col("video")
    return listed(
        rows.with_columns(location=watch_page(video), problem=pl.coalesce(no_youtube_id(video), pl.col("problem")))
    )


def _row(file: Path, home: Path) -> dict[str, Any]:
    place = file.relative_to(home)
    folders = place.parts[:-3]
    row: dict[str, Any] = {
        "place": _text(str(place)),
        "partition": next((name for name in reversed(folders) if name in _PARTITIONS), None),
    }
    if file.stat().st_size > _LARGEST:
        return {**row, "problem": f"the file is larger than {_LARGEST >> 20} MiB"}
    head, _, table = read_text(file).partition("FRAME")
    told = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in head.splitlines())}
    row |= {
        "person": told.get("identity") or _text(place.parts[-3]),
        "video": told.get("reference") or _text(place.parts[-2]),
    }
    frames = [_numbers(line) for line in table.splitlines()[1:] if line.strip()]
    if not frames or None in frames:
        return {**row, "problem": "its table of frames is broken" if frames else "it has no table of frames"}
    return {**row, **_stretch([frame for frame in frames if frame is not None])}


def _stretch(frames: Sequence[tuple[float, ...]]) -> dict[str, float | None]:
    """From the first frame to behind the last, and the box that holds all of theirs."""
    left, top = (min(frame[k] for frame in frames) for k in (1, 2))
    right, bottom = (max(frame[k] + frame[k + 2] for frame in frames) for k in (1, 2))
    # VoxCeleb1 tells pixels, VoxCeleb2 fractions, which reach a little past the frame at most.
    fractions = max(abs(left), abs(top), right, bottom) <= 2
    scale = UNIT_FRAME if fractions else 1
    return {
        "start_s": min(frame[0] for frame in frames) / FPS,
        "end_s": (max(frame[0] for frame in frames) + 1) / FPS,
        **dict(zip(("left", "top", "right", "bottom"), (scale * x for x in (left, top, right, bottom)), strict=True)),
        "ref_width": UNIT_FRAME if fractions else None,
        "ref_height": UNIT_FRAME if fractions else LINES,
    }


def _numbers(line: str) -> tuple[float, ...] | None:
    fields = line.split()
    if len(fields) != 5 or not all(re.fullmatch(r"-?\d{1,9}(\.\d{1,12})?", field) for field in fields):
        return None
    return tuple(map(float, fields))


def _text(name: str) -> str:
    """Of a path on the disk, whose bytes may be no UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
