"""Rows of the ledger: what a video that came is, or why there is none."""

from collections import deque
from pathlib import Path
from typing import Any, Final

from facemotion import video
from facemotion.errors import FacemotionError
from facemotion.files import file_digest

LedgerRow = dict[str, Any]

EMPTY: Final = dict.fromkeys(("sha256", "bytes", "width", "height", "fps_num", "fps_den", "frames", "duration_s"))
WHOLE: Final = 0.9  # of the time a file says it lasts; with less it was cut off
PAGES: Final = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml")


def there(video_id: str, path: Path, limits: video.Limits) -> LedgerRow:
    """The row of a video that is there and can be read."""
    info = video.probe(path, limits)
    return {
        "video_id": video_id,
        "status": "ok",
        "reason": "",
        "path": path.name,
        "sha256": file_digest(path),
        "bytes": path.stat().st_size,
        "width": info.width,
        "height": info.height,
        "fps_num": info.fps.numerator,
        "fps_den": info.fps.denominator,
        "frames": info.frames,
        "duration_s": info.duration_s,
    }


def failed(video_id: str, status: str, reason: str) -> LedgerRow:
    return {"video_id": video_id, "status": status, "reason": reason, "path": "", **EMPTY}


def examined(video_id: str, path: Path, limits: video.Limits, called: str) -> LedgerRow:
    """The row of a stranger's file, decoded to its end to see that one can; `called`: its name in the reason."""
    try:
        row = there(video_id, path, limits)
        declared = video.probe(path, limits).declared_s
        if declared is not None and row["duration_s"] < WHOLE * declared - 1.0:
            lasts = f"it ends after {row['duration_s']:.1f} of {declared:.1f} seconds"
            return failed(video_id, "corrupt", f"{called} was cut off: {lasts}")
        deque(video.frames(path, limits=limits), maxlen=0)
        return row
    except FacemotionError as error:
        if is_page(path):
            return failed(video_id, "no_video", f"{called} is a web page, whatever it is called")
        status = {video.NoPicturesError: "no_video", video.TooMuchError: "too_large"}.get(type(error), "corrupt")
        return failed(video_id, status, str(error).replace(str(path), called))


def is_page(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(PAGES)
