"""What a download may reach and take, put under yt-dlp's own requests: public hosts alone, wherever a redirect or a
name leads, and no more bytes and patience than allowed."""

import http.client
import io
import time
import urllib.request
import urllib.response
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from yt_dlp.networking import _urllib
from yt_dlp.networking._urllib import UrllibResponseAdapter, UrllibRH
from yt_dlp.networking.exceptions import RequestError
from yt_dlp.utils import DownloadCancelled

from facemotion.sources.links import local_address, refused

PAGE: Final = 32 << 20  # bytes; a page or a playlist is smaller, and is held in memory
PIECE: Final = 1 << 16


class Stop(DownloadCancelled):  # type: ignore[misc]
    """Ends a download for a reason of ours; yt-dlp lets it through wherever it is raised."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class AstrayError(RequestError):  # type: ignore[misc]
    """The way leads where it must not. Of this kind, since yt-dlp's handlers swallow others."""


@dataclass
class Meter:
    """Counts what a download takes; only time spent waiting for bytes counts as time."""

    max_bytes: int
    least_rate: float  # bytes a second
    stall_s: float  # so long it may be slower than that
    interrupted: Callable[[], bool]
    taken: int = 0
    waited: float = 0.0
    came: int = 0

    def expect(self, size: int) -> None:
        if self.taken + size > self.max_bytes:
            raise Stop("too_large", f"more than fetch.max_mib ({self.max_bytes / 2**20:g} MiB)")

    def count(self, size: int, seconds: float) -> None:
        if self.interrupted():
            raise Stop("timeout", "interrupted")
        self.expect(size)
        self.taken, self.came, self.waited = self.taken + size, self.came + size, self.waited + seconds
        if self.waited >= self.stall_s:
            if self.came < self.least_rate * self.waited:
                raise Stop("timeout", f"slower than {self.least_rate / 1024:g} KiB/s for {self.stall_s:g} s")
            self.waited, self.came = 0.0, 0


class GuardedRH(UrllibRH):  # type: ignore[misc]
    """yt-dlp's handler of requests, with a guard on where they lead and a meter on what comes."""

    _SUPPORTED_URL_SCHEMES = ("http", "https", "data")

    def __init__(self, *, allow_local: bool, meter: Meter, **settings: Any) -> None:
        super().__init__(**settings)
        self._allow_local, self._meter = allow_local, meter

    def _create_instance(self, proxies: Any, cookiejar: Any, legacy_ssl_support: Any = None) -> Any:
        opener = urllib.request.OpenerDirector()
        context = self._make_sslcontext(legacy_ssl_support=legacy_ssl_support)
        for handler in (
            _urllib.ProxyHandler(proxies),
            _GuardedHTTPHandler(self._allow_local, context=context, source_address=self.source_address),
            _urllib.HTTPCookieProcessor(cookiejar),
            _urllib.DataHandler(),
            _urllib.UnknownHandler(),
            _urllib.HTTPDefaultErrorHandler(),
            _urllib.HTTPErrorProcessor(),
            _GuardedRedirectHandler(self._allow_local),
        ):
            opener.add_handler(handler)
        opener.addheaders = []
        return opener

    def _prepare_headers(self, request: Any, headers: Any) -> None:
        headers.setdefault("Accept-Encoding", "gzip, deflate")

    def _send(self, request: Any) -> Any:
        check_way(request.url, self._allow_local)
        return _MeteredResponse(super()._send(request), self._meter)


def check_way(url: str, allow_local: bool) -> None:
    """Only the host is looked at: addresses of media are longer and odder than those in lists."""
    parts = urlsplit(url)
    if parts.scheme != "data" and (why := refused(f"{parts.scheme}://{parts.netloc}/", allow_local)):
        raise AstrayError(why)


class _GuardedHTTPHandler(_urllib.HTTPHandler):  # type: ignore[misc]
    def __init__(self, allow_local: bool, **settings: Any) -> None:
        super().__init__(**settings)
        self._allow_local = allow_local

    def _make_conn_class(self, base: Any, req: Any) -> Any:
        # Through a proxy it is the proxy that looks names up; the proxy itself may well be local.
        proxied = "Ytdl-socks-proxy" in req.headers or req._tunnel_host is not None or req.has_proxy()
        made = _urllib.HTTPHandler._make_conn_class(base, req)
        return made if proxied or self._allow_local else _public_only(made)

    def http_response(self, req: Any, response: Any) -> Any:
        if response.headers.get("Content-encoding"):
            packed = response.read(PAGE + 1)
            if len(packed) > PAGE:
                raise AstrayError("a page without end")
            whole = urllib.response.addinfourl(io.BytesIO(packed), response.headers, response.url, response.code)
            whole.msg = response.msg  # type: ignore[attr-defined]
            response = whole
        return super().http_response(req, response)

    https_response = http_response

    @staticmethod
    def gz(data: bytes) -> bytes:
        return _unpacked(data, zlib.MAX_WBITS | 16)

    @staticmethod
    def deflate(data: bytes) -> bytes:
        try:
            return _unpacked(data, -zlib.MAX_WBITS)
        except zlib.error:
            return _unpacked(data, zlib.MAX_WBITS)


def _unpacked(data: bytes, wbits: int) -> bytes:
    if not data:
        return data
    whole = zlib.decompressobj(wbits).decompress(data, PAGE + 1)
    if len(whole) > PAGE:
        raise AstrayError("a page without end")
    return whole


class _GuardedRedirectHandler(_urllib.RedirectHandler):  # type: ignore[misc]
    def __init__(self, allow_local: bool) -> None:
        self._allow_local = allow_local

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: str) -> Any:
        try:
            check_way(newurl, self._allow_local)
        except AstrayError as error:
            raise AstrayError(f"it redirects, and {error.msg}") from None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _public_only(base: type[http.client.HTTPConnection]) -> type[http.client.HTTPConnection]:
    """A connection that is given up before anything is said over it, where a public name leads to a local address."""

    class PublicOnly(base):  # type: ignore[misc, valid-type]
        def connect(self) -> None:
            super().connect()
            peer = self.sock.getpeername()[0]
            if local_address(peer):
                self.close()
                raise AstrayError(f"the link leads to this machine or its own network ({self.host} is {peer})")

    return PublicOnly


class _MeteredResponse(UrllibResponseAdapter):  # type: ignore[misc]
    """A response that is read piece by piece as it arrives, so that one that drips is noticed."""

    def __init__(self, plain: Any, meter: Meter) -> None:
        super().__init__(plain.fp)
        self._plain, self._meter = plain, meter  # kept: it closes the stream when it goes
        length = str(self.headers.get("Content-Length") or "")
        self._length = int(length) if length.isdecimal() else 0

    def read(self, amt: int | None = None) -> bytes:
        self._meter.expect(self._length)
        self._length = 0
        pieces, size, most = [], 0, PAGE + 1 if amt is None else amt
        while size < most and (piece := self._piece(min(most - size, PIECE))):
            pieces.append(piece)
            size += len(piece)
        if amt is None and size > PAGE:
            raise Stop("no_video", "a page without end")
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        started = time.monotonic()
        if self.closed or not isinstance(self.fp, http.client.HTTPResponse):
            piece: bytes = super().read(size)  # in memory already
        else:
            try:
                piece = self.fp.read1(size)
            except Exception as error:
                _urllib.handle_response_read_exceptions(error)
                raise
        self._meter.count(len(piece), time.monotonic() - started)
        return piece
