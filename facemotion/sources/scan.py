"""What a source holds now, written to data/source.json: a dep of plan, since DVC sees no folder and no list growing."""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from facemotion import layout
from facemotion.config import LIST_KINDS, Source
from facemotion.errors import FacemotionError
from facemotion.files import file_digest, write_json
from facemotion.sources.formats import VIDEO_SUFFIXES, format_of


@dataclass(frozen=True)
class Listing:
    """The files of a source, relative to its folder: videos with their sizes in bytes, lists with their digests."""

    kind: str
    path: str
    files: dict[str, int | str]


def scan(source: Source) -> Listing:
    """Look at the source. A rendered one holds no files."""
    if source.kind == "synthetic":
        return Listing(source.kind, "", {})
    assert source.path is not None  # the settings see to it
    home = Path(source.path).expanduser()
    if source.kind in LIST_KINDS:
        return Listing(source.kind, source.path, _digests(home, format_of(source.kind, home).files(home)))
    if not home.is_dir():
        raise FacemotionError(
            f"source.path: {home} is not a folder; put your videos there or name another in params.yaml"
        )
    found = [
        path
        for path in home.rglob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file() and not path.name.startswith(".")
    ]
    return Listing(source.kind, source.path, {_name(p, home): p.stat().st_size for p in sorted(found)})


def _digests(home: Path, files: list[Path]) -> dict[str, int | str]:
    """Of a list's files; of a tree of many, of the folders two above them: VoxCeleb has a million utterances."""
    parts = defaultdict(list)
    for file in files:
        within = file.relative_to(home)
        parts[_name(file if len(within.parts) < 3 else file.parents[1], home)].append(file)
    return {
        name: file_digest(own[0])
        if own[0].relative_to(home).as_posix() in (name, ".")
        else hashlib.sha256("\n".join(f"{_name(f, home)} {file_digest(f)}" for f in sorted(own)).encode()).hexdigest()
        for name, own in sorted(parts.items())
    }


def _name(path: Path, home: Path) -> str:
    """Bytes that are no text become a mark; the plan refuses what has it."""
    name = path.name if path == home else path.relative_to(home).as_posix()
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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


def load_unchanged(source: Source) -> Listing:
    """The last scan, where the source still is as it was; a list is read after it."""
    listing = load(source)
    if scan(source) != listing:
        raise FacemotionError(f"{source.path} has changed since it was scanned; run `facemotion source scan`")
    return listing


def changes(before: Listing, now: Listing) -> tuple[list[str], list[str]]:
    """Files that came (or changed), and files that went."""
    came = sorted(name for name, content in now.files.items() if before.files.get(name) != content)
    return came, sorted(set(before.files) - set(now.files))
