"""Of a long video only the planned parts come; they are its own frames at its own times, whichever way they came."""

import io
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media_server import MediaServer, serving
from test_fetch_downloads import LIMITS, NET

from facemotion import config, video, video_parts
from facemotion.ingest.shots import ShotJob, shots_of
from facemotion.sources import ranges, sites, wanted
from facemotion.sources.statuses import NotFetchedError
from facemotion.sources.store import Note, Store, Wish
from facemotion.video import Reader
from facemotion.video_writer import Writer, has_encoder

SECONDS, FPS = 40, Fraction(25)
SPANS = ((12.0, 14.4), (31.0, 33.0))
SHOTS = config.Shots(threshold=3.0, min_change=10.0, min_seconds=0.6, margin_frames=2)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another picture for every second; a key frame about every two."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    rng = np.random.default_rng(0)
    with Writer(path, fps=FPS, width=160, height=120, crf=20, preset="ultrafast") as writer:
        for _ in range(SECONDS):
            still = np.kron(rng.integers(0, 256, (15, 20, 3)), np.ones((8, 8, 1)))
            for _ in range(int(FPS)):
                writer.write((still * 0.9 + rng.integers(0, 25, still.shape)).astype(np.uint8))
    return path


@pytest.fixture
def server(film: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MediaServer]:
    monkeypatch.setattr(ranges, "FIRST", 1 << 15)
    monkeypatch.setattr(ranges, "SKIP", 1 << 15)
    with serving(film.read_bytes()) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Store:
    return Store(tmp_path / "downloads")


def fetch(url: str, home: Store, spans: Any = SPANS, lines: int = 120) -> Note:
    errand = sites.Errand(home, NET, replace(LIMITS, max_bytes=16 << 20), True, None)
    [note] = sites.fetch_all([Wish(url, lines, False, spans)], errand, lambda: None)
    return note


def assert_frames_of(whole: Path, parts: Path) -> None:
    """Those of the spans under their own numbers."""
    full, part = Reader(whole), Reader(parts)
    assert part.info.fps == full.info.fps
    there = video_parts.kept(parts, part.info)
    assert there == [(round(start * FPS), round(end * FPS)) for start, end in SPANS]
    for start, end in there:
        for one, other in zip(full.frames(start, end), part.frames(start, end), strict=True):
            assert np.array_equal(one, other)


def test_only_the_parts_are_asked_for(server: MediaServer, home: Store, film: Path) -> None:
    note = fetch(server.url("good/a.mp4"), home)
    assert note.status == "ok", note
    assert_frames_of(film, home.folder / note.file)
    edges = [map(int, one.removeprefix("bytes=").split("-")) for one in server.ranges]
    assert sum(min(high + 1, len(server.media)) - low for low, high in edges) < len(server.media) / 2
    asked = len(server.asked)
    assert fetch(server.url("good/a.mp4"), home) == note
    assert len(server.asked) == asked


