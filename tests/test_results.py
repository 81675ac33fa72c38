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
    table = results.evaluations()
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
    (folder / "losses.json").write_text(json.dumps([{"name": "l1", "steps": 9, "akd_lips": 1.5}]))
    (folder / "pack.json").write_text(json.dumps([{"name": "packed", "value": 480.2, "unit": "frames/s"}]))
    (folder / "refinement.json").write_text(json.dumps({"l1_ratio": 0.9}))
    table = results.benchmarks()
    assert table is not None
    for row in (
        "| losses | l1, steps | 9 |  |",
        "| losses | l1, akd_lips | 1.5 |  |",
        "| pack | packed | 480.2 | frames/s |",
        "| refinement | l1_ratio | 0.9 |  |",
    ):
        assert row in table
