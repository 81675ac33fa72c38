"""Checkpoints: whole or not there, refused where they do not fit, the one before where the last is spoilt."""

from pathlib import Path

import pytest
import torch
from training_toys import config, job, run, settings

from facemotion.errors import FacemotionError
from facemotion.models.animator import Animator
from facemotion.training import checkpoint
from facemotion.training.history import History
from facemotion.training.loop import train


def truncate(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    tensors = {"a": torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last), "b": torch.arange(3)}
    checkpoint.save(tmp_path / "x.safetensors", tensors, {"step": 3, "rows": [{"loss": 0.1}]})
    kept = checkpoint.load(tmp_path / "x.safetensors")
    assert kept.about == {"step": 3, "rows": [{"loss": 0.1}]}
    assert all(torch.equal(kept.tensors[name], tensors[name]) for name in tensors)
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


def test_the_one_before_stands_in_for_a_spoilt_last(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for step in (1, 2):
        checkpoint.save_last(tmp_path, {"a": torch.ones(100) * step}, {"step": step})
    truncate(tmp_path / checkpoint.LAST)
    kept = checkpoint.load_last(tmp_path)
    assert kept is not None
    assert kept.about == {"step": 1}
    assert "no whole checkpoint" in caplog.text
    (tmp_path / checkpoint.PREVIOUS).write_bytes(b"")
    assert checkpoint.load_last(tmp_path) is None
    assert "starts anew" in caplog.text


def test_a_file_that_torch_cannot_open_is_told_of_as_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where another process replaces it in the instant between two openings: that cannot be had at will."""

    def gone(*_: object, **__: object) -> None:
        raise RuntimeError("unable to open file")

    monkeypatch.setattr(checkpoint, "safe_open", gone)
    with pytest.raises(FacemotionError, match="no whole checkpoint"):
        checkpoint.load(tmp_path / checkpoint.LAST)


def test_a_kill_between_the_two_renames_costs_nothing(tmp_path: Path) -> None:
    checkpoint.save_last(tmp_path, {"a": torch.ones(1)}, {"step": 1})
    (tmp_path / checkpoint.LAST).rename(tmp_path / checkpoint.PREVIOUS)
    kept = checkpoint.load_last(tmp_path)
    assert kept is not None
    assert kept.about["step"] == 1


def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("a file, not a folder")
    with pytest.raises(FacemotionError, match="cannot write"):
        checkpoint.save(tmp_path / "work" / "x.safetensors", {"a": torch.ones(1)}, {})


def test_other_settings_are_refused_with_the_difference(tmp_path: Path) -> None:
    run(tmp_path, steps=2)
    with pytest.raises(FacemotionError) as told:
        run(tmp_path, steps=2, rate=0.5, losses__l1=3.0)
    assert "training.losses.l1: 1.0 -> 3.0" in str(told.value)
    assert "training.rate: 0.002 -> 0.5" in str(told.value)
    assert "training.seed" not in str(told.value)
    with pytest.raises(FacemotionError, match="data: toys -> others"):
        train(job(tmp_path, settings(steps=2), identity={"data": "others"}))


def test_a_checkpoint_of_another_size_is_named(tmp_path: Path) -> None:
    model = Animator(config())
    path = tmp_path / "other.safetensors"
    checkpoint.save(path, {name: tensor[:1] for name, tensor in model.state_dict().items()}, {})
    with pytest.raises(FacemotionError, match=r"other.*of size .*not .*another size"):
        checkpoint.fill(model, checkpoint.load(path).tensors, "", "other")
    with pytest.raises(FacemotionError, match="has no coarse"):
        checkpoint.fill(model, {}, "", "other")


def test_training_goes_on_from_the_checkpoint_before_a_spoilt_one(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    run(tmp_path / "spoilt")
    truncate(tmp_path / "spoilt" / checkpoint.LAST)
    again = run(tmp_path / "spoilt")
    assert again.history.csv() == whole.history.csv()
    assert all(torch.equal(again.weights[name], whole.weights[name]) for name in whole.weights)


def test_history_as_csv() -> None:
    history = History()
    history.add(2, {"loss": 0.123456789})
    history.add(4, {"loss": 0.1})
    history.add(4, {"val_l1": 0.5})
    assert history.csv() == "step,loss,val_l1\n2,0.123457,\n4,0.1,0.5\n"
    assert history.column("val_l1") == [(4, 0.5)]
