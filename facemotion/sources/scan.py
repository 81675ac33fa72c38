"""What a source holds now, written to data/source.json: a dep of plan, since DVC cannot see a folder growing."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facemotion import layout
from facemotion.config import Source
from facemotion.errors import FacemotionError
from facemotion.files import write_json

VIDEO_SUFFIXES: Final = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".gif")


@dataclass(frozen=True)
class Listing:
    """The files of a source: path relative to the source's folder -> size in bytes."""

    kind: str
    path: str
    files: dict[str, int]


def scan(source: Source) -> Listing:
    """Look at the source. A rendered one holds no files."""
    if source.kind == "synthetic":
        return Listing(source.kind, "", {})
    assert source.path is not None  # the settings see to it
    home = Path(source.path).expanduser()
    if not home.is_dir():
        raise FacemotionError(
            f"source.path: {home} is not a folder; put your videos there or name another in params.yaml"
        )
    found = [
        path
        for path in home.rglob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file() and not path.name.startswith(".")
    ]
    return Listing(source.kind, source.path, {p.relative_to(home).as_posix(): p.stat().st_size for p in sorted(found)})


def save(listing: Listing) -> None:
    write_json(layout.SOURCE, {"kind": listing.kind, "path": listing.path, "files": listing.files})


def load(source: Source) -> Listing:
    """The last scan, which must be one of this source."""
    try:
        content = json.loads(layout.SOURCE.read_text(encoding="utf-8"))
        listing = Listing(content["kind"], content["path"], dict(content["files"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FacemotionError(f"{layout.SOURCE} cannot be read ({error}); run `facemotion source scan`") from error
    if (listing.kind, listing.path) != (source.kind, source.path or ""):
        raise FacemotionError(
            f"{layout.SOURCE} lists {listing.kind} {listing.path}, params.yaml names {source.kind} {source.path}; "
            "run `facemotion source scan`"
        )
    return listing


def changes(before: Listing, now: Listing) -> tuple[list[str], list[str]]:
    """Files that came (or changed size), and files that went."""
    came = sorted(name for name, size in now.files.items() if before.files.get(name) != size)
    return came, sorted(set(before.files) - set(now.files))
