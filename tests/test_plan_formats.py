"""Every format of list that is published gives the same plan, whatever its units, its stray spaces and its gaps."""

import json
from pathlib import Path

import polars as pl
import pytest

from facemotion.config import LIST_KINDS, ListKind, Plan
from facemotion.errors import FacemotionError
from facemotion.sources import folder
from facemotion.sources.audit import Audit, examine
from facemotion.sources.formats import FORMATS, format_of, guess

LIMITS = Plan(
    leak="move", min_seconds=0.2, max_seconds=3600, people=None, clips=None, minutes=None, sample=None, seed=1
)
VIDEO = "5r0dWxy17C8"
PAGE = f"https://www.youtube.com/watch?v={VIDEO}"


def audit(kind: ListKind, path: Path, settings: Plan = LIMITS) -> Audit:
    return examine(format_of(kind, path).read(path), kind, settings, linked=True, allow_local=False)


def only(made: Audit) -> dict[str, object]:
    assert made.plan.height == 1, made.findings
    return made.plan.row(0, named=True)


def refused(made: Audit) -> dict[str, str]:
    """Why, by place."""
    rows = made.findings.filter(pl.col("found") == "refused")
    return dict(rows.select("place", "detail").iter_rows())


def utterance(home: Path, place: str, table: str, identity: str = "id10270 ", reference: str = f"{VIDEO}\t") -> None:
    file = home / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"Identity  : \t{identity}\nReference : \t{reference}\nOffset    : \t-3\nFV Conf   : \t20.313\t(1)\n"
        f"ASD Conf  : \t4.9\n\nFRAME \tX \tY \tW \tH \n{table}"
    )


def test_voxceleb1_tells_pixels_of_360_lines_at_25_frames_a_second(tmp_path: Path) -> None:
    utterance(
        tmp_path,
        f"dev/txt/id10270/{VIDEO}/00001.txt",
        "002316 \t223 \t80 \t130 \t130 \n002323 \t230 \t78 \t130 \t130 \n",
    )
    row = only(audit("voxceleb", tmp_path))
    assert (row["video_id"], row["person_id"], row["location"]) == (VIDEO, "id10270", PAGE)
    assert (row["start_s"], row["end_s"]) == (2316 / 25, 2324 / 25)
    assert (row["box"], row["ref_width"], row["ref_height"]) == ([223, 78, 360, 210], None, 360)
    assert row["partition"] == "dev"


def test_voxceleb2_tells_fractions(tmp_path: Path) -> None:
    utterance(tmp_path, f"id00012/{VIDEO}/00349.txt", "000349 \t0.319 \t0.067 \t0.424 \t0.753 \n" * 6, "id00012")
    row = only(audit("voxceleb", tmp_path, LIMITS.model_copy(update={"min_seconds": 0})))
    left, top, right, bottom = row["box"]
    width, height = row["ref_width"], row["ref_height"]
    assert (left / width, top / height, right / width, bottom / height) == pytest.approx((0.319, 0.067, 0.743, 0.82))
    assert (row["start_s"], row["end_s"]) == (349 / 25, 350 / 25)


def test_a_broken_utterance_is_refused_and_told(tmp_path: Path) -> None:
    utterance(tmp_path, f"id1/{VIDEO}/1.txt", "000001 \t10 \t10 \t50\n")
    utterance(tmp_path, f"id1/{VIDEO}/2.txt", "")
    utterance(tmp_path, f"id1/{VIDEO}/3.txt", "000001 \t10 \t10 \t50 \t50\n", reference="../../x")
    (tmp_path / f"id1/{VIDEO}/4.txt").write_bytes(b"\xff\x00\xfe")
    why = refused(audit("voxceleb", tmp_path))
    assert [reason.split(" (")[0] for reason in why.values()] == [
        "its table of frames is broken",
        "it has no table of frames",
        "the video id is none of YouTube's",
        "it has no table of frames",
    ]


HEAD = "video_id,start,end,bbox,fps,width,height,partition"


