"""Why a video did not come, from what yt-dlp says; which format is taken; how many lines the plan wants."""

import errno
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yt_dlp.networking.exceptions import TransportError
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError, UnsupportedError, UserNotLive

from facemotion import config, schemas
from facemotion.errors import FacemotionError
from facemotion.schemas import VIDEO_STATUSES
from facemotion.sources import fetch
from facemotion.sources.causes import cause_of
from facemotion.sources.site_formats import choose
from facemotion.sources.statuses import MEANING, PASSING
from facemotion.sources.wanted import Planned, planned, wanted_lines


def raised(error: Exception) -> DownloadError:
    """As yt-dlp hands errors on."""
    try:
        raise error
    except Exception as caught:
        return DownloadError(f"\x1b[0;31mERROR:\x1b[0m {caught}", (type(caught), caught, caught.__traceback__))


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Private video. Sign in if you've been granted access to this video", "private"),
        ("Join this channel to get access to members-only content like this video, and other perks.", "private"),
        ("This video is only available for registered users. Use --cookies", "private"),
        ("Video unavailable. This video has been removed by the uploader", "removed"),
        ("Video unavailable. This video is no longer available because the YouTube account associated with this video "
         "has been terminated.", "removed"),
        ("Video unavailable. This video contains content from X, who has blocked it on copyright grounds", "removed"),
        ("Video unavailable", "removed"),
        ("Sign in to confirm you’re not a bot. Use --cookies-from-browser or --cookies", "blocked"),
        ("Video unavailable. This content isn't available, try again later. The current session has been rate-limited "
         "by YouTube for up to an hour.", "blocked"),
        ("Sign in to confirm your age. This video may be inappropriate for some users.", "age"),
        ("The uploader has not made this video available in your country", "geo"),
        ("Video unavailable. This video is not available in your country", "geo"),
        ("This video is DRM protected", "unsupported"),
        ("Premieres in 5 hours", "no_video"),
        ("This live event will begin in 3 days.", "no_video"),
        ("Requested format is not available. Use --list-formats for a list of available formats", "no_video"),
        ("Unable to extract title; please report this issue on https://github.com/yt-dlp", "unsupported"),
    ],
)  # fmt: skip
def test_the_words_of_sites_are_understood(words: str, status: str) -> None:
    cause = cause_of(raised(ExtractorError(words, expected=True, video_id="x", ie="youtube")))
    assert cause.status == status
    assert cause.reason
    assert not {"\x1b", "\n"} & set(cause.reason)
    assert "--" not in cause.reason
    assert "report this" not in cause.reason


def test_the_kinds_of_errors_are_told_apart() -> None:
    network = ExtractorError("Unable to download webpage", cause=TransportError("timed out"))
    for error, status in (
        (GeoRestrictedError("Not here", countries=["FR"]), "geo"),
        (UnsupportedError("http://example.com"), "unsupported"),
        (UserNotLive(video_id="x"), "no_video"),
        (network, "timeout"),
        (KeyError("title"), "unsupported"),
    ):
        assert cause_of(raised(error)).status == status


def test_a_full_disk_is_no_videos_fault() -> None:
    with pytest.raises(OSError, match="No space"):
        cause_of(raised(OSError(errno.ENOSPC, "No space left on device")))


def test_every_status_has_a_meaning() -> None:
    assert set(MEANING) == set(VIDEO_STATUSES)
    assert set(PASSING) < set(MEANING)


def offered(lines: int, **more: object) -> dict[str, object]:
    width = lines * 16 // 9
    return {"format_id": f"{lines}", "width": width, "height": lines, "vcodec": "avc1.64", "acodec": "none",
            "protocol": "https", "ext": "mp4", **more}  # fmt: skip


SITE = [offered(lines) for lines in (144, 360, 480, 720, 1080)] + [
    {"format_id": "sound", "vcodec": "none", "acodec": "opus", "protocol": "https", "ext": "webm"},
    {"format_id": "board", "vcodec": "none", "acodec": "none", "protocol": "mhtml", "ext": "mhtml", "height": 720},
    offered(720, format_id="with sound", acodec="mp4a"),
    offered(720, format_id="vp9", vcodec="vp9"),
    offered(720, format_id="60", fps=60),
    offered(2160, format_id="locked", has_drm=True),
]


