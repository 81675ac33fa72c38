"""One name and one link for a YouTube video, however a list spells its link."""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

_HOSTS: Final = re.compile(r"(www\.|m\.|music\.)?youtube(-nocookie)?\.com")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{11}")


def video_of(url: str) -> str | None:
    """The id of the YouTube video that a link names, or None."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removesuffix(".")
    except ValueError:
        return None
    folders = parts.path.strip("/").split("/")
    found = ""
    if host == "youtu.be":
        found = folders[0]
    elif _HOSTS.fullmatch(host):
        if folders[0] in ("embed", "shorts", "live", "v") and len(folders) > 1:
            found = folders[1]
        elif folders == ["watch"]:
            found = parse_qs(parts.query).get("v", [""])[0]
    return found if parts.scheme in ("http", "https") and _ID.fullmatch(found) else None


def watch_page(video: str) -> str:
    return f"https://www.youtube.com/watch?v={video}"
