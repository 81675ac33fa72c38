"""The audit of a plan: what a published list hides is found and told, and limits take what they say."""

import json
from pathlib import Path

import polars as pl
import pytest
from conftest import ROOT

from facemotion import config, layout, schemas
from facemotion.config import Params, Plan
from facemotion.errors import FacemotionError
from facemotion.sources import audit_told, plan, scan
from facemotion.sources.audit import FINDINGS, Audit, examine
from facemotion.sources.listed import listed

LIMITS = Plan(
    leak="move", min_seconds=0.2, max_seconds=3600, people=None, clips=None, minutes=None, sample=None, seed=1
)
PUBLISHED = ROOT.parent / "shared" / "manifests" / "vox-metadata.csv"
HEAD = "video_id,start,end,bbox,fps,width,height,partition,person_id"


def rows(*told: tuple[str, str | None, float, str | None]) -> pl.DataFrame:
    """Clips of ten seconds by video, person, start and partition."""
    return listed(
        pl.DataFrame(
            [
                {"place": f"line {k}", "video": video, "location": f"https://example.org/{video}", "person": person}
                | {"start_s": start, "end_s": start + 10, "partition": partition}
                for k, (video, person, start, partition) in enumerate(told)
            ]
        )
    )


def audit(table: pl.DataFrame, **settings: object) -> Audit:
    made = examine(table, "urls", LIMITS.model_copy(update=settings), linked=True, allow_local=False)
    FINDINGS.check(made.findings, "findings")
    schemas.PLAN.check(made.plan, "plan")
    return made


LEAKING = rows(
    ("a", "ann", 0, "train"), ("a", "ann", 20, "train"), ("b", "ann", 0, "test"), ("c", "bob", 0, "test"),
    ("b", "ann", 0, "train"), ("d", "eve", 0, None), ("d", "eve", 20, "test"),
)  # fmt: skip


def test_people_in_two_partitions_are_moved_to_that_of_most_of_theirs() -> None:
    made = audit(LEAKING)
    assert made.figures["leaking_people"] == ["ann"]
    assert made.plan["partition"].to_list() == ["train", "train", "train", "test", None, "test"]
    assert (made.figures["leaking_rows"], made.figures["duplicate_keys_across_partitions"]) == (1, 1)
    assert made.findings.select("place", "found").rows() == [("line 2", "leak"), ("line 4", "duplicate")]


def test_or_dropped_and_the_other_row_of_a_repeated_stretch_stays() -> None:
    made = audit(LEAKING, leak="drop")
    assert made.plan["video_id"].to_list() == ["a", "a", "c", "b", "d", "d"]
    assert made.plan.group_by("person_id").agg(pl.col("partition").drop_nulls().n_unique())["partition"].max() == 1


def test_who_is_known_by_the_video_alone_leaks_too() -> None:
    made = audit(rows(("a", None, 0, "train"), ("a", None, 20, "train"), ("a", None, 40, "test")))
    assert made.figures["leaking_people"] == ["a"]
    assert set(made.plan["partition"]) == {"train"}


def test_boxes_are_clipped_to_their_frame_or_refused() -> None:
    boxes = {
        "left": [-20.0, 10.0, 700.0],
        "top": [0.0] * 3,
        "right": [50.0, 60.0, 800.0],
        "bottom": [500.0, 90.0, 90.0],
    }
    table = rows(("a", None, 0, None), ("b", None, 0, None), ("c", None, 0, None)).with_columns(
        **{side: pl.Series(values) for side, values in boxes.items()}, ref_width=640.0, ref_height=360.0
    )
    made = audit(table)
    assert made.plan["box"].to_list() == [[0, 0, 50, 360], [10, 0, 60, 90]]
    assert made.figures["boxes_clipped"] == 1
    assert made.figures["refused_why"] == {"the box lies outside the frame": 1}


MANY = rows(*((f"v{k % 40}", f"p{k % 10}", 20.0 * k, None) for k in range(400)))


def test_limits_take_what_they_say() -> None:
    assert audit(MANY, people=3).plan["person_id"].n_unique() == 3
    assert audit(MANY, people=3).plan.height == 120
    assert audit(MANY, clips=2).plan.group_by("person_id").len()["len"].to_list() == [2] * 10
    assert audit(MANY, sample=17).plan.height == 17
    few = audit(MANY, minutes=5.1)
    assert few.plan.height == 30
    assert few.plan["video_id"].n_unique() == 3  # whole videos: fewer downloads
    all_of_them = audit(MANY, people=5, clips=20, sample=50, minutes=2)
    assert all_of_them.plan.height == 12
    assert all_of_them.figures["left_out"] == {"people": 200, "clips": 100, "sample": 50, "minutes": 38}


def test_a_sample_hangs_on_the_seed_alone_and_keeps_most_as_the_list_grows() -> None:
    once = set(audit(MANY, sample=50).plan["plan_id"])
    assert set(audit(MANY.reverse(), sample=50).plan["plan_id"]) == once
    assert set(audit(MANY, sample=50, seed=2).plan["plan_id"]) != once
    fewer = set(audit(MANY.head(360), sample=50).plan["plan_id"])
    assert len(once & fewer) >= 40


