"""Videos from a server that serves well and badly: each link gets the right row, politely, and nothing is lost."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from media_server import MediaServer, serving

from facemotion import config, video
from facemotion.config import Net
from facemotion.sources import sites, store
from facemotion.sources.store import Note, Store, Wish

NET = Net(
    sites=4, sleep_s=0.0, jitter_s=0.0, request_sleep_s=0.0, rate_kib_s=1e6, timeout_s=5.0, least_kib_s=1.0, stall_s=1.0,
    attempts=3, backoff_s=0.0, again_s=3600.0, cookies=None, proxy=None,
)  # fmt: skip
LIMITS = video.Limits(max_bytes=4 << 20, max_seconds=60, max_pixels=1920 * 1080)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    rng = np.random.default_rng(0)
    with video.Writer(path, fps=25, width=160, height=120, crf=23, preset="ultrafast") as writer:
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
        ("short/a.mp4", "timeout", "bytes"),
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