@pytest.mark.parametrize(
    ("lines", "audio", "taken"),
    [(480, False, "480"), (500, False, "720"), (720, True, "with sound"), (2160, False, "1080"), (100, False, "144")],
)
def test_the_smallest_format_that_is_large_enough_is_taken(lines: int, audio: bool, taken: str) -> None:
    for formats in (SITE, SITE[::-1]):
        chosen = choose(formats, lines, audio=audio)
        assert chosen is not None
        assert chosen["format_id"] == taken


def test_an_upright_video_is_measured_by_its_shorter_side() -> None:
    upright = [offered(lines, width=lines, height=lines * 16 // 9, format_id=f"{lines}") for lines in (360, 720)]
    chosen = choose(upright, 600, audio=False)
    assert chosen is not None
    assert chosen["format_id"] == "720"


def test_what_says_nothing_of_itself_is_taken_if_there_is_nothing_else() -> None:
    plain = {"format_id": "0", "protocol": "http", "ext": "mp4"}
    assert choose([plain], 720, audio=False) == plain
    assert choose([plain, offered(360)], 720, audio=False) == offered(360)
    assert choose([], 720, audio=False) is None
    assert choose([{**plain, "protocol": "rtmp"}], 720, audio=False) is None


@given(st.lists(st.integers(100, 4320), min_size=1), st.integers(100, 4320))
def test_no_smaller_format_would_do(sizes: list[int], wanted: int) -> None:
    chosen = choose([offered(lines) for lines in sizes], wanted, audio=False)
    assert chosen is not None
    enough = [lines for lines in sizes if lines >= wanted]
    assert chosen["height"] == (min(enough) if enough else max(sizes))


def test_the_plan_wants_its_smallest_box_large_enough() -> None:
    def row(box: tuple[float, ...] | None, width: int = 1280, height: int = 720) -> dict[str, object]:
        return {"box": box, "ref_width": width, "ref_height": height}

    def lines(*rows: dict[str, object]) -> int:
        return wanted_lines(rows, box_px=256, default=720, most=1080)

    assert lines(row((0, 0, 512, 600))) == 360
    assert lines(row((0, 0, 512, 600)), row((0, 0, 256, 256))) == 720
    assert lines(row((0, 0, 40, 40))) == 1080
    assert lines(row(None)) == 720
    assert lines(row((0, 0, 256, 256), 720, 1280)) == 720


def test_a_video_of_many_rows_is_fetched_once() -> None:
    settings = config.load().fetch
    empty = {"person_id": None, "start_s": None, "end_s": None, "ref_width": 640, "ref_height": 360, "partition": None,
             "source": "urls", "license": None}  # fmt: skip
    rows = [
        {"plan_id": str(k), "video_id": name, "location": f"https://example.com/{name}", "box": box, **empty}
        for k, (name, box) in enumerate([("b", [0.0, 0, 128, 128]), ("a", None), ("b", [0.0, 0, 256, 256])])
    ]
    plan: pl.DataFrame = schemas.PLAN.frame(rows)
    found = {"b": ("https://example.com/b", 720, None), "a": ("https://example.com/a", 720, None)}
    assert planned(plan, settings) == found


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "", ".", "..", ".hidden", "a\0b", "a\nb", "a/b", "a\\b", "x" * 300]
)
def test_an_id_that_is_no_file_name_ends_the_fetch(name: str) -> None:
    params = config.load().model_copy(update={"source": config.Source(kind="folder", path="videos")})
    mine = Planned("mine.mp4", 720, None)
    fetch.jobs(params, {"-x#id1.mp4 é": mine}, Path("videos"), Path("truth"))
    with pytest.raises(FacemotionError, match="no file name"):
        fetch.jobs(params, {name: mine}, Path("videos"), Path("truth"))
