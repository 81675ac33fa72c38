"""One video, or the wanted parts of it, from the net into a folder, by yt-dlp as a library: no configuration but ours,
no plugins, no external programs, no shell; what came before a stop is gone on with."""

import io
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from yt_dlp import YoutubeDL
from yt_dlp.globals import plugin_dirs

from facemotion.config import Net
from facemotion.sources import causes, parts, site_formats
from facemotion.sources.guard import GuardedRH, Meter, Stop
from facemotion.sources.ranges import Link, NoRangesError, Ranges
from facemotion.sources.statuses import NotFetchedError
from facemotion.video_parts import Span

plugin_dirs.value = []  # those of the person's own yt-dlp

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What is taken at most, and whom one may ask."""

    max_bytes: int
    max_seconds: float
    allow_local: bool


def download(
    url: str,
    folder: Path,
    stem: str,
    *,
    lines: int,
    audio: bool,
    net: Net,
    limits: Limits,
    spans: Sequence[Span] | None = None,
    cookies: str | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Path:
    """The file, `folder`/`stem`.EXT, or NotFetchedError. What has come so far lies beside it as .part. Of `spans` it is
    only these parts where the site allows it, else all the same the whole."""
    meter = Meter(limits.max_bytes, net.least_kib_s * 1024, net.stall_s, interrupted)
    options = {
        **_quiet(),
        **_polite(net),
        "paths": {"home": str(folder.absolute())},
        "outtmpl": {"default": f"{stem}.%(ext)s"},
        "cachedir": str(folder / "cache"),
        "cookiefile": None if cookies is None else io.StringIO(cookies),  # a stream: yt-dlp writes them back
        "proxy": net.proxy,
        "format": partial(_selected, lines=lines, audio=audio),
        "match_filter": partial(_unwanted, max_seconds=limits.max_seconds),
        "noplaylist": True,
        "playlist_items": "1:2",  # enough to see that there are several
        "updatetime": False,
        "fixup": "never",
        "geo_bypass": False,  # a block is told, not worked around
        "external_downloader": {"default": "native"},
        "skip_unavailable_fragments": False,
    }
    try:
        with _Guarded(options, limits.allow_local, meter, spans) as downloader:
            info = downloader.extract_info(url, download=True)
        return downloader.parts or _file_of(info)
    except Exception as error:
        raise causes.cause_of(error) from error


class _Guarded(YoutubeDL):  # type: ignore[misc]
    """Sends every request through the guard: pages, playlists, fragments, media. Of files that can be read from any
    place it takes no more than the spans."""

    def __init__(
        self, options: Mapping[str, Any], allow_local: bool, meter: Meter, spans: Sequence[Span] | None
    ) -> None:
        self._handler = partial(GuardedRH, allow_local=allow_local, meter=meter)
        self._spans = spans
        self.parts: Path | None = None
        super().__init__(dict(options))

    def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
        return super().build_request_director([self._handler])

    def dl(self, name: str, info: Any, subtitle: bool = False, test: bool = False) -> Any:
        # What has begun to come whole goes on so.
        if self._spans and info.get("protocol") in ("http", "https") and not Path(f"{name}.part").exists():
            self.parts = self._taken(Path(name), info, self._spans)
        return (True, True) if self.parts is not None else super().dl(name, info, subtitle, test)

    def _taken(self, path: Path, info: Any, spans: Sequence[Span]) -> Path | None:
        rate, attempts = self.params["ratelimit"], self.params["fragment_retries"] + 1
        link = Link(info["url"], info.get("http_headers") or {}, self.urlopen, rate, attempts)
        try:
            with closing(Ranges(link)) as far:
                return parts.cut(far, path.parent, path.stem, spans)
        except NoRangesError:
            return None


def _quiet() -> dict[str, Any]:
    return {"quiet": True, "no_warnings": True, "noprogress": True, "color": "no_color", "logger": _Log()}


def _polite(net: Net) -> dict[str, Any]:
    """One connection at a time; retries are counted, and waited for, by the caller."""
    return {
        "retries": 0,
        "extractor_retries": 0,
        "fragment_retries": net.attempts - 1,
        "retry_sleep_functions": {"fragment": lambda n: net.backoff_s * 2**n},
        "concurrent_fragment_downloads": 1,
        "sleep_interval_requests": net.request_sleep_s,
        "socket_timeout": net.timeout_s,
        "ratelimit": net.rate_kib_s * 1024,
    }


class _Log:
    """yt-dlp's messages, for those who look for them with `--log debug`; what fails is raised as well."""

    def debug(self, message: str) -> None:
        log.debug("%s", message)

    warning = error = debug


def _selected(context: Mapping[str, Any], *, lines: int, audio: bool) -> Iterator[site_formats.Format]:
    chosen = site_formats.choose(context["formats"], lines, audio=audio)
    if chosen is not None:
        yield chosen


def _unwanted(info: Mapping[str, Any], *, incomplete: Any, max_seconds: float) -> None:
    if (info.get("n_entries") or 1) > 1:
        raise Stop("unsupported", "the link names several videos; list each one by itself")
    if info.get("is_live") or info.get("live_status") in ("is_live", "is_upcoming", "post_live"):
        raise Stop("no_video", "a live broadcast that has not ended")
    duration = info.get("duration")
    if duration and duration > max_seconds:
        raise Stop("too_large", f"lasts {duration / 60:.1f} minutes, more than {max_seconds / 60:g}")


def _file_of(info: Any) -> Path:
    entries = [entry for entry in info.get("entries") or () if entry] if info else []
    found = (entries[0] if entries else info or {}).get("requested_downloads") or []
    path = Path(found[0].get("filepath", "")) if found else Path()
    if not path.is_file():
        raise NotFetchedError("no_video", "the site names no file of it")
    return path
