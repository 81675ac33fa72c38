"""What the ledger's statuses mean, which of them pass by themselves, and the error that carries one."""

from typing import Final

MEANING: Final = {
    "ok": "fetched whole, and every frame of it can be decoded",
    "private": "for its owner or for members only; cookies of an account that may see it help (fetch.net.cookies)",
    "removed": "no longer there",
    "blocked": "the site turns us away for now; the rest of it was left alone. Go on later, and slower (fetch.net)",
    "geo": "not shown in this country",
    "age": "only for those who prove their age; cookies of such an account help (fetch.net.cookies)",
    "unsupported": "the downloader finds no video behind the link; a newer yt-dlp may",
    "too_large": "larger, longer or of more pixels than params allow (fetch.max_mib, max_minutes, max_pixels)",
    "timeout": "the site did not answer, or stalled",
    "corrupt": "came whole, but cannot be decoded",
    "no_video": "something else than a finished video: a web page, sound alone, a live broadcast",
    "refused": "a link that must not be followed, or one that leads to such a place",
    "missing": "a file that is not where it was when the source was scanned",
}
# These are tried again by the next run that fetches, with back-off. Others only when a person asks for it.
PASSING: Final = ("blocked", "timeout")


class NotFetchedError(Exception):
    """Why there is no video, as a status of the ledger and a reason. `again`: it may help to wait a little, at least
    `wait_s` seconds where the site says how long."""

    def __init__(self, status: str, reason: str, *, again: bool = False, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.status, self.reason, self.again, self.wait_s = status, reason, again, wait_s