def test_a_whole_download_leaves_the_same_bytes(server: MediaServer, home: Store) -> None:
    """A server without ranges sends everything, one that breaks off is asked for the rest."""
    near = fetch(server.url("good/a.mp4"), home)
    for path in ("plain/a.mp4", "slow/a.mp4"):
        other = fetch(server.url(path), home)
        assert other.status == "ok", other
        assert (home.folder / other.file).read_bytes() == (home.folder / near.file).read_bytes()
    assert not [path for path in home.folder.glob("*.mp4") if path.stat().st_size > len(server.media) // 2]


def test_a_server_that_breaks_off_now_and_then_is_asked_on(server: MediaServer, home: Store) -> None:
    assert fetch(server.url("truncated/a.mp4"), home).status == "ok"


@pytest.mark.parametrize(
    ("path", "status"),
    [("404/a.mp4", "removed"), ("403/a.mp4", "blocked"), ("lying/a.mp4", "no_video"), ("noise/a.mp4", "corrupt"),
     ("short/a.mp4", "timeout"), ("endless/a.mp4", "too_large"), ("silent/a.mp4", "corrupt")],
)  # fmt: skip
def test_what_cannot_be_had_is_told_as_ever(server: MediaServer, home: Store, path: str, status: str) -> None:
    note = fetch(server.url(path), home)
    assert note.status == status, note
    assert note.facts is None
    assert not list(home.folder.glob(".*"))  # nor is anything half-written left


def test_a_server_that_dies_in_the_middle_leaves_nothing_half_written(
    server: MediaServer, home: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = ranges.Ranges._ask

    def dying(self: ranges.Ranges, offset: int) -> None:
        if len(server.ranges) > 6:
            raise NotFetchedError("timeout", "the connection broke off")
        ask(self, offset)

    monkeypatch.setattr(ranges.Ranges, "_ask", dying)
    assert fetch(server.url("good/a.mp4"), home).status == "timeout"
    assert not list(home.folder.glob(".*"))


def test_another_plan_takes_other_parts_and_of_what_is_here_nothing_comes_again(
    server: MediaServer, home: Store
) -> None:
    url = server.url("good/a.mp4")
    whole = fetch(url, home, None)
    assert (home.folder / whole.file).read_bytes() == server.media
    asked = len(server.asked)
    part = fetch(url, home)
    assert len(server.asked) == asked
    assert [path.name for path in home.folder.glob("*.mp4")] == [part.file]
    other = fetch(url, home, ((20.0, 21.0),))
    assert len(server.asked) > asked
    assert [path.name for path in home.folder.glob("*.mp4")] == [other.file]
    again = fetch(url, home, None)
    assert (home.folder / again.file).read_bytes() == server.media


def test_what_an_earlier_fetch_has_left_is_cut_where_it_was_kept_whole(server: MediaServer, tmp_path: Path) -> None:
    """As in a fresh clone, where there is no store."""
    url = server.url("good/a.mp4")
    first = Store(tmp_path / "first")
    for spans in (None, SPANS):
        note, clone = fetch(url, first, spans), Store(tmp_path / f"clone{spans is None}")
        assert note.facts is not None
        assert clone.adopt(Wish(url, 120, False, SPANS), first.folder / note.file, note.facts)
        asked = len(server.asked)
        again = fetch(url, clone)
        assert len(server.asked) == asked
        assert_frames_of(first.folder / note.file, clone.folder / again.file)
    assert not Store(tmp_path / "other").adopt(
        Wish(url, 120, False, ((1.0, 2.0),)), first.folder / note.file, {"status": "ok"}
    )


def test_a_larger_picture_takes_the_place_of_a_small_one(server: MediaServer, home: Store) -> None:
    url = server.url("good/a.mp4")
    fetch(url, home, None)
    server.media = server.media + b"\0\0\0\x08free"  # as another format would be
    assert (home.folder / fetch(url, home, None, 720).file).read_bytes() == server.media


def test_shots_of_parts_are_those_of_the_whole(film: Path, tmp_path: Path) -> None:
    """Nothing of what was left out, where a picture stands still, is footage."""
    parts = video_parts.keep(film, tmp_path, "parts", SPANS)
    rows = shots_of(ShotJob("a", parts, SHOTS, video.Limits()))
    good = [(row["start_frame"], row["end_frame"]) for row in rows if row["accepted"]]
    # A cut at every second: margins of two frames at each, none where the parts begin and end.
    assert good == [(300, 323), (327, 348), (775, 798), (802, 825)]
    assert [(row["start_frame"], row["end_frame"]) for row in rows if row["reason"] == "not_planned"][:1] == [(0, 300)]
    assert [row["shot"] for row in rows] == list(range(len(rows)))
    assert [row["start_frame"] for row in rows] == sorted(row["start_frame"] for row in rows)


def rewrapped(film: Path, path: Path, options: dict[str, str]) -> Path:
    with av.open(str(film)) as source, av.open(str(path), "w", container_options=options) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("index_first.mp4", {"movflags": "+faststart"}),
        ("fragments.mp4", {"movflags": "+frag_keyframe+empty_moov+default_base_moof+global_sidx"}),
        ("a.mov", {}),
        ("a.mkv", {}),
    ],
)
def test_every_container_that_leads_to_its_key_frames_can_be_cut(
    film: Path, tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    source = rewrapped(film, tmp_path / name, options)
    parts = video_parts.keep(source, tmp_path, "parts", SPANS)
    assert_frames_of(source, parts)
    elsewhere = video_parts.keep(io.BytesIO(source.read_bytes()), tmp_path, "elsewhere", SPANS)
    assert elsewhere.read_bytes() == parts.read_bytes()


@pytest.mark.parametrize(("name", "codec"), [("a.webm", "libvpx-vp9"), ("a.mp4", "libsvtav1")])
def test_codecs_of_video_sites_can_be_cut(tmp_path: Path, name: str, codec: str) -> None:
    if not has_encoder(codec):
        pytest.skip(f"this PyAV writes no {codec}")
    speed = {"cpu-used": "8", "deadline": "realtime"} if "vp9" in codec else {"preset": "12"}
    with av.open(str(tmp_path / name), "w") as target:
        stream: Any = target.add_stream(codec, rate=FPS, options={"g": "50", **speed})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number in range(SECONDS * int(FPS)):
            picture = np.full((64, 96, 3), number % 251, np.uint8)
            target.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        target.mux(stream.encode(None))
    assert_frames_of(tmp_path / name, video_parts.keep(tmp_path / name, tmp_path, "parts", SPANS))


def test_what_leads_nowhere_stays_whole(film: Path, tmp_path: Path) -> None:
    source = rewrapped(film, tmp_path / "a.ts", {})
    with pytest.raises(video_parts.WholeError):
        video_parts.keep(source, tmp_path, "parts", SPANS)
    with pytest.raises(video_parts.WholeError, match="ends before"):
        video_parts.keep(film, tmp_path, "parts", ((50.0, 52.0),))
    assert not list(tmp_path.glob("parts*"))


FETCH = config.load().fetch


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0, 5000), st.floats(0.1, 60)), min_size=1, max_size=20), st.floats(0, 10))
def test_the_parts_hold_all_that_is_planned_and_lie_apart(rows: list[tuple[float, float]], around: float) -> None:
    named = [(start, start + length) for start, length in rows]
    spans = wanted.wanted_spans(named, FETCH.model_copy(update={"around_s": around}))
    assert spans is not None
    for start, end in named:
        room = 0.9 * around - 0.001
        assert any(low <= max(start - room, 0) and end + room <= high for low, high in spans)
    assert all(before[1] + wanted.NEAR_S < after[0] for before, after in pairwise(spans))
    assert all(Fraction(str(edge)) * 1000 % 1 == 0 for span in spans for edge in span)


def test_a_row_without_an_end_or_sound_wants_the_whole() -> None:
    assert wanted.wanted_spans([(1.0, 2.0), (5.0, None)], FETCH) is None
    assert wanted.wanted_spans([(1.0, 2.0)], FETCH.model_copy(update={"audio": True})) is None
    assert wanted.wanted_spans([(1.0, 2.0)], FETCH.model_copy(update={"around_s": None})) is None


def test_two_names_of_one_place_share_its_parts() -> None:
    empty = {"box": None, "ref_width": None, "ref_height": None}
    rows = [
        {"video_id": "a", "location": "http://x/v", "start_s": 1.0, "end_s": 2.0, **empty},
        {"video_id": "b", "location": "http://x/v", "start_s": 50.0, "end_s": 52.0, **empty},
    ]
    planned = wanted.planned(pl.DataFrame(rows), FETCH.model_copy(update={"around_s": 1.0}))
    assert planned["a"].spans == planned["b"].spans == ((0.0, 3.0), (49.0, 53.0))
