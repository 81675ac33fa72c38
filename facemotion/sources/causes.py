"""Why a download failed, as a status of the ledger: told by yt-dlp's own errors, the site's answer, and, where it says
no more, its words."""

import errno
import http.client
import re
from collections.abc import Iterator
from typing import Any, Final

from yt_dlp.networking.exceptions import HTTPError, ProxyError, TransportError
from yt_dlp.utils import ContentTooShortError, ExtractorError, GeoRestrictedError, UnsupportedError, UserNotLive

from facemotion.errors import FacemotionError
from facemotion.sources.guard import AstrayError, Stop
from facemotion.sources.statuses import NotFetchedError

# What sites say, first match wins: a block often speaks of signing in, and a private video of being unavailable.
WORDS: Final = (
    ("blocked", r"not a bot|captcha|rate.?limit|too many requests|unusual traffic|try again later|cloudflare"),
    ("age", r"your age|age.?restrict|age.?verif|inappropriate for some users|age.?gate"),
    ("geo", r"(your|this) (country|region|location|territory)|geo.?(restrict|block)|certain countries"),
    ("private", r"private|members.?only|member'?s|join this channel|log ?in|sign in|an account|password"
                r"|registered users|subscri|purchase|payment|requires? .*(premium|cookies)|permission"),
    ("unsupported", r"\bdrm\b|drm.protect"),
    ("no_video", r"premiere|upcoming|will begin|live event|offline|no video (formats|could be found)"
                 r"|requested format is not available"),
    ("removed", r"removed|deleted|terminat|closed|no longer|not exist|not found|unavailable|not available"
                r"|been taken down|expired|copyright"),
)  # fmt: skip
HTTP_STATUS: Final = {
    401: "private", 402: "private", 403: "blocked", 404: "removed", 408: "timeout", 410: "removed", 425: "timeout",
    429: "blocked", 451: "geo",
}  # fmt: skip
BROKEN: Final = (
    (r"http error (\d+)", "the server is in trouble"),
    (r"timed? ?out", "no answer in time"),
    (r"refused", "the connection was refused"),
    (r"getaddrinfo|name or service|name resolution|nodename|resolve", "its name leads nowhere, or there is no network"),
    (r"certificate|ssl", "its certificate cannot be trusted"),
    (r"", "the connection broke off"),
)
BROKEN_OFF: Final = "[download] Got error:"  # of a transfer; yt-dlp keeps the words alone
LONGEST: Final = 300  # characters of a reason


def cause_of(error: BaseException) -> NotFetchedError:
    """What goes into the ledger. A full disk and the like is nobody's fault but ours: that is raised."""
    chain = list(_chain(error))
    for one in chain:
        match one:
            case NotFetchedError():
                return one
            case Stop():
                return NotFetchedError(one.status, one.reason)
            case AstrayError():
                return NotFetchedError("refused", str(one.msg))
            case OSError() if one.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
                raise one
            case ProxyError():
                raise FacemotionError(f"the proxy does not work ({_plain(one)}); see fetch.net.proxy in params.yaml")
            case GeoRestrictedError():
                return NotFetchedError("geo", _plain(one))
            case UnsupportedError():
                return NotFetchedError("unsupported", "yt-dlp finds no video behind the link")
            case UserNotLive():
                return NotFetchedError("no_video", "a live channel")
            case HTTPError():
                return _answered(one)
    for one in chain:
        match one:
            case TransportError() | ContentTooShortError() | http.client.HTTPException() | OSError():
                return _broken(_plain(one))
    words = _plain(next((one for one in chain if isinstance(one, ExtractorError)), chain[-1]))
    if words.startswith(BROKEN_OFF):
        return _broken(words)
    return _said(words)


def _answered(error: Any) -> NotFetchedError:
    reason = f"HTTP {error.status} {error.reason or ''}".strip()
    if error.redirect_loop:
        return NotFetchedError("no_video", "it redirects in a circle")
    if 300 <= error.status < 400:
        return NotFetchedError("refused", f"{reason}: it redirects where no link may lead")
    status = HTTP_STATUS.get(error.status, "timeout" if error.status >= 500 else "unsupported")
    told = str(error.response.get_header("Retry-After", ""))
    wait = float(told) if told.isdecimal() else 0.0
    return NotFetchedError(status, reason, again=error.status == 429 or status == "timeout", wait_s=wait)


def _broken(words: str) -> NotFetchedError:
    """Without the counts and addresses in such words: the ledger must not change with luck."""
    reason = next((reason for pattern, reason in BROKEN if re.search(pattern, words, re.IGNORECASE)), BROKEN[-1][1])
    return NotFetchedError("timeout", reason, again=True)


def _said(words: str) -> NotFetchedError:
    for status, pattern in WORDS:
        if re.search(pattern, words, re.IGNORECASE):
            return NotFetchedError(status, words)
    return NotFetchedError("unsupported", words)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and whatever caused it, outermost first; yt-dlp keeps causes in several places."""
    waiting: list[Any] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [(getattr(one, "exc_info", None) or (None, None))[1], getattr(one, "cause", None)]
        waiting += [one.__cause__, one.__context__]


def _plain(error: BaseException) -> str:
    """The same words for the same cause: no colours, tracebacks, advice for yt-dlp's own command line."""
    words = str(getattr(error, "orig_msg", "") or getattr(error, "msg", "") or error) or type(error).__name__
    words = re.sub(r"\x1b\[[0-9;]*m", "", words)
    words = re.split(r"\(caused by |; please report this issue|\. Use --| Use --|See  ?https?://", words)[0]
    words = re.sub(r"<[^<>]* object at 0x[0-9a-f]+>:? ?", "", words)
    return " ".join(words.removeprefix("ERROR: ").split())[:LONGEST]
