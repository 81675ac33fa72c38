"""What the page says of a search: nothing where nothing was tried, else its verdict, its course and every trial."""

import re
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
from ruamel.yaml import YAML

from facemotion import schemas
from facemotion.report.material import Material
from facemotion.report.page import render
from facemotion.report.tuned import tuned

ROOT = Path(__file__).parent.parent
TRIALS = """trial,state,default,score,last_val_score,train_coarse.rate,model.keypoints.count,model.generator.widths
0,kept,1,0.8,0.8,0.001,15,"[16, 32, 64, 96]"
1,kept,0,0.75,0.75,0.003,9,"[16, 32, 64, 96]"
2,cut short,0,,0.91,0.0004,20,"[24, 48, 64, 96]"
3,kept,0,0.7,0.7,0.002,12,"[24, 48, 64, 96]"
4,led nowhere,0,,,0.004,12,"[12, 24, 48, 96]"
"""
FIGURES = {
    "trials": 5.0,
    "better": 1.0,
    "again_score_value": -0.05,
    "again_score_low": -0.09,
    "again_score_high": -0.01,
}


def material(folder: Path, told: str = TRIALS, **figures: float) -> Material:
    params = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())
    return Material(
        source="synthetic", variants=(), best=None, scores={}, frames={}, maps={}, shown=(), crossed=None, strips=(),
        ledger=schemas.LEDGER.frame([]), tubes=schemas.TUBES.frame([]), clips=schemas.CLIPS.frame([]),
        metrics={"tune": figures}, raw=(), smooth=(), histories={}, params={"tune": params["tune"]}, digests={},
        assets=folder, href="assets", trials=pl.read_csv(told.encode(), infer_schema_length=None),
        importance=pl.DataFrame({"key": ["train_coarse.rate", "model.keypoints.count"], "share": [0.8, 0.2]}),
    )  # fmt: skip


def test_it_tells_the_verdict_the_course_and_every_trial(tmp_path: Path) -> None:
    page = render(material(tmp_path, **FIGURES))
    assert 'href="#tuning"' in page
    assert "less the default, comes to score −0.05 (−0.09 to −0.01): it is better" in page
    drawn = re.findall(r"<svg.*?</svg>", tuned(material(tmp_path, **FIGURES)), re.DOTALL)
    assert len(drawn) == 3
    for one in drawn:
        ElementTree.fromstring(one)
    history, _, coordinates = drawn
    # All trials but the one that led nowhere; a line for each that came to its end.
    assert history.count("<g class=") - 1 == 4
    assert coordinates.count('class="fine"') == 3
    assert "24-48-64-96" in page
    assert page.count("led nowhere") == 1


def test_a_default_that_stays_is_told(tmp_path: Path) -> None:
    assert "so that the default stays" in tuned(material(tmp_path, **{**FIGURES, "better": 0.0}))
    only = "\n".join(TRIALS.splitlines()[:2]) + "\n"
    assert "No trial did better than the default" in tuned(material(tmp_path, only))


def test_nothing_is_said_where_nothing_was_tried(tmp_path: Path) -> None:
    assert 'id="tuning"' not in render(material(tmp_path, TRIALS.splitlines()[0] + "\n"))
