"""Pictures of a stage's work for a person to check: an out of the stage, and part of its record."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from facemotion import layout
from facemotion.files import fresh_folder, write_bytes
from facemotion.ingest.sheets import jpeg
from facemotion.video import Image
from stages.harness import Notes

MOST: Final = 6  # videos of which a sheet is drawn


def save(notes: Notes, pictures: Iterable[tuple[str, Image]]) -> Path:
    """Write named pictures into the stage's folder, which exists even where there is none."""
    folder = fresh_folder(layout.pictures(notes.name))
    for name, image in pictures:
        write_bytes(folder / f"{name}.jpg", jpeg(image))
        notes.keep(folder / f"{name}.jpg")
    return folder
