"""The formats of lists by `source.kind`, and which of them a file or folder is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from facemotion.config import LIST_KINDS, ListKind
from facemotion.errors import FacemotionError
from facemotion.sources import celebvhq, hdtf, talkinghead, urls, voxceleb
from facemotion.sources.listed import lines
from facemotion.sources.separated import split

VIDEO_SUFFIXES: Final = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".gif")


@dataclass(frozen=True)
class Format:
    """`files` are all that the list consists of."""

    files: Callable[[Path], list[Path]]
    read: Callable[[Path], pl.DataFrame]


def _one_file(path: Path) -> list[Path]:
    if not path.is_file():
        raise FacemotionError(f"source.path: {path} is not a file; name the list in params.yaml")
    return [path]


FORMATS: Final[Mapping[ListKind, Format]] = {
    "voxceleb": Format(voxceleb.files, voxceleb.read),
    "celebvhq": Format(_one_file, celebvhq.read),
    "talkinghead": Format(talkinghead.files, talkinghead.read),
    "hdtf": Format(hdtf.files, hdtf.read),
    "urls": Format(_one_file, urls.read),
}


def format_of(kind: ListKind, path: Path) -> Format:
    if not path.exists():
        raise FacemotionError(
            f"source.path: there is no {path}; put the list there or name another place in params.yaml"
        )
    return FORMATS[kind]


def guess(path: Path) -> str:
    """The kind of a list: of a folder by what lies in it, of a file by its name and first line."""
    kind = _of_folder(path) if path.is_dir() else _of_file(path)
    if kind is None:
        raise FacemotionError(
            f"{path} looks like no list there is; say what it is by --kind {'|'.join(LIST_KINDS)}|folder"
        )
    return kind


def _of_folder(path: Path) -> str | None:
    for file in path.rglob("*"):
        if file.name.endswith(hdtf.LINKS):
            return "hdtf"
        if file.name.endswith(talkinghead.SUFFIX):
            return "talkinghead"
        if file.suffix == ".txt" and len(file.relative_to(path).parts) > 2:
            return "voxceleb"
        if file.suffix.lower() in VIDEO_SUFFIXES:
            return "folder"
    return None


def _of_file(path: Path) -> ListKind | None:
    if not path.is_file():
        raise FacemotionError(f"there is no {path}")
    if path.suffix.lower() == ".json":
        return "celebvhq"
    first = next((text for _, text in lines(path) if not text.startswith("#")), "")
    fields = split(first.lower())
    if {"video_id", "bbox"} <= set(fields):
        return "voxceleb"
    if "url" in fields or first.startswith(("http://", "https://")):
        return "urls"
    return "talkinghead" if len(fields) == 9 and all(field.isdigit() for field in fields[1:]) else None
