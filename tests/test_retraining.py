"""Retraining: who becomes the champion and why, in a real registry, and a person's own files left alone."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import toy_retrain
from conftest import ROOT
from prefect_server import PrefectServer
from training_toys import config

from facemotion import schemas
from facemotion import tracking_registry as registry
from facemotion.errors import FacemotionError
from facemotion.evaluation import promotion
from facemotion.evaluation.promotion import Judged
from facemotion.models.animator import Animator
from facemotion.models.weights import save_model

CLIPS = 12


def scores(**means: float) -> pl.DataFrame:
    """Clips that differ by much, and by the same for all models."""
    spread = np.linspace(0.5, 1.5, CLIPS)
    wobble = 1 + 0.01 * np.sin(np.arange(CLIPS) * 7)
    return schemas.SCORES.frame(
        [
            {"clip_id": f"c{k}", "person_id": f"p{k // 3}", "metric": name, "value": mean * value, "frames": 5}
            for name, mean in means.items()
            for k, value in enumerate(spread * wobble)
        ]
    )


OLD = Judged(scores(l1=0.10, csim_dlib=0.8, flicker=0.02), 10.0)
GUARDS = {"csim_dlib": 0.02, "flicker": 0.05, "ms_frame": 0.25}


@pytest.mark.parametrize(
    ("new", "ms", "promoted", "why"),
    [
        ({"l1": 0.09, "csim_dlib": 0.8, "flicker": 0.02}, 10.0, True, "better: l1 -0.01"),
        ({"l1": 0.09, "csim_dlib": 0.79, "flicker": 0.0205}, 12.4, True, "better: l1"),  # within what is allowed
        ({"l1": 0.10, "csim_dlib": 0.8, "flicker": 0.02}, 10.0, False, "not better beyond doubt"),
        ({"l1": 0.11, "csim_dlib": 0.9, "flicker": 0.01}, 5.0, False, "not better beyond doubt"),
        ({"l1": 0.09, "csim_dlib": 0.77, "flicker": 0.02}, 10.0, False, "but csim_dlib"),
        ({"l1": 0.09, "csim_dlib": 0.8, "flicker": 0.022}, 10.0, False, "but flicker"),
        ({"l1": 0.09, "csim_dlib": 0.8, "flicker": 0.02}, 13.0, False, "but ms_frame 10 -> 13"),
        ({"l1": 0.09, "csim_dlib": 0.8}, 10.0, False, "but flicker"),  # nobody can say that it got no worse
    ],
)
def test_it_must_be_better_beyond_doubt_and_no_guard_worse_than_allowed(
    new: Mapping[str, float], ms: float, promoted: bool, why: str
) -> None:
    verdict = promotion.judge(Judged(scores(**new), ms), OLD, "l1", GUARDS)
    assert verdict.promote is promoted
    assert why in verdict.reason
    shown = promotion.markdown(verdict, "title")
    assert shown.count("**no**") == sum(not line.kept for line in verdict.lines)


def test_a_metric_that_is_better_when_higher_is_taken_so() -> None:
    better, worse = (Judged(scores(csim_dlib=value), 1.0) for value in (0.9, 0.8))
    assert promotion.judge(better, worse, "csim_dlib", {}).promote
    assert not promotion.judge(worse, better, "csim_dlib", {}).promote


@pytest.mark.parametrize(("count", "promoted"), [(1, False), (5, False), (6, True)])
def test_too_few_common_clips_promote_nobody(count: int, promoted: bool) -> None:
    few = OLD.scores.filter(pl.col("clip_id").is_in([f"c{k}" for k in range(count)]))
    better = few.with_columns(pl.col("value") * 0.8)
    assert promotion.judge(Judged(better, 1.0), Judged(few, 1.0), "l1", {}).promote is promoted


@pytest.mark.parametrize(("metric", "guards"), [("ms_frame", {}), ("epe_toes", {}), ("l1", {"undetected": 0.1})])
def test_what_nothing_can_be_judged_by_is_refused(metric: str, guards: dict[str, float]) -> None:
    promotion.check("l1", GUARDS)
    with pytest.raises(FacemotionError, match="no score of which one way is better"):
        promotion.check(metric, guards)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An MLflow store of its own in a folder with three models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    shutil.copyfile(ROOT / "params.yaml", tmp_path / "params.yaml")
    for name in "abc":
        save_model(Animator(config()), tmp_path / name)
    (tmp_path / registry.PEOPLE).write_text('["ann"]')
    return tmp_path


def registered(store: Path, name: str) -> str:
    return registry.register(store / name, [store / registry.PEOPLE], {registry.WEIGHTS: name}).version


def bears(alias: str) -> str | None:
    found = registry.standing(alias)
    return found.tags[registry.WEIGHTS] if found is not None else None


def test_champion_previous_and_challenger_follow_what_happens(store: Path) -> None:
    assert bears("champion") is None
    with pytest.raises(FacemotionError, match="no previous champion"):
        registry.roll_back()
    registry.promote(registered(store, "a"), "the first")
    registry.challenge(registered(store, "b"), "worse")
    assert [bears(alias) for alias in ("champion", "previous", "challenger")] == ["a", None, "b"]
    registry.promote(registered(store, "c"), "better")
    assert [bears(alias) for alias in ("champion", "previous", "challenger")] == ["c", "a", None]
    folder = registry.fetch("champion", store / "fetched")
    for file in ("weights.safetensors", "config.json"):
        assert (folder / file).read_bytes() == (store / "c" / file).read_bytes()
    champion = registry.standing("champion")
    assert champion is not None
    assert champion.tags[registry.REASON] == "better"
    assert json.loads(registry.learnt_from(champion, store / "fetched").read_text()) == ["ann"]

    registry.roll_back()
    assert (bears("champion"), bears("previous")) == ("a", "c")
    assert registry.rolled_back("c")
    registry.roll_back()  # a second thought
    assert (bears("champion"), bears("previous")) == ("c", "a")
    assert (registry.rolled_back("c"), registry.rolled_back("a")) == (False, True)
    command = [sys.executable, "-m", "facemotion.cli", "champion", "show"]
    told = subprocess.run(command, cwd=store, env=toy_retrain.environment(), capture_output=True, text=True, check=True)
    assert "champion: version 3, models:/facemotion@champion" in told.stdout
    assert "reason: better" in told.stdout


def test_show_says_that_there_is_none_and_rollback_fails_in_words(store: Path) -> None:
    def facemotion(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "facemotion.cli", "champion", *words]
        return subprocess.run(command, cwd=store, env=toy_retrain.environment(), capture_output=True, text=True)

    assert "there is no champion yet" in facemotion("show").stdout
    told = facemotion("rollback")
    assert told.returncode == 1
    assert "no previous champion" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.slow
def test_retraining_promotes_the_first_keeps_what_is_no_better_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefect_server: PrefectServer
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    toy = toy_retrain.make(tmp_path)
    before = toy_retrain.content(tmp_path)

    def retrain(*words: str) -> str:
        told = toy.run(sys.executable, "-m", "pipelines.retrain", *words, **prefect_server.environment)
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stderr.splitlines()[-1]

    assert "tiny is the champion now, version 1: the first" in retrain()
    assert "nothing new: it is the champion, to the byte" in retrain()
    # Footage that came changes what is learnt; a model of other random weights is no better beyond doubt.
    shutil.copyfile(tmp_path / "videos/a.mp4", tmp_path / "videos/b.mp4")
    assert "tiny is kept as challenger, version 2" in retrain()
    assert "verdict" in prefect_server.artifacts(prefect_server.newest_run("retrain"))
    states = prefect_server.states(prefect_server.newest_run("retrain"))
    assert {"learn", "score"} <= set(states)
    kept = registry.standing("challenger")
    assert kept is not None
    assert "l1" in kept.tags[registry.REASON]
    # The commit of that retraining is there for who wants it; the person's tree and branch are as they were.
    shown = toy.run("git", "show", f"{kept.tags['git']}:data/source.json").stdout
    assert "b.mp4" in shown
    (tmp_path / "videos/b.mp4").unlink()
    assert toy_retrain.content(tmp_path) == before
    assert toy.run("git", "status", "--porcelain").stdout == ""
