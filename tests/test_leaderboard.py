"""Variants side by side: means with intervals, which one is best, and by how much on the same clips."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facemotion import schemas
from facemotion.evaluation import glossary, leaderboard


def table(**metrics: list[float]) -> pl.DataFrame:
    """Scores of clips 0, 1, ... of a person each."""
    rows = [
        {"clip_id": f"c{k}", "person_id": f"p{k}", "metric": name, "value": value, "frames": 5}
        for name, values in metrics.items()
        for k, value in enumerate(values)
    ]
    return schemas.SCORES.frame(rows)


def test_a_variant_stands_with_its_mean_and_an_interval_around_it() -> None:
    tables = {"reference": table(l1=[0.2, 0.3, 0.4], psnr=[10.0, 11.0, 12.0]), "mine": table(l1=[0.1, 0.2, 0.3])}
    figures = leaderboard.figures(leaderboard.standings(tables, leaderboard.SAME))
    assert figures["mine.l1"] == pytest.approx(0.2)
    assert 0.1 <= figures["mine.l1_low"] < 0.2 < figures["mine.l1_high"] <= 0.3
    assert figures["reference.psnr"] == 11
    assert "mine.psnr" not in figures
    assert leaderboard.csv(leaderboard.standings(tables)).splitlines()[1].startswith("reference,l1,0.3,")


def test_one_clip_has_no_interval() -> None:
    tables = {"reference": table(l1=[0.2]), "mine": table(l1=[0.1])}
    assert leaderboard.figures(leaderboard.standings(tables)) == {"reference.l1": 0.2, "mine.l1": 0.1}
    (row,) = leaderboard.against(tables, "mine")
    assert (row.difference, row.interval, row.wins, row.losses) == (pytest.approx(0.1), None, 0, 1)
    assert leaderboard.best(tables) == "mine"
    assert leaderboard.csv(leaderboard.standings(tables)).splitlines()[1:] == ["reference,l1,0.2,,", "mine,l1,0.1,,"]


def test_the_lowest_l1_is_best_and_landmarks_decide_where_it_cannot_be_told() -> None:
    clearly = {
        "a": table(l1=[0.2, 0.3, 0.4], akd_truth=[1.0, 1, 1]),
        "b": table(l1=[0.1, 0.2, 0.3], akd_truth=[9.0, 9, 9]),
    }
    assert leaderboard.best(clearly) == "b"
    hardly = {
        "a": table(l1=[0.2, 0.3, 0.1], akd_truth=[1.0, 1, 1]),
        "b": table(l1=[0.1, 0.2, 0.29], akd_truth=[9.0, 9, 9]),
    }
    assert leaderboard.best(hardly) == "a"
    no_truth = {
        name: own.with_columns(pl.col("metric").replace("akd_truth", "akd_dlib")) for name, own in hardly.items()
    }
    assert leaderboard.best(no_truth) == "a"
    unknown = {name: own.filter(metric="l1") for name, own in hardly.items()}
    assert leaderboard.best(unknown) == "b"


def test_nothing_scored_is_nothing_to_compare() -> None:
    tables = {"reference": table(), "mine": table()}
    assert leaderboard.best(tables) is None
    assert leaderboard.figures(leaderboard.standings(tables)) == {}
    assert leaderboard.csv([]) == "variant,metric,value,low,high\n"
    assert leaderboard.paired_csv([]).startswith("variant,other,metric,")


def test_wins_follow_the_way_that_is_better_for_the_metric() -> None:
    tables = {
        "mine": table(l1=[0.1, 0.2, 0.3], psnr=[9.0, 12, 13]),
        "best": table(l1=[0.2, 0.1, 0.3], psnr=[10.0, 11, 12]),
    }
    l1, psnr = leaderboard.against(tables, "best", leaderboard.SAME)
    assert (l1.wins, l1.losses, l1.clips) == (1, 1, 3)
    assert (psnr.wins, psnr.losses) == (2, 1)
    assert psnr.difference == pytest.approx(1 / 3)


def test_only_clips_that_both_have_are_compared() -> None:
    row = leaderboard.paired({"a": table(l1=[0.1, 0.2, 0.9]), "b": table(l1=[0.2, 0.3])}, "a", "b", "l1")
    assert row is not None
    assert row.clips == 2
    assert row.difference == pytest.approx(-0.1)


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)), min_size=2, max_size=20))
def test_a_paired_difference_is_mirrored_when_sides_are_changed(values: list[tuple[float, float]]) -> None:
    tables = {"a": table(l1=[a for a, _ in values]), "b": table(l1=[b for _, b in values])}
    one, other = leaderboard.paired(tables, "a", "b", "l1"), leaderboard.paired(tables, "b", "a", "l1")
    assert one is not None
    assert other is not None
    assert one.interval is not None
    assert other.interval is not None
    assert one.difference == pytest.approx(-other.difference)
    assert (one.interval.low, one.interval.high) == pytest.approx((-other.interval.high, -other.interval.low))
    assert one.interval.low - 1e-12 <= one.difference <= one.interval.high + 1e-12
    assert leaderboard.told_apart(one) == leaderboard.told_apart(other)
    assert (one.wins, one.losses) == (other.losses, other.wins)


def test_an_interval_is_narrower_with_more_clips() -> None:
    values = np.random.default_rng(1).normal(0.3, 0.05, 60).tolist()
    few, many = (leaderboard.standings({"mine": table(l1=own)})[0].interval for own in (values[:6], values))
    assert few is not None
    assert many is not None
    assert many.high - many.low < 0.7 * (few.high - few.low)


@pytest.mark.parametrize("metric", [*leaderboard.SAME, *leaderboard.CROSS, *leaderboard.HEADLINE])
def test_every_compared_metric_has_a_meaning_and_a_way_that_is_better(metric: str) -> None:
    about = glossary.about(metric)
    assert about.meaning
    assert about.better in ("lower", "higher") or metric.endswith("_bias")


def test_names_that_say_how_a_metric_was_reached_are_understood() -> None:
    assert glossary.base("cross_l1_absolute") == "l1"
    assert glossary.base("l1_n2") == "l1"
    assert glossary.base("unseen_bg_l1_best_pose_n4") == "unseen_bg_l1"
    assert glossary.about("akd_lips_n8").better == "lower"
    assert "from 4 references; fused by mean instead" in glossary.about("unseen_l1_mean_n4").meaning
    assert glossary.base("akd_truth") == "akd_truth"
    assert "flow number 3" in glossary.about("epe_lips_step3").meaning
    assert glossary.about("epe_lips_step3").unit == glossary.about("epe").unit
    assert glossary.about("pose_error_truth_bias").better == "neither"
    assert glossary.about("unheard_of") == glossary.UNKNOWN
    assert glossary.better("cross_ssim", 0.9, 0.8)
    assert not glossary.better("undetected", 0.0, 1.0)
