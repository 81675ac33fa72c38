"""A folder of a person's own videos: person/video.ext, or video.ext; whole videos, without boxes."""

import hashlib
import re
from pathlib import PurePosixPath
from typing import Any

from facemotion.config import Source
from facemotion.sources import scan


def rows(source: Source) -> list[dict[str, Any]]:
    listing = scan.load(source)
    return [
        {
            "video_id": safe_id(name),
            "location": f"{listing.path}/{name}",
            "person_id": _person(name),
            "start_s": None,
            "end_s": None,
            "box": None,
            "ref_width": None,
            "ref_height": None,
            "partition": None,
            "source": "folder",
            "license": None,
        }
        for name in sorted(listing.files)
    ]


def _person(name: str) -> str:
    path = PurePosixPath(name)
    return safe_id(path.parts[0]) if len(path.parts) > 1 else safe_id(name)


def safe_id(name: str) -> str:
    """A name that is safe as a file name anywhere, readable, and another one for every other `name`."""
    readable = re.sub(r"[^A-Za-z0-9]+", "_", PurePosixPath(name).stem).strip("_")[:40] or "video"
    return f"{readable}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
