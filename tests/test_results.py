"""The results page: tables from committed scores and benchmark files, and nothing else on the page touched."""

import json
from pathlib import Path

import pytest

from pipelines import results


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports/metrics").mkdir(parents=True)
    (tmp_path / "reports/benchmarks").mkdir()


def metrics(name: str, **figures: float) -> None:
    Path(f"reports/metrics/{name}.json").write_text(json.dumps(figures))


def test_models_stand_below_the_reference_with_their_ratios() -> None:
    metrics("evaluate_keypoints_coarse", l1=0.02, mkr=0.0, epe=2.0, epe_step0=2.5, clips=3)
    metrics("evaluate_reference", l1=0.05, mkr=0.0, epe=8.0, clips=3)
    metrics("pack", test_clips=3)
    table = results.evaluations(results.EVALUATED)
    assert table is not None
    head, _, first, second = table.splitlines()
    assert head == "| variant | l1 | mkr | epe |"
    assert first == "| reference | 0.05 | 0 | 8 |"
    assert second == "| keypoints_coarse | 0.02 (0.40x) | 0 | 2 (0.25x) |"
    assert results.scores().splitlines()[2:] == ["| pack | `test_clips` | 3 |"]


def test_what_has_not_run_leaves_the_page_as_it_is() -> None:
    page = "a <!-- scores -->\nold\n<!-- end --> b <!-- evaluate -->\nnone yet\n<!-- end --> c"
    metrics("evaluate_reference")
    made = results.filled(page)
    assert "none yet" in made
    assert "old" not in made


def test_benchmarks_of_every_shape_are_shown() -> None:
    folder = Path("reports/benchmarks")
    (folder / "pack.json").write_text(json.dumps([{"name": "packed", "value": 480.2, "unit": "frames/s"}]))
    (folder / "overfit.json").write_text(json.dumps({"l1_ratio": 0.9}))
    table = results.benchmarks()
    assert table is not None
    assert table.splitlines()[2:] == ["| overfit | l1_ratio | 0.9 |  |", "| pack | packed | 480.2 | frames/s |"]


def test_figures_of_benchmarks_that_did_not_run_here_stay() -> None:
    page = "<!-- benchmarks -->\n| benchmark | figure | value | unit |\n|---|---|---|---|\n"
    page += "| crop | cropped | 430 | frames/s |\n| pack | packed | 1 | frames/s |\n<!-- end -->"
    Path("reports/benchmarks/pack.json").write_text(json.dumps([{"name": "packed", "value": 2.5, "unit": "frames/s"}]))
    made = results.filled(page)
    assert "| crop | cropped | 430 | frames/s |" in made
    assert "| pack | packed | 2.5 | frames/s |" in made
    assert "| pack | packed | 1 |" not in made


def test_losses_are_compared_with_the_first_row() -> None:
    rows = [{"name": "as committed", "steps": 10, "l1": 0.02}, {"name": "without ssim", "steps": 12, "l1": 0.03}]
    Path("reports/benchmarks/losses.json").write_text(json.dumps(rows))
    table = results.choices("losses")
    assert table is not None
    assert table.splitlines()[2:] == ["| as committed | 10 | 0.02 |", "| without ssim | 12 | 0.03 (1.50x) |"]


def test_refinement_is_told_with_its_intervals_and_along_the_list() -> None:
    figures = {"cpu_seconds": 300.0, "l1_ratio": 0.9, "l1_ratio_low": 0.8, "l1_ratio_high": 0.95}
    figures |= {"epe_step0": 3.0, "epe_step1": 2.5, "mkr": 0.0}
    Path("reports/benchmarks/refinement.json").write_text(json.dumps(figures))
    table = results.refinement()
    assert table is not None
    assert "| `l1` | 0.900 | 0.800 to 0.950 |" in table
    assert "| `epe` | 3.00, 2.50 |" in table
    assert table.splitlines()[-1] == "`cpu_seconds` 300, `mkr` 0"
