"""Videos from a server that serves well and badly: each link gets the right row, politely, and nothing is lost."""

import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from media_server import MediaServer, serving

from facemotion import video
from facemotion.config import Net
from facemotion.sources import sites
from facemotion.sources.store import Note, Store, Wish
from facemotion.video_writer import Writer

NET = Net(
    sites=4, sleep_s=0.0, jitter_s=0.0, request_sleep_s=0.0, rate_kib_s=1e6, timeout_s=5.0, least_kib_s=1.0,
    stall_s=1.0, attempts=3, backoff_s=0.0, again_s=3600.0, cookies=None, proxy=None,
)  # fmt: skip
LIMITS = video.Limits(max_bytes=4 << 20, max_seconds=60, max_pixels=1920 * 1080)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    rng = np.random.default_rng(0)
    with Writer(path, fps=Fraction(25), width=160, height=120, crf=23, preset="ultrafast") as writer:
        for _ in range(25):
            writer.write(np.kron(rng.integers(0, 256, (15, 20, 3)), np.ones((8, 8, 1))).astype(np.uint8))
    return path.read_bytes()


@pytest.fixture
def server(media: bytes) -> Iterator[MediaServer]:
    with serving(media) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Store:
    return Store(tmp_path / "downloads")


def fetch(urls: Sequence[str], home: Store, *, allow_local: bool = True, **net: Any) -> list[Note]:
    errand = sites.Errand(home, NET.model_copy(update=net), LIMITS, allow_local, None)
    return sites.fetch_all([Wish(url, 720, False) for url in urls], errand, lambda: None)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("good/a.mp4", "ok", ""),
        ("slow/a.mp4", "ok", ""),
        ("busy/a.mp4", "ok", ""),
        ("wonky/a.mp4", "ok", ""),
        ("redirect/a.mp4?to=/good/b.mp4", "ok", ""),
        ("short/a.mp4", "timeout", "the connection broke off"),
        ("silent/a.mp4", "corrupt", "the file"),
        ("stalled/a.mp4", "timeout", "slower than 1 KiB/s"),
        ("endless/a.mp4", "too_large", "fetch.max_mib"),
        ("large/a.mp4", "too_large", "fetch.max_mib"),
        ("vast/a", "too_large", "fetch.max_mib"),
        ("lying/a.mp4", "no_video", "web page"),
        ("page/a", "unsupported", "no video behind the link"),
        ("noise/a.mp4", "corrupt", "cannot be decoded"),
        ("401/a.mp4", "private", "HTTP 401"),
        ("403/a.mp4", "blocked", "HTTP 403"),
        ("404/a.mp4", "removed", "HTTP 404"),
        ("410/a.mp4", "removed", "HTTP 410"),
        ("429/a.mp4", "blocked", "HTTP 429"),
        ("451/a.mp4", "geo", "HTTP 451"),
        ("500/a.mp4", "timeout", "HTTP 500"),
        ("circle/a.mp4", "no_video", "in a circle"),
        ("redirect/a.mp4?to=file:///etc/passwd", "refused", "redirects"),
        ("redirect/a.mp4?to=ftp://127.0.0.1/a.mp4", "refused", "only http and https"),
    ],
)
def test_every_server_gives_the_right_row(server: MediaServer, home: Store, path: str, status: str, said: str) -> None:
    [note] = fetch([server.url(path)], home)
    assert (note.status, said in note.reason) == (status, True), note
    assert (note.facts is not None) == (status == "ok")
    if status == "ok":
        assert (home.folder / note.file).read_bytes() == server.media
    if status not in ("ok", "blocked", "timeout"):
        assert home.files(Wish(server.url(path), 720, False)) == []  # nothing is left lying about


def test_a_server_that_breaks_off_is_asked_for_the_rest(server: MediaServer, home: Store) -> None:
    [note] = fetch([server.url("truncated/a.mp4")], home, attempts=6)
    assert note.status == "ok"
    assert (home.folder / note.file).read_bytes() == server.media
    assert len(server.ranges) >= 2


def test_a_broken_start_is_not_kept(server: MediaServer, home: Store) -> None:
    wish = Wish(server.url("good/a.mp4"), 720, False)
    (home.folder / f"{wish.key}.mp4.part").write_bytes(bytes(1000))
    [note] = fetch([wish.url], home)
    assert server.ranges == ["bytes=1000-"]
    assert (home.folder / note.file).read_bytes() == server.media


