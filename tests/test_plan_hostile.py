"""Lists are data: whatever they hold, no name leaves its folder, no link leaves the net, and every row is told of."""

import json
import os
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facemotion import schemas
from facemotion.config import ListKind, Plan
from facemotion.sources import folder, links
from facemotion.sources.audit import FINDINGS, Audit, examine
from facemotion.sources.formats import FORMATS
from facemotion.sources.names import safe_id, safe_ids, shown

LIMITS = Plan(leak="move", min_seconds=0, max_seconds=3600, people=None, clips=None, minutes=None, sample=None, seed=1)
VIDEO = "5r0dWxy17C8"
HOSTILE = (
    "../x", "../../etc/passwd", "/etc/passwd", "a\nb", "a\r\nb", "-o", "--exec=rm", "x" * 300, "\u00e9" * 300, "\0",
    "a\0b", "$(id)", "`id`", "; rm -rf /", "a|b", "file:///etc/passwd", "http://169.254.0.0/latest", "CON", ".", "..",
    "", " ", "\u202egpj.exe", "\x1b[2J", "\ufeff", "\ud800", '"', "'", ",", "#", "%00", "\\\\host\\share", "~root",
    f"{VIDEO}/../../x", f"{VIDEO}\n", "http://127.0.0.1/x", "https://user:pw@example.org/", "javascript:alert(1)",
    "nan", "inf", "1e400", "-1", "9" * 400, VIDEO, f"-{VIDEO[1:]}", f"https://youtu.be/{VIDEO}", "https://example.org/a",
)  # fmt: skip
words = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40), st.just(VIDEO))


def harmless(made: Audit) -> None:
    schemas.PLAN.check(made.plan, "plan")
    FINDINGS.check(made.findings, "findings")
    for name in (*made.plan["video_id"], *made.plan["person_id"].drop_nulls()):
        assert name.isascii()
        assert 0 < len(name) <= 64
        assert not name.startswith("-")
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    for place in made.plan["location"]:
        assert links.refused(place, allow_local=False) is None
    pairs = made.plan.select("video_id", "location").unique()
    assert pairs.height == pairs["video_id"].n_unique() == pairs["location"].n_unique()
    for column in (made.plan["partition"], made.plan["license"], *(made.findings[c] for c in FINDINGS.columns)):
        assert all(text.isprintable() and len(text) <= 80 for text in column.cast(pl.String).drop_nulls())
    told = made.figures
    assert told["rows"] == told["planned"] + told["refused"] + told["duplicate_rows"]
    assert made.findings.filter(pl.col("found") == "refused").height == told["refused"]
    assert (made.plan["end_s"] > made.plan["start_s"]).all()


def of_text(kind: ListKind, name: str, text: str) -> Audit:
    with tempfile.TemporaryDirectory() as home:
        path = Path(home) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        listed = path if path.parent == Path(home) else path.parent
        return examine(FORMATS[kind].read(listed), kind, LIMITS, linked=True, allow_local=False)


several = settings(max_examples=40)


@several
@given(st.lists(st.tuples(words, words, words, words, words, words), max_size=8), st.booleans())
def test_vox_metadata(rows: list[tuple[str, ...]], quoted: bool) -> None:
    mark = '"' if quoted else ""
    lines = [
        f"{mark}{video}{mark},{start},{end or 99},{box},25,640,360,{part},{mark}{person}{mark}"
        for video, start, end, box, part, person in rows
    ]
    lines += [f"{VIDEO},0,99,0-0-9-9,25,640,360,{part},{mark}{who}{mark}" for *_, part, who in rows]
    head = "video_id,start,end,bbox,fps,width,height,partition,person_id"
    harmless(of_text("voxceleb", "a.csv", "\n".join((head, *lines))))


@several
@given(st.lists(st.tuples(words, words), max_size=8), st.lists(words, max_size=8))
def test_links(table: list[tuple[str, str]], plain: list[str]) -> None:
    csv = "\n".join(("url,person_id,license", *(f"{url},{who},{who}" for url, who in table)))
    harmless(of_text("urls", "a.csv", csv))
    harmless(of_text("urls", "a.txt", "https://example.org/first\n" + "\n".join(plain)))


numbers = st.one_of(st.floats(), st.integers(), words, st.none(), st.booleans(), st.just(10**400))


