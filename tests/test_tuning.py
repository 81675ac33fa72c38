"""Searches: the same for a seed, gone on with where they stopped; the default stays unless it is beaten."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import optuna
import psutil
import pytest
from conftest import ROOT
from ruamel.yaml import YAML
from tuning_toys import content, plan, study

from facemotion import config, layout
from facemotion.errors import FacemotionError
from facemotion.tuning import adopt, figures, record, space, table
from facemotion.tuning import study as studies
from facemotion.tuning.search import Search
from facemotion.tuning.trial import Plan


class Unrecorded:
    """Trials whose record is no matter here: the store itself is tried in test_tracking_tuning."""

    def __init__(self, *_: Any) -> None:
        self.live = self

    def metrics(self, rows: Any) -> None: ...

    def picture(self, *_: Any) -> None: ...

    def end(self, *_: Any, **__: Any) -> None: ...


@pytest.fixture(autouse=True)
def _unrecorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "start", Unrecorded)


def searched(tried: Plan, folder: Path) -> Search:
    kept = studies.storage(studies.sqlite(folder / "study.db"))
    own = studies.opened(kept, "toy", tried.params.tune)
    studies.begin(own, tried.params.tune, tried.default)
    return Search(tried, own, folder / "work", "toy")


def told(search: Search, trials: int) -> str:
    studies.work(search.study, search.objective, trials)
    return table.text(table.rows(search.study, search.plan), search.plan.params.tune)


def test_one_worker_finds_the_same_for_a_seed_though_it_was_interrupted(tmp_path: Path) -> None:
    tried = plan()
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    whole = told(searched(tried, tmp_path / "whole"), 4)
    assert len(whole.splitlines()) == 5
    assert whole.splitlines()[1].split(",")[:3] == ["0", "kept", "1"]
    assert ",0.002,4," in whole.splitlines()[1]

    broken = searched(tried, tmp_path / "broken")
    calls = []

    def interrupted(trial: optuna.Trial) -> tuple[float, ...]:
        calls.append(trial.number)
        reached = broken.objective(trial)
        if len(calls) in (1, 3):  # the default's trial, and a later one
            raise KeyboardInterrupt
        return reached

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            studies.work(broken.study, interrupted, 4)
    assert told(searched(tried, tmp_path / "broken"), 4) == whole
    # Trials are counted in all, not further.
    assert told(searched(tried, tmp_path / "broken"), 3) == whole


def test_a_better_value_is_told_apart_in_longer_trainings_and_then_adopted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {"key": "train_coarse.rate", "default": 0.5, "low": 1e-4, "high": 0.5, "scale": "log"}
    again = {"steps": 4, "seeds": 1}
    bad = plan(24, rate=0.5, trials=4, validate_every=4, validation_pairs=24, again=again, space=[rates])
    search = searched(bad, tmp_path)
    told(search, 4)
    finding = search.finding()
    assert finding.better, figures.told(finding)
    assert finding.values["train_coarse.rate"] < 0.1
    assert finding.compared["score"].difference.high < 0
    assert figures.figures(finding)["score_best"] < figures.figures(finding)["score_default"]
    # Asked again, what was done for the verdict is not done again.
    monkeypatch.setattr(Plan, "tried", None)
    assert search.finding() == finding

    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    diff = adopt.adopt({**finding.values, "model.generator.widths": [24, 48, 64, 96]})
    changed = [line for line in diff.splitlines() if line.startswith("+ ")]
    assert len(changed) == 2
    assert f"rate: {finding.values['train_coarse.rate']}" in changed[1]
    assert "AdamW's highest" in changed[1]
    assert config.load().model.generator.widths == (24, 48, 64, 96)


def test_the_default_stays_where_nothing_is_told_apart(tmp_path: Path) -> None:
    rates = {"key": "train_coarse.rate", "default": 0.002, "low": 0.00199, "high": 0.00201, "scale": "linear"}
    search = searched(plan(3, trials=3, space=[rates]), tmp_path)
    told(search, 3)
    finding = search.finding()
    assert not finding.values
    assert "the default" in figures.told(finding)


def test_values_that_lead_nowhere_end_their_trial_and_not_the_search(tmp_path: Path) -> None:
    rates = {"key": "train_coarse.rate", "default": 0.002, "low": 0.001, "high": 1e30, "scale": "log"}
    search = searched(plan(trials=4, space=[rates]), tmp_path)
    rows = told(search, 4).splitlines()[1:]
    assert len(rows) == 4
    assert any("led nowhere" in row for row in rows)
    assert "kept" in rows[0]


def test_several_objectives_are_weighed_together(tmp_path: Path) -> None:
    search = searched(plan(3, trials=3, objectives=["akd_lips", "l1"]), tmp_path)
    rows = told(search, 3).splitlines()
    assert rows[0].startswith("trial,state,default,akd_lips,l1,last_val_score,train_coarse.rate")
    assert all(float(row.split(",")[3]) > 0 for row in rows[1:])
    assert set(search.finding().compared) in (set(), {"akd_lips", "l1"})


def test_workers_share_a_study_and_a_killed_ones_trial_is_done_again(tmp_path: Path) -> None:
    uri = studies.sqlite(tmp_path / "study.db")
    own = study(uri)
    words = [sys.executable, str(ROOT / "tests" / "tuning_toys.py"), uri, "7"]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": "", "GOMP_SPINCOUNT": "0"}
    workers = [subprocess.Popen(words, env=environment) for _ in range(2)]
    until = time.monotonic() + 300
    killed = f"-{workers[0].pid}"
    while not any(trial.user_attrs.get(studies.WORKER, "").endswith(killed) for trial in own.get_trials()):
        assert time.monotonic() < until
        time.sleep(0.02)
    workers[0].kill()
    assert workers[1].wait(300) == 0
    trials = own.get_trials()
    assert len(studies.ended(own)) == 7
    lost = [trial for trial in trials if trial.state == optuna.trial.TrialState.FAIL and trial.params]
    for trial in lost:  # which may have been killed before all of its values were drawn
        assert any(trial.params.items() <= other.params.items() for other in studies.ended(own))
    assert len({str(trial.params) for trial in studies.ended(own)}) == 7


def test_a_worker_ends_with_a_lead_that_was_killed() -> None:
    worker = "import os; from facemotion.tuning import worker; print(os.getpid(), flush=True); worker.end_with({lead})"
    code = (
        "import os, subprocess, sys\n"
        f"code = {worker!r}.format(lead=os.getpid())\n"
        "subprocess.run([sys.executable, '-c', code], start_new_session=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as lead:
        assert lead.stdout is not None
        worked = psutil.Process(int(lead.stdout.readline()))
        assert worked.is_running()
        lead.kill()
    worked.wait(60)


def test_a_value_is_the_tuned_one_only_where_params_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = YAML(typ="safe", pure=True).load((ROOT / "params.yaml").read_text())
    found = {"train_coarse.rate": 0.0021, "train_coarse.beta2": 0.95}
    plain = config.validate(told, "params.yaml", found)
    assert plain.train_coarse.rate == told["train_coarse"]["rate"] != 0.0021
    told["train_coarse"]["rate"] = "tuned"
    assert config.validate(told, "params.yaml", found).train_coarse.rate == 0.0021
    assert config.validate(told, "params.yaml", found).train_coarse.beta2 == told["train_coarse"]["beta2"]
    # Before anything is found, and for stages that learn nothing, it is the default of the space.
    assert config.validate(told, "params.yaml").train_coarse.rate == 0.001
    # -S train_coarse.rate=... writes over it, and means what it says.
    told["train_coarse"]["rate"] = 0.007
    assert config.validate(told, "params.yaml", found).train_coarse.rate == 0.007

    monkeypatch.chdir(tmp_path)
    layout.MODELS.mkdir()
    told["train_coarse"]["rate"] = "tuned"
    YAML().dump(told, layout.PARAMS)
    layout.TUNED.write_text("{}\n")
    with pytest.raises(FacemotionError, match="dvc repro tune"):
        config.tuned()
    layout.TUNED.write_text("train_coarse.rate: 0.0021\n")
    assert config.load(tuned=config.tuned()).train_coarse.rate == 0.0021


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"key": "train_coarse.rat", "default": 1.0, "low": 0.5, "high": 2.0, "scale": "log"}, "not a known key"),
        ({"key": "train_coarse.steps", "default": 2, "low": 1, "high": 3, "scale": "whole"}, "cannot be tuned"),
        ({"key": "smooth.doubt", "default": 2.0, "low": 1.0, "high": 3.0, "scale": "linear"}, "cannot be tuned"),
        ({"key": "train_coarse.rate", "default": 9.0, "low": 0.5, "high": 2.0, "scale": "log"}, "low <= default"),
        ({"key": "train_coarse.rate", "default": 0.5, "low": 0.0, "high": 2.0, "scale": "log"}, "above 0"),
        ({"key": "train_coarse.beta2", "default": 0.9, "low": 0.5, "high": 2.0, "scale": "linear"}, "beta2 at 2.0"),
        ({"key": "model.keypoints.count", "default": 9.5, "low": 5, "high": 12, "scale": "whole"}, "whole numbers"),
        ({"key": "model.generator.widths", "default": [8, 8], "among": [[16, 16], [8, 16]]}, "is not among"),
    ],
)
def test_what_cannot_be_searched_is_told(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(FacemotionError, match=message):
        config.validate(content(space=[entry]), "params.yaml")


def test_tuned_where_nothing_is_searched_is_told() -> None:
    told = content()
    told["train_refine"]["rate"] = "tuned"
    with pytest.raises(FacemotionError, match=r"train_refine\.rate says `tuned`, but tune\.space has no such key"):
        config.validate(told, "params.yaml")


def test_dotted_keys_become_sections() -> None:
    assert space.nested({"a.b": 1, "a.c.d": 2}) == {"a": {"b": 1, "c": {"d": 2}}}


def test_the_stage_writes_only_what_is_called_tuned_and_nothing_where_it_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stages import tune
    from stages.harness import Notes

    monkeypatch.chdir(tmp_path)
    told = content(trials=0)
    told["train_coarse"]["rate"] = "tuned"
    for rate, expected in ((0.002, "{}\n"), ("tuned", "train_coarse.rate: 0.002\n")):
        told["train_coarse"]["rate"] = rate
        YAML().dump({**told, "model": plain_lists(told["model"])}, layout.PARAMS)
        notes = Notes("tune", "key", {}, None)  # type: ignore[arg-type]
        assert "off" in tune.main(config.load(), notes)
        assert layout.TUNED.read_text() == expected
        assert layout.metrics("tune").read_text() == "{}\n"
        assert len(layout.plot("tune_trials").read_text().splitlines()) == 1


def plain_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain_lists(own) for key, own in value.items()}
    return list(value) if isinstance(value, tuple) else value
