"""HDTF's four lists a subset: links, stretches, crops and resolutions, joined by name; rows may lack a partner."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl

from facemotion.errors import FacemotionError
from facemotion.sources.listed import LISTED, lines, listed
from facemotion.sources.youtube import video_of, watch_page

LINKS: Final = "_video_url.txt"
_TIMES, _CROPS, _RESOLUTIONS = "_annotion_time.txt", "_crop_wh.txt", "_resolution.txt"  # the first is spelt so
_TIME: Final = r"(?:\d{1,3}:)?\d{1,3}:\d{1,2}(?:\.\d{1,6})?"

Named = dict[str, tuple[str, str]]  # place and the rest of the line, by name


def files(path: Path) -> list[Path]:
    found = sorted(file for suffix in (LINKS, _TIMES, _CROPS, _RESOLUTIONS) for file in path.rglob(f"*{suffix}"))
    if not any(file.name.endswith(LINKS) for file in found):
        raise FacemotionError(f"source.path: {path} holds no *{LINKS}; name the folder of HDTF's lists")
    return found


def read(path: Path) -> pl.DataFrame:
    rows = [row for file in files(path) if file.name.endswith(LINKS) for row in _subset(file)]
    return listed(pl.DataFrame(rows, schema=LISTED, orient="row"))


def _subset(file: Path) -> Iterator[dict[str, Any]]:
    prefix = file.name.removesuffix(LINKS)
    repeated: list[dict[str, Any]] = []
    links, times, crops, heights = (
        _named(file.with_name(prefix + suffix), repeated) for suffix in (LINKS, _TIMES, _CROPS, _RESOLUTIONS)
    )
    yield from repeated
    for name, (place, text) in times.items():
        for k, stretch in enumerate(text.split()):
            box = _box(crops.pop(f"{name}_{k}", ("", ""))[1], heights.get(name, ("", ""))[1])
            yield {"place": f"{place}, clip {k}", **_video(name, links), **box, **_times(stretch, name in links)}
    for name, (place, _) in links.items():
        if name not in times:
            yield {"place": place, **_video(name, links), "problem": "no stretch of time is told of this video"}
    for name, (place, _) in crops.items():
        yield {"place": place, "person": name, "problem": "no stretch of time is told of this crop"}


def _named(file: Path, repeated: list[dict[str, Any]]) -> Named:
    """Lines by the name they begin with, which may hold spaces where `.mp4` ends it or one field follows."""
    found: Named = {}
    for at, text in lines(file) if file.is_file() else ():
        name, _, rest = text.partition(".mp4") if ".mp4" in text and "://" not in text else _cut(file, text)
        name, place = name.strip(), f"{file.name}, line {at}"
        if name in found:
            repeated.append({"place": place, "person": name, "problem": "the name stands in an earlier line"})
        else:
            found[name] = place, rest.strip()
    return found


def _cut(file: Path, text: str) -> tuple[str, str, str]:
    """Name and rest of a line without `.mp4`: a link is its last field, everything else begins with the second."""
    return text.rpartition(" ") if file.name.endswith(LINKS) and "://" in text else text.partition(" ")


def _video(name: str, links: Named) -> dict[str, Any]:
    """People may have several videos: NAME_000, NAME_001."""
    link = links.get(name, ("", ""))[1]
    video = video_of(link)
    return {
        "person": re.sub(r"_\d{1,4}$", "", name),
        "video": video or link or name,
        "location": watch_page(video) if video else link,
    }


def _times(stretch: str, has_link: bool) -> dict[str, Any]:
    if not has_link:
        return {"problem": "no link is told of this video"}
    found = re.fullmatch(f"({_TIME})-({_TIME})", stretch)
    if found is None:
        return {"problem": "the stretch of time is not mm:ss-mm:ss"}
    return {"start_s": _seconds(found[1]), "end_s": _seconds(found[2])}


def _seconds(clock: str) -> float:
    total = 0.0
    for part in clock.split(":"):
        total = 60 * total + float(part)
    return total


def _box(crop: str, resolution: str) -> dict[str, float]:
    """None where it is not told of which frame it is a part."""
    numbers = re.fullmatch(r"(-?\d{1,6})\s+(\d{1,6})\s+(-?\d{1,6})\s+(\d{1,6})", crop)
    height = re.fullmatch(r"(?:\d{1,5}\s*[xX*]\s*)?(\d{2,5})\s*[pP]?", resolution)
    if numbers is None or height is None:
        return {}
    left, width, top, tall = map(float, numbers.groups())
    return {"left": left, "top": top, "right": left + width, "bottom": top + tall, "ref_height": float(height[1])}
