"""A folder of a person's own videos: person/video.ext, or video.ext; whole videos, without boxes."""

from collections.abc import Iterable
from pathlib import PurePosixPath

import polars as pl

from facemotion.sources.listed import LISTED, listed


def read(home: str, names: Iterable[str]) -> pl.DataFrame:
    """`names`: paths of the videos within `home`."""
    rows = [
        {
            "place": name,
            "video": name,
            "location": f"{home}/{name}",
            "person": _person(name),
            "problem": "its name is no proper text; rename the file" if "\N{REPLACEMENT CHARACTER}" in name else None,
        }
        for name in sorted(names)
    ]
    return listed(
        pl.DataFrame(rows, schema={name: LISTED[name] for name in ("place", "video", "location", "person", "problem")})
    )


def _person(name: str) -> str:
    path = PurePosixPath(name)
    return path.parts[0] if len(path.parts) > 1 else name