def test_vox_metadata_counts_frames_by_the_videos_own_rate(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        f"\ufeff{HEAD},person_id\r\n{VIDEO}, 100 ,200,10-20-110-120,25,1280,720,train, id10005 \r\n"
        f"{VIDEO},2997,5994,10-20-110-120,29.97,1280,720,test,id10005\r\n",
        encoding="utf-8",
    )
    made = audit("voxceleb", path)
    assert made.plan["start_s"].to_list() == pytest.approx([4.0, 2997 * 1001 / 30000], abs=1e-9)
    assert made.plan["end_s"].to_list() == pytest.approx([8.0, 5994 * 1001 / 30000], abs=1e-9)
    assert made.plan["person_id"].to_list() == ["id10005", "id10005"]
    assert made.plan["box"].to_list() == [[10, 20, 110, 120]] * 2


def test_vox_metadata_without_persons_may_have_them_in_the_video_id(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    rows = [
        f"{name},{k * 100},{k * 100 + 50},0-0-9-9,25,64,64,train"
        for k, name in enumerate((VIDEO, f"{VIDEO}#id7", f"{VIDEO}#1"))
    ]
    path.write_text("\n".join((HEAD, *rows)))
    made = audit("voxceleb", path)
    assert set(made.plan["video_id"]) == {VIDEO}
    nobody, somebody, first = made.plan["person_id"]
    assert nobody is None
    assert somebody == "id7"
    assert first not in ("1", "id7")  # the first of this video is not the first of another


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f"{VIDEO},1,99", "too few or too many fields"),
        (f"{VIDEO},x,99,0-0-9-9,25,64,64,train", "start or end is no number"),
        (f"{VIDEO},nan,99,0-0-9-9,25,64,64,train", "before the video"),
        (f"{VIDEO},-50,99,0-0-9-9,25,64,64,train", "before the video"),
        (f"{VIDEO},99,1,0-0-9-9,25,64,64,train", "ends before it begins"),
        (f"{VIDEO},1,2,0-0-9-9,25,64,64,train", "shorter than plan.min_seconds"),
        (f"{VIDEO},1,999999,0-0-9-9,25,64,64,train", "longer than plan.max_seconds"),
        (f"{VIDEO},1,99,0-0-9,25,64,64,train", "bbox is not left-top-right-bottom"),
        (f"{VIDEO},1,99,70-0-99-9,25,64,64,train", "outside the frame"),
        (f"{VIDEO},1,99,9-9-3-3,25,64,64,train", "outside the frame"),
        (f"{VIDEO},1,99,0-0-9-9,0,64,64,train", "fps is no frame rate"),
        (f"{VIDEO},1,99,0-0-9-9,25,-64,64,train", "size of the frame"),
        ("short,1,99,0-0-9-9,25,64,64,train", "none of YouTube's"),
        ('"unended,1,99,0-0-9-9,25,64,64,train', "too few or too many fields"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line_and_the_others_are_kept(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"{HEAD}\n{VIDEO},1,99,0-0-9-9,25,64,64,train\n\n{row}\n{VIDEO},101,199,0-0-9-9,25,64,64,train\n")
    made = audit("voxceleb", path)
    assert made.plan.height == 2
    assert list(refused(made)) == ["line 4"]
    assert said in refused(made)["line 4"]


def test_celebvhq_tells_seconds_and_fractions(tmp_path: Path) -> None:
    clip = {
        "ytb_id": VIDEO,
        "duration": {"start_sec": 81.62, "end_sec": 86.17},
        "bbox": {"top": 0.0, "bottom": 0.8815, "left": 0.1964, "right": 0.6922},
        "attributes": {"emotion": {"sep_flag": False, "labels": "neutral"}},
        "version": "v0.1",
    }
    several = {"sep_flag": True, "labels": [{"emotion": "happy", "start_sec": 1, "end_sec": 2}]}
    other = {**clip, "duration": {"start_sec": 10, "end_sec": 12}, "attributes": {"emotion": several}}
    bad = {"a": 5, "b": {**clip, "bbox": {"top": "0"}}, "c": {**clip, "duration": None}, "d": {**clip, "ytb_id": 7}}
    path = tmp_path / "celebvhq.json"
    text = json.dumps({"meta_info": {}, "clips": {f"{VIDEO}_1": clip, f"{VIDEO}_2": other, **bad}})
    # A key that stands twice: JSON readers take the last and forget the first.
    again = json.dumps(other)
    path.write_text(text[:-2] + f', "{VIDEO}_2": {again}}}}}')
    made = audit("celebvhq", path)
    first = made.plan.row(0, named=True)
    assert (first["start_s"], first["end_s"], first["person_id"]) == (81.62, 86.17, None)
    left, top, right, bottom = (side / first["ref_width"] for side in first["box"])
    assert (left, top, right, bottom) == pytest.approx((0.1964, 0.0, 0.6922, 0.8815))
    assert (made.plan.height, made.figures["rows"], made.figures["duplicate_rows"]) == (2, 7, 1)
    assert list(refused(made)) == ["a", "b", "c", "d"]


def test_talkinghead_counts_frames_within_minutes_the_last_included(tmp_path: Path) -> None:
    path = tmp_path / "train_video_tubes.txt"
    rows = [
        "--Y9imYnfBw_0000, 720, 1280, 0, 271, 504, 63, 792, 351",
        f"{VIDEO}_0002, 720, 1280, 100, 1799, 1, 2, 90, 80",
    ]
    path.write_text("\n".join((*rows, "--Y9imYnfBw, 720, 1280, 0, 271, 504, 63, 792, 351", f"{VIDEO}_0001, 720")))
    made = audit("talkinghead", tmp_path)
    slow, fast = made.plan.iter_rows(named=True)
    assert slow["location"] == "https://www.youtube.com/watch?v=--Y9imYnfBw"
    assert not slow["video_id"].startswith("-")
    assert (slow["start_s"], slow["end_s"], slow["box"]) == (0.0, 272 / 25, [504, 63, 792, 351])
    assert (slow["ref_width"], slow["ref_height"], slow["partition"]) == (1280, 720, "train")
    # 1800 frames in a minute are no 25 a second.
    assert (fast["start_s"], fast["end_s"]) == (120 + 100 / 30, 180.0)
    assert list(refused(made).values()) == [
        "the name does not end in the number of a chunk",
        "the row has too few or too many fields",
    ]
    assert only(audit("talkinghead", path, LIMITS.model_copy(update={"clips": 1, "people": 1}))) in (slow, fast)


def test_hdtf_joins_its_lists_and_tells_what_has_no_partner(tmp_path: Path) -> None:
    def put(name: str, *lines: str) -> None:
        (tmp_path / f"RD_{name}.txt").write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")

    put(
        "video_url",
        f"Radio11 {PAGE}&t=3  ",
        "Ann_000 https://youtu.be/abcdefghijk",
        "Lone https://youtu.be/ABCDEFGHIJK",
    )
    put(
        "annotion_time",
        "Radio11.mp4 00:30-01:00 01:30-02:30 ",
        "Ann_000.mp4 1:00:00-1:00:05 xx-yy",
        "Nolink.mp4 00:01-00:09",
    )
    put("crop_wh", "Radio11_0.mp4 412 599 0 599", "Radio11_7.mp4 1 2 3 4", "Ann_000_0.mp4 1 2 3 400")
    put("resolution", "Radio11.mp4 720 ")
    made = audit("hdtf", tmp_path)
    first, second, ann = made.plan.iter_rows(named=True)
    assert (first["video_id"], first["location"], first["person_id"]) == (VIDEO, PAGE, "Radio11")
    assert (first["start_s"], first["end_s"], second["start_s"], second["end_s"]) == (30, 60, 90, 150)
    assert (first["box"], first["ref_width"], first["ref_height"]) == ([412, 0, 1011, 599], None, 720)
    assert second["box"] is None
    assert (ann["person_id"], ann["start_s"], ann["box"]) == ("Ann", 3600, None)  # a box of an unknown frame
    assert sorted(refused(made).values()) == [
        "no link is told of this video",
        "no stretch of time is told of this crop",
        "no stretch of time is told of this video",
        "the stretch of time is not mm:ss-mm:ss",
    ]


def test_a_list_of_links_needs_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "links.txt"
    path.write_text(
        f"# mine\n\n {PAGE}&list=PL1 \nhttps://youtu.be/{VIDEO}?t=4\nhttps://example.org/a/talk.mp4\nfile:///etc/passwd\n"
        "http://169.254.0.0/latest\n-o\n"
    )
    made = audit("urls", path)
    assert made.plan["location"].to_list() == [PAGE, "https://example.org/a/talk.mp4"]
    assert made.plan["video_id"][0] == VIDEO
    assert made.plan["video_id"][1].startswith("talk-")
    assert made.figures["duplicate_rows"] == 1
    assert list(refused(made)) == ["line 6", "line 7", "line 8"]


def test_a_table_of_links_may_tell_more(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    path.write_text(f'URL,license,person_id,start_s,end_s\n"{PAGE}","CC BY, mine",ann,1.5,9\n{PAGE},,,,\n{PAGE},,,x,\n')
    made = audit("urls", path)
    first, second = made.plan.iter_rows(named=True)
    assert (first["person_id"], first["start_s"], first["end_s"], first["license"]) == ("ann", 1.5, 9, "CC BY, mine")
    assert (second["person_id"], second["start_s"], second["license"]) == (None, None, None)
    assert refused(made) == {"line 4": "start_s or end_s is no number"}


def test_a_folder_names_people_by_its_folders_else_by_files() -> None:
    rows = folder.read("videos", {"ann/one.mp4": 1, "ann/two.mp4": 1, "bob.mp4": 1, "ann/\ufffd.mp4": 1, "a\nb.mp4": 1})
    made = examine(rows, "folder", LIMITS, linked=False, allow_local=False)
    assert made.plan["location"].to_list() == ["videos/ann/one.mp4", "videos/ann/two.mp4", "videos/bob.mp4"]
    ann, also, bob = made.plan["person_id"]
    assert ann == also == "ann"
    assert bob.startswith("bob-")
    assert len(refused(made)) == 2


def test_every_kind_of_params_has_its_adapter() -> None:
    assert tuple(FORMATS) == LIST_KINDS


def test_the_kind_is_told_by_the_files(tmp_path: Path) -> None:
    contents = [
        ("voxceleb", "a.csv", HEAD),
        ("celebvhq", "b.json", "{}"),
        ("talkinghead", "c.txt", "--Y9imYnfBw_0000, 720, 1280, 0, 271, 504, 63, 792, 351"),
        ("urls", "d.txt", "# my links\nhttps://example.org"),
        ("hdtf", "hdtf/RD_video_url.txt", "a b"),
        ("voxceleb", f"vox/txt/id1/{VIDEO}/1.txt", ""),
        ("folder", "videos/ann/one.mp4", ""),
    ]
    for kind, name, text in contents:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        assert guess(file if file.parent == tmp_path else tmp_path / name.split("/")[0]) == kind
    (tmp_path / "e.txt").write_text("nothing known")
    with pytest.raises(FacemotionError, match="--kind"):
        guess(tmp_path / "e.txt")


@pytest.mark.parametrize(
    ("kind", "name", "content", "said"),
    [
        ("voxceleb", "a.csv", b"", "has no column video_id"),
        ("voxceleb", "a.csv", b"url\nx", "has no column video_id"),
        ("celebvhq", "a.json", b"{", "no proper JSON"),
        ("celebvhq", "a.json", b"[" * 100_000, "no proper JSON"),
        ("celebvhq", "a.json", b"[]", "no object `clips`"),
        ("hdtf", "folder/a.txt", b"", "name the folder of HDTF's lists"),
        ("voxceleb", "folder/a.txt", b"", "name VoxCeleb's txt folder"),
        ("talkinghead", "folder/a.txt", b"", "name TalkingHead-1KH's list"),
    ],
)
def test_what_is_no_such_list_at_all_is_told(
    tmp_path: Path, kind: ListKind, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    place = path if path.parent == tmp_path else path.parent
    chosen = format_of(kind, place)
    with pytest.raises(FacemotionError, match=said):
        [chosen.files(place), chosen.read(place)]
    with pytest.raises(FacemotionError, match="there is no"):
        format_of(kind, tmp_path / "nowhere")