@several
@given(
    st.lists(st.tuples(words, st.one_of(words, st.integers()), st.lists(numbers, min_size=6, max_size=6)), max_size=8)
)
def test_celebvhq(rows: list[tuple[str, object, list[object]]]) -> None:
    clips = {}
    for name, video, (start, end, *sides) in rows:
        bbox = dict(zip(("top", "bottom", "left", "right"), sides, strict=True))
        clips[name] = {"ytb_id": video, "duration": {"start_sec": start, "end_sec": end}, "bbox": bbox}
        box = {"top": 0.1, "bottom": 0.9, "left": 0.1, "right": 0.9}
        clips[name + "+"] = {"ytb_id": video, "duration": {"start_sec": 1, "end_sec": 9}, "bbox": box}
    harmless(of_text("celebvhq", "a.json", json.dumps({"clips": clips})))


@several
@given(st.lists(st.tuples(words, words, words), max_size=8))
def test_talkinghead(rows: list[tuple[str, str, str]]) -> None:
    lines = [f"{video}_0000, 720, 1280, 0, {last}, {left}, 63, 792, 351" for video, last, left in rows]
    lines += [f"{video}_0001, 720, 1280, 0, 271, 504, 63, 792, 351" for video, _, _ in rows]
    harmless(of_text("talkinghead", "a_video_tubes.txt", "\n".join(lines)))


@several
@given(st.lists(st.tuples(words, words, words), max_size=6))
def test_hdtf(rows: list[tuple[str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as home:
        contents = {
            "video_url": [f"{name} {link}" for name, link, _ in rows]
            + [f"{name}_1 https://youtu.be/{VIDEO}" for name, *_ in rows],
            "annotion_time": [f"{name}.mp4 00:01-00:09 {odd}" for name, _, odd in rows]
            + [f"{name}_1.mp4 00:01-00:09" for name, *_ in rows],
            "crop_wh": [f"{name}_0.mp4 1 2 3 {odd}" for name, _, odd in rows],
            "resolution": [f"{name}.mp4 {odd}" for name, _, odd in rows],
        }
        for kind, lines in contents.items():
            (Path(home) / f"RD_{kind}.txt").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
        harmless(examine(FORMATS["hdtf"].read(Path(home)), "hdtf", LIMITS, linked=True, allow_local=False))


@several
@given(words, words, words)
def test_voxceleb_tree(identity: str, reference: str, odd: str) -> None:
    table = f"FRAME X Y W H\n1 10 10 50 50\n9 10 10 50 {odd}"
    with tempfile.TemporaryDirectory() as home:
        for video, rest in ((reference, table), (VIDEO, "FRAME X Y W H\n1 10 10 50 50\n")):
            file = Path(home) / f"id1/{len(rest)}/1.txt"
            file.parent.mkdir(parents=True)
            file.write_bytes(f"Identity: {identity}\nReference: {video}\n\n{rest}".encode("utf-8", "surrogatepass"))
        harmless(examine(FORMATS["voxceleb"].read(Path(home)), "voxceleb", LIMITS, linked=True, allow_local=False))


def test_bytes_that_are_no_text_in_the_names_of_folders(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"id\xff\n") / VIDEO / os.fsdecode(b"\xfe.txt")
    try:
        file.parent.mkdir(parents=True)
    except OSError:
        pytest.skip("this file system has no such names")
    file.write_text("FRAME X Y W H\n1 10 10 50 50\n")
    made = examine(FORMATS["voxceleb"].read(tmp_path), "voxceleb", LIMITS, linked=True, allow_local=False)
    harmless(made)
    assert made.plan.height == 1


@given(st.lists(st.one_of(words.filter(lambda name: "\ud800" not in name), st.text()), unique=True))
def test_a_folder_of_any_names(names: list[str]) -> None:
    names = [name for name in names if name]
    made = examine(folder.read("videos", names), "folder", LIMITS, linked=False, allow_local=False)
    assert made.figures["rows"] == len(names) == made.plan.height + made.figures["refused"]
    for place, video in made.plan.select("location", "video_id").iter_rows():
        assert place.startswith("videos/")
        assert not any(ord(sign) < 32 for sign in place)
        assert Path("data/videos", f"{video}.mp4").resolve().parent == Path("data/videos").resolve()


@given(st.lists(words.filter(lambda name: "\ud800" not in name), unique=True))
def test_ids_stay_apart_and_none_can_be_forged(names: list[str]) -> None:
    forged = [*names, *map(safe_id, names)]
    ids = safe_ids(pl.Series(forged, dtype=pl.String))
    assert ids.n_unique() == len(set(forged))


def test_ids_that_are_safe_stay_as_they_are() -> None:
    safe = ["id10005", VIDEO, "p0000_v0", "a-b"]
    assert safe_ids(pl.Series(safe)).to_list() == safe


@given(st.text())
def test_what_is_shown_is_printable_and_short(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= 80
