"""The page's parts: escaped markup, round axes, charts that one can read without colour, sections without data."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemotion import schemas
from facemotion.evaluation import leaderboard
from facemotion.evaluation.intervals import Interval
from facemotion.report import axes, charts, conditions, error_maps, flow_colours, look, markup
from facemotion.report.material import Material
from facemotion.report.page import CONTENTS, render

VALUES = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-6)


@given(VALUES, VALUES)
def test_axes_span_their_values_on_round_ticks(one: float, other: float) -> None:
    low, high = axes.span([one, other])
    slack = 1e-6 * (high - low)
    assert low <= min(one, other) + slack
    assert high >= max(one, other) - slack
    steps = np.diff(axes.ticks(low, high))
    assert steps.min() > 0
    assert steps.max() < steps.min() * 1.01
    assert re.fullmatch(r"[125]", f"{steps[0]:.0e}"[0])
    axis = axes.across(low, high)
    assert axis.start - 0.01 <= axis.at(min(one, other)) <= axis.at(max(one, other)) <= axis.end + 0.01


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.02289, "0.0229"),
        (28.744, "28.74"),
        (14628, "14,628"),
        (0, "0"),
        (-1.5, "−1.5"),
        (0.0000123, "0.000012"),
        (1, "1"),
    ],
)
def test_numbers_are_short_and_never_in_powers_of_ten(value: float, told: str) -> None:
    assert markup.number(value) == told


def test_what_comes_from_data_cannot_become_markup() -> None:
    hostile = '<script>alert("x")</script>'
    drawn = charts.dots(hostile, [charts.Dot(hostile, look.look(0), 1.0, None)], hostile)
    drawn += markup.name(hostile) + markup.tag("p", class_=hostile)
    assert "<script" not in drawn


def test_lines_differ_in_more_than_colour() -> None:
    looks = [look.look(k) for k in range(6)]
    assert len({own.dash for own in looks}) == len({own.marker for own in looks}) == 6
    assert len({charts.marker(own.marker, 0, 0) for own in looks}) == 6


def test_charts_are_proper_svg_with_a_name_labels_and_values() -> None:
    own = look.look(1)
    drawn = [
        charts.lines("errors", [charts.Line("a", own, [0, 1], [1, 2], [0.5, 1], [2, 3])], "step", "px", counts=[3, 4]),
        charts.dots("means", [charts.Dot("mine", own, 0.5, Interval(0.5, 0.4, 0.6))], "px", zero=0.0),
        charts.histogram("sizes", [("kept", np.arange(9.0)), ("lost", np.arange(3.0))], "size", "tubes"),
        charts.bars("reasons", [("short", 5), ("small", 1)], "tubes"),
    ]
    for svg in drawn:
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img"
        assert root.get("aria-label") == root.findtext("title")
    assert "step" in drawn[0]
    assert ">0.5<" in drawn[1]
    assert ">5<" in drawn[3]


def test_limits_are_drawn_beside_the_values_and_not_far_from_them() -> None:
    values = [("kept", np.linspace(20, 40, 9))]

    def drawn(limits: list[float]) -> int:
        svg = ElementTree.fromstring(charts.histogram("a", values, "x", "y", limits=limits))
        return sum(line.get("class") == "limit" for line in svg.iter("line"))

    assert [drawn([10.0, 60.0]), drawn([30.0]), drawn([200.0]), drawn([])] == [2, 1, 0, 0]


def test_a_single_value_still_makes_a_chart() -> None:
    own = look.look(1)
    ElementTree.fromstring(charts.lines("one", [charts.Line("a", own, [3], [0.0])], "x", "y"))
    ElementTree.fromstring(charts.dots("one", [charts.Dot("a", own, 0.0, None)], "y"))
    ElementTree.fromstring(charts.histogram("one", [("a", np.array([2.0]))], "x", "y"))


def frames(errors: list[float]) -> pl.DataFrame:
    rows = [
        {"clip_id": f"c{k % 3}", "frame": k, "metric": name, "value": value}
        for k, error in enumerate(errors)
        for name, value in (("pose_gap", float(k)), ("l1", error))
    ]
    return schemas.FRAME_SCORES.frame(rows)


def test_errors_are_shown_against_what_drives_in_bins_that_variants_share() -> None:
    tables = {"flat": frames([0.1] * 60), "rising": frames([k / 60 for k in range(60)])}
    found = conditions.curves(tables, "pose_gap", "l1")
    flat, rising = found["flat"], found["rising"]
    assert flat.x == rising.x
    assert sum(flat.counts) == 60
    assert flat.y == pytest.approx([0.1] * conditions.BINS)
    assert rising.y == sorted(rising.y)
    assert all(low <= y <= high for low, y, high in zip(rising.low, rising.y, rising.high, strict=True))
    assert conditions.curves({"none": frames([])}, "pose_gap", "l1") == {}


def test_error_maps_share_one_scale() -> None:
    side = error_maps.SIDE
    tables = {
        name: schemas.ERROR_MAPS.frame([{"clip_id": "c", "map": [error] * side * side}])
        for name, error in (("good", 0.01), ("bad", 0.1))
    }
    found = error_maps.mean_maps(tables)
    assert found is not None
    assert found.top == pytest.approx(0.1)
    assert found.pictures["bad"].mean() > 3 * found.pictures["good"].mean()
    assert error_maps.mean_maps({"none": schemas.ERROR_MAPS.frame([])}) is None


def test_the_mean_face_lies_on_its_anchors_however_clips_are_framed() -> None:
    drawn = np.random.default_rng(0).uniform(50, 200, (1, 70, 2))
    moved = drawn @ np.array([[0.8, -0.3], [0.3, 0.8]]) + 17
    alone, both = error_maps.mean_face([drawn]), error_maps.mean_face([drawn, moved])
    assert alone is not None
    assert both is not None
    assert np.allclose(alone, both, atol=1e-3)
    assert np.allclose(both[[36, 45]], error_maps.ANCHORS[:2], atol=1e-3)
    assert np.allclose(both[48:68].mean(axis=0), error_maps.ANCHORS[2], atol=1e-3)
    assert error_maps.mean_face([np.full((3, 70, 2), np.nan)]) is None


def test_opposite_motion_has_opposite_colours_and_rest_is_white() -> None:
    offsets = np.array([[[5.0, 0.0], [-5.0, 0.0], [0.0, 0.0]]])
    right, left, rest = flow_colours.colours(offsets, 5.0)[0].astype(int)
    assert (rest == 255).all()
    assert np.abs(right + left - 255).max() <= 1


def test_a_page_of_nothing_says_so_in_every_section(tmp_path: Path) -> None:
    tables = {name: schemas.SCORES.frame([]) for name in ("reference", "mine")}
    page = render(
        Material(
            source="folder", variants=tuple(tables), best=leaderboard.best(tables), scores=tables,
            frames={name: schemas.FRAME_SCORES.frame([]) for name in tables},
            maps={name: schemas.ERROR_MAPS.frame([]) for name in tables}, shown=(), crossed=None, strips=(),
            ledger=schemas.LEDGER.frame([]), tubes=schemas.TUBES.frame([]), clips=schemas.CLIPS.frame([]), metrics={},
            raw=(), smooth=(), histories={}, params={}, digests={}, assets=tmp_path, href="assets",
        )
    )  # fmt: skip
    for anchor in CONTENTS.keys() - {
        "several",
        "tuning",
    }:  # where a variant takes several references, where anything was tried
        assert f'id="{anchor}"' in page
        assert f'href="#{anchor}"' in page
    told = (
        "Nobody to judge by", "no second variant", "nothing to play", "No error maps", "no scores of single frames",
        "along its refiner", "No clip has landmarks", "None of the variants was trained",
    )  # fmt: skip
    assert [words for words in told if words not in page] == []
    assert not list(tmp_path.iterdir())


def test_one_clip_of_real_footage_is_told_without_intervals_and_without_truth(tmp_path: Path) -> None:
    def scored(l1: float) -> pl.DataFrame:
        metrics = (("l1", l1), ("akd_dlib", 100 * l1))
        row = {"clip_id": "c", "person_id": "p", "frames": 9}
        return schemas.SCORES.frame([{**row, "metric": name, "value": value} for name, value in metrics])

    tables = {"reference": scored(0.08), "mine": scored(0.02)}
    page = render(
        Material(
            source="folder", variants=tuple(tables), best=leaderboard.best(tables), scores=tables, frames={}, maps={},
            shown=(), crossed=None, strips=(), ledger=schemas.LEDGER.frame([]), tubes=schemas.TUBES.frame([]),
            clips=schemas.CLIPS.frame([]), metrics={}, raw=(), smooth=(), histories={}, params={}, digests={},
            assets=tmp_path, href="assets",
        )
    )  # fmt: skip
    assert "<strong>mine</strong> is best" in page
    assert "one clip: no interval" in page
    assert "Not scored: these figures have no pair of two people" in page
    assert "real footage" in page
