"""A server on the loopback address that serves videos well and badly, by path; it also answers as a proxy."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class MediaServer:
    """Paths: /good/NAME.mp4, and likewise truncated, cut, slow, stalled, endless, lying, page, busy, redirect?to=..."""

    media: bytes
    asked: list[str] = field(default_factory=list)  # "METHOD path" of every request
    ranges: list[str] = field(default_factory=list)
    healed: set[str] = field(default_factory=set)  # paths that are served well after all
    together: int = 0  # most requests in work at one time
    port: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def count(self, part: str) -> int:
        return sum(part in line for line in self.asked)


def _handler(server: MediaServer) -> type[BaseHTTPRequestHandler]:
    seen: Counter[str] = Counter()
    lock = threading.Lock()
    working = [0]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            with lock:
                working[0] += 1
                server.together = max(server.together, working[0])
            try:
                self.answer()
            except (BrokenPipeError, ConnectionResetError):
                pass  # they have heard enough
            finally:
                with lock:
                    working[0] -= 1

        do_HEAD = do_GET  # noqa: N815

        def answer(self) -> None:
            parts = urlsplit(self.path)  # a proxy is asked for whole links
            server.asked.append(f"{self.command} {parts.path}")
            kind = "good" if parts.path in server.healed else parts.path.strip("/").split("/")[0]
            seen[parts.path] += 1
            match kind:
                case "good":
                    self.video(server.media)
                case "plain":
                    self.video(server.media, ranges=False)
                case "silent":  # neither its length nor ranges are told
                    self.video(server.media[: len(server.media) // 2], length=None, ranges=False)
                case "truncated":  # every answer breaks off, but ranges are served
                    self.video(server.media, at_most=len(server.media) // 3)
                case "short":  # every answer breaks off, always from the start
                    self.video(server.media, at_most=len(server.media) // 3, ranges=False)
                case "slow":
                    self.video(server.media, piece=len(server.media) // 20, pause=0.05)
                case "stalled":
                    self.video(server.media, piece=10, pause=0.05)
                case "endless":
                    self.endless("video/mp4", server.media)
                case "vast":  # a page without end
                    self.endless("text/html", b"<html><body>" + b"<p>more</p>" * 5000)
                case "large":
                    self.send("200 OK", "video/mp4", b"", length=1 << 40)
                case "lying":
                    self.send("200 OK", "video/mp4", b"<!DOCTYPE html><html><body>Log in</body></html>")
                case "page":
                    self.send("200 OK", "text/html", b"<!DOCTYPE html><html><body>Nothing here</body></html>")
                case "noise":
                    self.send("200 OK", "video/mp4", bytes(range(256)) * 64)
                case "busy":  # the first time
                    if seen[parts.path] > 1:
                        self.video(server.media)
                    else:
                        self.send("429 Too Many Requests", "text/plain", b"", headers={"Retry-After": "0"})
                case "wonky":  # breaks down the first time
                    if seen[parts.path] > 1:
                        self.video(server.media)
                    else:
                        self.send("503 Service Unavailable", "text/plain", b"")
                case "redirect":
                    self.send("302 Found", "text/plain", b"", headers={"Location": parts.query.removeprefix("to=")})
                case "member":
                    if "member=yes" in self.headers.get("Cookie", ""):
                        self.video(server.media)
                    else:
                        self.send("401 Unauthorized", "text/plain", b"")
                case "circle":
                    self.send("302 Found", "text/plain", b"", headers={"Location": self.path})
                case status if status.isdecimal():
                    self.send(f"{status} No", "text/plain", b"")
                case _:
                    self.send("404 Not Found", "text/plain", b"")

        def video(
            self, body: bytes, *, length: int | None = -1, at_most: int | None = None, ranges: bool = True,
            piece: int | None = None, pause: float = 0.0,
        ) -> None:  # fmt: skip
            start, end, status, headers = 0, len(body), "200 OK", {}
            wanted = self.headers.get("Range", "")
            if ranges and wanted.startswith("bytes="):
                low, _, high = wanted.removeprefix("bytes=").partition("-")
                start, end = int(low), min(int(high) + 1, end) if high else end
                server.ranges.append(wanted)
                if start >= len(body):
                    self.send("416 Range Not Satisfiable", "text/plain", b"")
                    return
                status, headers = "206 Partial", {"Content-Range": f"bytes {start}-{end - 1}/{len(body)}"}
            told = None if length is None else end - start
            sent = body[start:end][:at_most]
            self.send(status, "video/mp4", sent, length=told, headers=headers, piece=piece, pause=pause)

        def endless(self, kind: str, body: bytes) -> None:
            self.send("200 OK", kind, b"", length=None)
            while True:
                self.wfile.write(body)

        def send(
            self, status: str, kind: str, body: bytes, *, length: int | None = -1,
            headers: dict[str, str] | None = None, piece: int | None = None, pause: float = 0.0,
        ) -> None:  # fmt: skip
            code, _, reason = status.partition(" ")
            self.send_response(int(code), reason)
            self.send_header("Content-Type", kind)
            if length is not None:
                self.send_header("Content-Length", str(len(body) if length < 0 else length))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            step = piece or max(len(body), 1)
            for at in range(0, len(body), step):
                self.wfile.write(body[at : at + step])
                time.sleep(pause)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def serving(media: bytes) -> Iterator[MediaServer]:
    server = MediaServer(media)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    server.port = http.server_port
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
