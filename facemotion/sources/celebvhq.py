"""CelebV-HQ's JSON: clips of YouTube videos with seconds and a box in fractions of the frame; no persons."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from facemotion.errors import FacemotionError
from facemotion.sources.listed import LISTED, UNIT_FRAME, listed, no_youtube_id, read_text, watch_page


class _Pairs(dict[str, Any]):
    """An object of the JSON, with all its pairs: a key that stands twice must not hide the first."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def read(path: Path) -> pl.DataFrame:
    try:
        content = json.loads(read_text(path), object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        raise FacemotionError(f"source.path: {path} is no proper JSON ({error})") from error
    clips = content.get("clips") if isinstance(content, _Pairs) else None
    if not isinstance(clips, _Pairs):
        raise FacemotionError(f"source.path: {path} has no object `clips`, as CelebV-HQ's list has")
    video = pl.col("video")
    rows = pl.DataFrame([_row(name, clip) for name, clip in clips.pairs], schema=LISTED, orient="row")
    return listed(
        rows.with_columns(location=watch_page(video), problem=pl.coalesce(no_youtube_id(video), pl.col("problem")))
    )


def _row(name: str, clip: Any) -> dict[str, Any]:
    place = {"place": _text(name)}
    if not isinstance(clip, dict):
        return {**place, "problem": "the clip is no object"}
    video = clip.get("ytb_id")
    place["video"] = _text(video) if isinstance(video, str) else ""
    times = _numbers(clip.get("duration"), ("start_sec", "end_sec"))
    sides = _numbers(clip.get("bbox"), ("left", "top", "right", "bottom"))
    if times is None or sides is None:
        return {**place, "problem": "bbox holds no four numbers" if times else "duration holds no two numbers"}
    return {
        **place,
        "start_s": times[0],
        "end_s": times[1],
        **dict(zip(("left", "top", "right", "bottom"), (UNIT_FRAME * side for side in sides), strict=True)),
        "ref_width": UNIT_FRAME,
        "ref_height": UNIT_FRAME,
    }


def _numbers(content: Any, keys: tuple[str, ...]) -> list[float] | None:
    values = [content.get(key) for key in keys] if isinstance(content, dict) else [None]
    if any(type(value) not in (int, float) for value in values):
        return None
    try:
        return [float(value) for value in values if value is not None]
    except OverflowError:  # JSON has integers of any length
        return None


def _text(text: str) -> str:
    """JSON can escape half of a sign."""
    return text.encode("utf-8", "replace").decode()