def test_a_limited_plan_is_in_the_lists_order() -> None:
    whole = audit(MANY).plan["plan_id"].to_list()
    some = audit(MANY, people=5, clips=9, sample=30, minutes=4).plan["plan_id"].to_list()
    assert some == [name for name in whole if name in set(some)]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    return config.load(ROOT / "params.yaml")


def of(params: Params, kind: str, path: str) -> Params:
    return params.model_copy(update={"source": config.Source.model_validate({"kind": kind, "path": path})})


def test_the_published_list_tells_all_that_is_known_of_it(project: Params) -> None:
    if not PUBLISHED.is_file():
        pytest.skip("the published list is not here")
    params = of(project, "voxceleb", str(PUBLISHED))
    made = plan.audited(params.source, scan.scan(params.source), params)
    told = made.figures
    assert (told["rows"], told["videos"], told["people"], round(told["hours"], 2)) == (20_075, 3_442, 435, 45.96)
    assert (told["duplicate_rows"], told["duplicate_keys"], told["duplicate_keys_across_partitions"]) == (311, 299, 3)
    assert told["leaking_people"] == ["id10282", "id10306"]
    assert (told["shortest_s"], told["median_s"], told["longest_s"]) == (64 / 25, 160 / 25, 1024 / 25)
    assert told["planned"] == 20_075 - 311
    moved = made.findings.filter(pl.col("found") == "leak")
    assert sorted(moved["person"]) == ["id10282", "id10282", "id10306"]
    words = "\n".join(audit_told.told(told, made.findings))
    for said in ("20,075 rows", "311 rows", "299 stretches", "id10282, id10306"):
        assert said in words
    # Of the frame's height, of which the list does not always keep.
    box = made.plan["box"].arr
    assert (box.get(3) <= made.plan["ref_height"]).all()
    assert told["boxes_clipped"] == made.findings.filter(pl.col("found") == "box").height > 800


def write_list(path: str, *rows: str) -> None:
    Path(path).write_text("\n".join((HEAD, *rows)))


def test_a_list_that_has_changed_since_the_scan_is_not_planned(project: Params) -> None:
    row = "5r0dWxy17C8,{},{},0-0-9-9,25,64,64,{},ann"
    write_list("list.csv", row.format(0, 50, "train"))
    params = of(project, "voxceleb", "list.csv")
    scan.save(scan.scan(params.source))
    assert plan.make(params).plan.height == 1
    before = scan.load(params.source)
    write_list("list.csv", row.format(0, 50, "train"), row.format(50, 99, "test"))
    with pytest.raises(FacemotionError, match="facemotion source scan"):
        plan.make(params)
    assert scan.changes(before, scan.scan(params.source)) == (["list.csv"], [])
    scan.save(scan.scan(params.source))
    assert plan.make(params).plan.height == 2


def test_a_tree_that_grows_by_an_utterance_is_seen(project: Params) -> None:
    for name in ("1", "2", "3"):
        file = Path(f"txt/id{name}/5r0dWxy17C8/0000{name}.txt")
        file.parent.mkdir(parents=True)
        file.write_text("FRAME X Y W H\n1 1 1 50 50\n")
    source = of(project, "voxceleb", "txt").source
    before = scan.scan(source)
    assert list(before.files) == ["id1", "id2", "id3"]
    Path("txt/id2/5r0dWxy17C8/00009.txt").write_text("")
    assert scan.changes(before, scan.scan(source)) == (["id2"], [])


def test_leaks_end_the_plan_where_that_is_wanted(project: Params) -> None:
    write_list(
        "list.csv", *(f"5r0dWxy17C8,{k}0,{k}9,0-0-9-9,25,64,64,{part},ann" for k, part in ((1, "train"), (3, "test")))
    )
    params = of(project, "voxceleb", "list.csv")
    scan.save(scan.scan(params.source))
    plan.check(plan.make(params), params)
    strict = params.model_copy(update={"plan": LIMITS.model_copy(update={"leak": "error"})})
    with pytest.raises(FacemotionError, match=r"1 people are in two partitions of list\.csv: ann"):
        plan.check(plan.make(strict), strict)


def test_a_list_without_a_usable_row_is_told(project: Params) -> None:
    write_list("list.csv", "../x,1,99,0-0-9-9,25,64,64,train,ann")
    params = of(project, "voxceleb", "list.csv")
    scan.save(scan.scan(params.source))
    made = plan.make(params)
    assert "  1: the video id is none of YouTube's (line 2)" in list(audit_told.told(made.figures, made.findings))
    with pytest.raises(FacemotionError, match=r"none of the 1 rows of list\.csv can be planned"):
        plan.check(made, params)


def test_the_rendered_source_is_audited_too_and_finds_nothing(project: Params) -> None:
    scan.save(scan.scan(project.source))
    assert json.loads(layout.SOURCE.read_text()) == {"files": {}, "kind": "synthetic", "path": ""}
    made = plan.make(project)
    assert made.findings.is_empty()
    assert made.figures["planned"] == made.figures["rows"] > 100
