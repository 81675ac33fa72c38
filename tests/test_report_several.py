"""What the page says of several references: what each more leaves of the error, and against what is simple."""

from pathlib import Path

import polars as pl
import pytest

from facemotion import schemas
from facemotion.evaluation.several_pictures import TURN, Turned
from facemotion.report import several, strips, turns
from facemotion.report.material import Material
from facemotion.report.page import render
from facemotion.report.strips import HIDDEN, Pictured

COUNTS = (1, 2, 4, 8)
CLIPS = 6


def error(count: int, gap: float, clip: int, way: str) -> float:
    """More references leave less, the less the further the head is turned; the mean is worse by a tenth."""
    left = 1 - 0.01 * gap * (1 - 1 / count)
    return 0.05 * (1 + 0.1 * clip) * left * (1.1 if way and count > 1 else 1)


def tables(metric: str = "unseen_l1") -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scores, and those of frames."""
    rows = []
    for clip in range(CLIPS):
        for frame in range(10):
            gap = 3.0 * frame + clip
            values = {TURN: gap}
            for way in ("", "mean"):
                for count in COUNTS:
                    values[turns.named(metric, way, count)] = error(count, gap, clip, way if count > 1 else "")
                    values[turns.named("l1", way, count)] = error(count, gap, clip, way if count > 1 else "") / 2
            rows += [
                {"clip_id": f"c{clip}", "frame": frame, "metric": name, "value": value}
                for name, value in values.items()
            ]
    frames = schemas.FRAME_SCORES.frame(rows)
    scores = frames.filter(pl.col("metric") != TURN).group_by("clip_id", "metric").agg(pl.col("value").mean())
    scores = scores.with_columns(person_id=pl.col("clip_id"), frames=pl.lit(10, pl.Int64)).sort("clip_id", "metric")
    return scores.select(list(schemas.SCORES.columns)), frames


def material(folder: Path, scores: pl.DataFrame, frames: pl.DataFrame, *shown: Pictured) -> Material:
    alone = scores.filter(pl.lit(False))
    return Material(
        source="synthetic", variants=("reference", "fusion"), best=None, scores={"reference": alone, "fusion": scores},
        frames={"reference": frames.filter(pl.lit(False)), "fusion": frames}, maps={}, shown=(), crossed=None,
        strips=shown, ledger=schemas.LEDGER.frame([]), tubes=schemas.TUBES.frame([]), clips=schemas.CLIPS.frame([]),
        metrics={}, raw=(), smooth=(), histories={}, params={}, digests={}, assets=folder, href="assets",
    )  # fmt: skip


def test_what_is_left_of_the_error_falls_with_references_and_with_the_turn() -> None:
    scores, frames = tables()
    assert turns.strategies(scores) == turns.strategies(frames) == ["", "mean"]
    found = turns.panels(frames, "unseen_l1", ["", "mean"])
    assert len(found) == turns.BINS
    assert sum(panel.frames for panel in found) == CLIPS * 10
    assert [panel.least for panel in found[1:]] == [panel.most for panel in found[:-1]]
    for panel in found:
        own, mean = panel.curves[""], panel.curves["mean"]
        assert own.y[0] == own.low[0] == own.high[0] == mean.y[0] == 1
        assert own.y == sorted(own.y, reverse=True)
        assert mean.y[1:] == pytest.approx([1.1 * value for value in own.y[1:]])
        assert all(low <= value <= high for low, value, high in zip(own.low, own.y, own.high, strict=True))
    least, most = (found[k].curves[""].y[-1] for k in (0, -1))
    assert most < least - 0.1
    assert turns.panels(frames, "unseen_bg_l1", ["", "mean"]) == []


def test_frames_without_a_figure_are_left_out_of_all_of_its_lines() -> None:
    _, frames = tables()
    lacking = frames.filter(~((pl.col("metric") == "unseen_l1_n4") & (pl.col("frame") < 5)))
    found = turns.panels(lacking, "unseen_l1", [""])
    assert sum(panel.frames for panel in found) == CLIPS * 5


def test_the_page_tells_the_finding_and_shows_it(tmp_path: Path) -> None:
    scores, frames = tables()
    made = {"driving": "a.jpg", HIDDEN: "b.jpg", **{f"from {count}": f"{count}.jpg" for count in COUNTS}}
    shown = Pictured(Turned("c5", 9, 32.4), "ann", made, ("r1.jpg", "r2.jpg"))
    page = render(material(tmp_path, scores, frames, shown))
    assert 'href="#several"' in page
    told = page[page.index('id="several"') :]
    plain = told[: told.index("</section>")]
    assert "from 2 rather than 1 it is" in plain
    assert "not told from chance" not in plain
    assert "the closest of the strategies that learn nothing is mean" in plain
    assert "beyond chance" in plain
    assert "ann, frame 9, the head turned 32 degrees aside" in plain
    assert all(f'src="assets/{file}"' in plain for file in (*made.values(), "r2.jpg"))
    assert plain.count('role="img"') >= 2 * turns.BINS
    assert all(f">{count}</text>" in plain for count in COUNTS)


def test_a_single_clip_has_no_finding(tmp_path: Path) -> None:
    scores, frames = (table.filter(clip_id="c0") for table in tables())
    assert "scored on one clip alone" in several.several(material(tmp_path, scores, frames))


def test_real_footage_has_no_hidden_pixels_but_a_finding(tmp_path: Path) -> None:
    scores, frames = (table.filter(~pl.col("metric").str.starts_with("unseen")) for table in tables())
    told = several.several(material(tmp_path, scores, frames))
    assert "l1" in told
    assert "unseen_l1" not in told
    assert told.count('role="img"') >= turns.BINS


def test_without_a_variant_of_several_references_nothing_is_said(tmp_path: Path) -> None:
    scores, frames = (table.filter(pl.lit(False)) for table in tables())
    assert strips.fusing({"fusion": scores}) is None
    page = render(material(tmp_path, scores, frames))
    assert "several" not in page