def test_what_is_known_is_not_asked_for_again(server: MediaServer, home: Store) -> None:
    urls = [server.url(path) for path in ("good/a.mp4", "404/a.mp4", "noise/a.mp4", "500/a.mp4")]
    first = fetch(urls, home)
    asked = len(server.asked)
    assert fetch(urls, home) == first
    assert len(server.asked) == asked  # the one that may pass waits
    assert fetch([urls[3]], home, again_s=0.0)[0].attempts == 2
    assert home.forget({"removed"}) == 1
    fetch(urls, home)
    assert server.count("404/a.mp4") > 1
    assert server.count("good/a.mp4") == 2  # its page, and itself


def test_a_larger_picture_is_fetched_when_it_is_wanted(server: MediaServer, home: Store) -> None:
    url = server.url("good/a.mp4")
    fetch([url], home)
    assert home.decided(Wish(url, 360, False), 0.0) is not None
    assert home.decided(Wish(url, 1080, False), 0.0) is None
    assert home.decided(Wish(url, 720, True), 0.0) is None


def test_a_block_ends_a_sites_fetching_and_keeps_what_is_there(server: MediaServer, home: Store) -> None:
    with serving(server.media) as other:
        urls = [server.url(path) for path in ("good/a.mp4", "403/b.mp4", "good/c.mp4")] + [other.url("good/d.mp4")]
        notes = fetch(urls, home)
    assert [note.status for note in notes] == ["ok", "blocked", "blocked", "ok"]
    assert notes[2].reason.startswith("not tried: 127.0.0.1")
    assert not server.count("good/c.mp4")
    assert home.note(Wish(urls[2], 720, False)) is None  # so that the next run tries it
    assert (home.folder / notes[0].file).read_bytes() == server.media


def test_a_dead_site_is_left_alone_after_some_time(server: MediaServer, home: Store) -> None:
    notes = fetch([server.url(f"500/{k}.mp4") for k in range(7)], home, attempts=1)
    assert {note.status for note in notes} == {"timeout"}
    assert notes[6].reason.startswith("not tried")


def test_a_site_sees_one_connection_and_pauses(server: MediaServer, home: Store) -> None:
    started = time.monotonic()
    notes = fetch([server.url(f"404/{k}.mp4") for k in range(4)], home, sleep_s=0.2, jitter_s=0.1)
    assert {note.status for note in notes} == {"removed"}
    assert server.together == 1
    assert time.monotonic() - started >= 0.6  # a slow machine only takes longer


def test_one_link_under_two_names_is_fetched_once(server: MediaServer, home: Store) -> None:
    first, second = fetch([server.url("good/a.mp4")] * 2, home)
    assert first == second
    assert server.count("good/a.mp4") == 2


def test_cookies_are_sent_and_their_file_is_left_alone(server: MediaServer, home: Store, tmp_path: Path) -> None:
    jar = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tmember\tyes\n"
    errand = sites.Errand(home, NET, LIMITS, True, jar)
    [note] = sites.fetch_all([Wish(server.url("member/a.mp4"), 720, False)], errand, lambda: None)
    assert note.status == "ok"


AWAY = (
    "http://169.254.169.254/latest/a.mp4",
    "http://127.0.0.1/a.mp4",
    "http://[::1]/a.mp4",
    "http://2130706433/a.mp4",
)


@pytest.mark.parametrize("to", AWAY)
def test_redirects_lead_nowhere_near_this_machine(server: MediaServer, home: Store, to: str) -> None:
    """The server is the proxy, which may be local, and answers for a public host."""
    proxy = f"http://127.0.0.1:{server.port}"
    [note] = fetch([f"http://videos.example.com/redirect/a.mp4?to={to}"], home, allow_local=False, proxy=proxy)
    assert (note.status, "it redirects" in note.reason) == ("refused", True)
    assert server.asked == ["GET /redirect/a.mp4"]


def test_a_proxy_is_used(server: MediaServer, home: Store) -> None:
    proxy = f"http://127.0.0.1:{server.port}"
    [note] = fetch(["http://videos.example.com/good/a.mp4"], home, allow_local=False, proxy=proxy)
    assert note.status == "ok"


def test_a_public_name_of_a_local_address_is_refused(
    server: MediaServer, home: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no name server to ask here: names are looked up in our place."""
    import socket

    def looked_up(host: str, port: int, *_: object, **__: object) -> list[object]:
        assert host == "videos.example.com"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    [note] = fetch(["http://videos.example.com/good/a.mp4"], home, allow_local=False)
    assert (note.status, "videos.example.com is 127.0.0.1" in note.reason) == ("refused", True)
    assert server.asked == []
