"""Which of the formats that a site offers to take: the smallest that holds the face at the wanted size."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

# What yt-dlp fetches itself, over plain requests; others want external programs.
PROTOCOLS: Final = ("https", "http", "http_dash_segments", "m3u8_native", "m3u8")
CODECS: Final = ("avc", "h264", "vp9", "vp09", "av01", "hev", "hvc")  # of equal size, the first: fastest to decode

Format = Mapping[str, Any]


def choose(formats: Sequence[Format], lines: int, *, audio: bool) -> Format | None:
    """The format to take, or None. Without `audio` one that has none is preferred, with it only one that has it, if
    there is any."""
    fit = [one for one in formats if _usable(one)]
    if audio:
        fit = [one for one in fit if one.get("acodec") != "none"] or fit
    return min(fit, key=lambda one: _rank(one, lines, audio), default=None)


def _usable(one: Format) -> bool:
    """Pictures that move; a format that says nothing of itself may have them."""
    return (
        one.get("vcodec") != "none"
        and one.get("protocol") in PROTOCOLS
        and not one.get("has_drm")
        and one.get("ext") not in ("mhtml", "jpg", "png", "webp")
    )


def _rank(one: Format, lines: int, audio: bool) -> tuple[Any, ...]:
    sides = [side for side in (one.get("width"), one.get("height")) if side]
    own = min(sides, default=0)
    codec = str(one.get("vcodec") or "")
    return (
        own < lines,  # too small only where there is nothing else, and then the largest
        own if own >= lines else -own,
        (one.get("fps") or 0) > 30,
        bool(one.get("acodec") not in ("none", None)) and not audio,
        next((place for place, name in enumerate(CODECS) if codec.startswith(name)), len(CODECS)),
        PROTOCOLS.index(one["protocol"]),
        -(one.get("tbr") or 0.0),  # of the same lines, the better picture
        str(one.get("format_id")),
    )
