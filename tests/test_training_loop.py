"""The loop: same inputs, same bytes; killed at any step, it goes on to the same end; nothing is lost in trouble."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from training_toys import ToyClips, config, job, run, settings

from facemotion.errors import FacemotionError
from facemotion.models.animator import Animator
from facemotion.models.config import ModelConfig
from facemotion.models.generator import Generator
from facemotion.models.weights import load_model
from facemotion.training import checkpoint, debug, outputs
from facemotion.training.loop import Trained, train
from facemotion.training.optimiser import Average
from facemotion.training.validation import Validation

TOYS = Path(__file__).parent / "training_toys.py"


def start(work: Path, **changes: Any) -> subprocess.Popen[str]:
    environment = os.environ | {"GOMP_SPINCOUNT": "0", "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, str(TOYS), str(work), json.dumps(changes)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def same(one: Trained, other: Trained) -> None:
    assert one.history.csv() == other.history.csv()
    assert (one.step, one.score) == (other.step, other.score)
    assert all(torch.equal(weight, other.weights[name]) for name, weight in one.weights.items())


@pytest.mark.parametrize("changes", [{}, {"precision": "bf16", "channels_last": True, "threads": 2}])
def test_the_same_again_is_the_same_to_the_bit(tmp_path: Path, changes: dict[str, Any]) -> None:
    one = run(tmp_path / "one", **changes)
    same(one, run(tmp_path / "two", workers=1, **changes))
    assert (tmp_path / "one/best.safetensors").read_bytes() == (tmp_path / "two/best.safetensors").read_bytes()
    same(one, run(tmp_path / "one", **changes))  # nothing is left to do


def test_one_batch_is_learnt_by_heart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(debug.STEPS, "overfit", 60)
    still = {f"augmentation__{name}": 0.0 for name in ("flip", "colour", "moved")}
    quick = settings(batch_size=4, watch__checkpoint_every=1000, warmup=5, **still)
    trained = train(job(tmp_path, quick, debug="overfit"))
    losses = [value for _, value in trained.history.column("l1")]
    assert losses[-1] < 0.7 * losses[0]


def test_a_batch_in_pieces_teaches_the_same(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    pieces = run(tmp_path / "pieces", accumulate=2)
    for (_, one), (_, other) in zip(whole.history.column("loss"), pieces.history.column("loss"), strict=True):
        assert one == pytest.approx(other, rel=1e-4)


def test_killed_at_any_step_it_goes_on_to_the_same_end(tmp_path: Path) -> None:
    changes = {"steps": 12, "watch__validate_every": 3}
    whole = run(tmp_path / "whole", **changes)
    work = tmp_path / "killed"
    for kept in (2, 8):
        process = start(work, **changes)
        wait_for(lambda kept=kept: step_kept(work) >= kept, process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    assert 0 < step_kept(work) <= 12
    same(run(work, **changes), whole)


def test_sigterm_saves_and_says_so(tmp_path: Path) -> None:
    changes = {"steps": 2000, "watch__checkpoint_every": 3}
    process = start(tmp_path, **changes)
    wait_for(lambda: step_kept(tmp_path) >= 3, process)
    process.terminate()
    _, told = process.communicate(timeout=60)
    assert process.returncode != 0
    found = re.search(r"was stopped \(SIGTERM\) after step (\d+) of 2000; all is saved", told)
    assert found, told
    assert step_kept(tmp_path) == int(found[1])


def wait_for(condition: Any, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def step_kept(work: Path) -> int:
    try:
        kept = checkpoint.load_last(work)
    except RuntimeError:  # it took the place of the one before just now
        return 0
    return int(kept.about["step"]) if kept else 0


def test_pixels_that_are_no_numbers_stop_it_before_anything_is_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facemotion.training import loop

    plain = loop.prepare

    def spoilt(*arguments: Any) -> Any:
        batch = plain(*arguments)
        if 9 in batch.index:
            batch.driving[list(batch.index).index(9), 0, 0, 0] = float("nan")
        return batch

    monkeypatch.setattr(loop, "prepare", spoilt)
    clips = ToyClips(seed=1)
    with pytest.raises(FacemotionError, match=r"not finite at step 3: .*l1 is nan.* clips clip1\d are not finite"):
        train(job(tmp_path, settings(), train=clips))
    assert step_kept(tmp_path) == 2
    assert all(tensor.isfinite().all() for tensor in checkpoint.load(tmp_path / checkpoint.LAST).tensors.values())


def test_a_rate_that_explodes_is_told_with_the_term(tmp_path: Path) -> None:
    with pytest.raises(FacemotionError, match=r"not finite at step \d+"):
        run(tmp_path, steps=50, rate=1e18, clip=1e18, warmup=0, watch__validate_every=50)


def test_out_of_memory_says_what_to_lower_and_keeps_what_was_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, calls = Generator.forward, 0

    def hungry(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory")
        return plain(*arguments)

    monkeypatch.setattr(Generator, "forward", hungry)
    with pytest.raises(FacemotionError, match=r"out of memory at step 4 with batches of 4 pairs.*Raise accumulate"):
        run(tmp_path, watch__validate_every=100, watch__checkpoint_every=100)
    assert step_kept(tmp_path) == 3
    monkeypatch.undo()
    # As it says: in more pieces, from there.
    resumed = run(tmp_path, accumulate=2, watch__validate_every=100, watch__checkpoint_every=100)
    whole = run(tmp_path / "whole", watch__validate_every=100, watch__checkpoint_every=100)
    assert [step for step, _ in resumed.history.column("loss")] == [step for step, _ in whole.history.column("loss")]
    for (_, one), (_, other) in zip(resumed.history.column("loss"), whole.history.column("loss"), strict=True):
        assert one == pytest.approx(other, rel=1e-4)


@pytest.mark.parametrize(("where", "kept"), [("update", 2), ("measure", 2), ("forward", 3)])
def test_wherever_memory_ends_the_same_end_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, kept: int
) -> None:
    """While weights move nothing whole is there to keep, and a look at people held out must not be missed."""
    owner = {"update": Average, "measure": Validation, "forward": Generator}[where]
    looks = 3 if where == "measure" else 100
    changes = {"watch__validate_every": looks, "watch__checkpoint_every": 2, "accumulate": 2}
    whole = run(tmp_path / "whole", **changes)
    plain, calls = getattr(owner, where), 0

    def hungry(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        # The third step, its first look, or the second piece of the fourth step.
        if calls == {"update": 3, "measure": 1, "forward": 8}[where]:
            raise RuntimeError("DefaultCPUAllocator: not enough memory")
        return plain(*arguments, **named)

    monkeypatch.setattr(owner, where, hungry)
    saved = "is saved" if where == "forward" else "saved up to the last checkpoint"
    with pytest.raises(FacemotionError, match=f"out of memory at step .*{saved}"):
        run(tmp_path / "hungry", **changes)
    monkeypatch.undo()
    assert step_kept(tmp_path / "hungry") == kept
    same(run(tmp_path / "hungry", **changes), whole)


def test_a_spoilt_best_costs_no_more_than_that(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run(tmp_path, watch__validate_every=3)
    best = tmp_path / checkpoint.BEST
    best.write_bytes(best.read_bytes()[:100])
    again = run(tmp_path, watch__validate_every=3)
    assert "no whole checkpoint" in caplog.text
    assert "last step stand in" in caplog.text
    assert (again.step, again.score) == (6, None)
    assert all(weight.isfinite().all() for weight in again.weights.values())


def test_the_next_look_replaces_a_best_that_was_spoilt(tmp_path: Path) -> None:
    changes = {"steps": 60, "watch__validate_every": 2, "watch__checkpoint_every": 1}
    process = start(tmp_path, **changes)
    wait_for(lambda: step_kept(tmp_path) >= 4, process)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    (tmp_path / checkpoint.BEST).write_bytes(b"")
    seen = step_kept(tmp_path)
    trained = run(tmp_path, **changes)
    assert trained.step > seen
    later = [value for step, value in trained.history.column("val_score") if step > seen]
    assert trained.score == pytest.approx(min(later), rel=1e-5)


def test_a_pack_of_one_clip_and_nobody_to_validate_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trained = train(job(tmp_path, settings(), train=ToyClips(1), validation=None))
    assert (trained.step, trained.score) == (6, None)
    assert "no validation clip" in caplog.text
    train(job(tmp_path / "empty", settings(), train=ToyClips(1), validation=ToyClips(0)))


def test_clips_of_one_frame_are_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(FacemotionError, match="none of the 2 training clips has two frames"):
        train(job(tmp_path, settings(), train=ToyClips(2, frames=1)))


def test_a_frame_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    clips = ToyClips(2)
    clips.clips[1].images = np.zeros(0, np.uint8)  # type: ignore[attr-defined]
    clips.clips[1].image = lambda frame: (_ for _ in ()).throw(ValueError("Premature end of JPEG"))  # type: ignore
    with pytest.raises(FacemotionError, match="of clip clip01 cannot be decoded"):
        train(job(tmp_path, settings(), train=clips))


def test_a_batch_that_does_not_divide(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not divide into 3 pieces"):
        run(tmp_path, accumulate=3)


def test_what_is_reported(tmp_path: Path) -> None:
    class Record:
        def __init__(self) -> None:
            self.rows: dict[int, dict[str, float]] = {}
            self.pictures: list[NDArray[np.uint8]] = []

        def metrics(self, rows: Sequence[tuple[int, Mapping[str, float]]]) -> None:
            for step, values in rows:
                self.rows.setdefault(step, {}).update(values)

        def picture(self, step: int, name: str, image: NDArray[np.uint8]) -> None:
            self.pictures.append(image)

    record = Record()
    train(job(tmp_path, settings(losses__flows=1.0), refined=True), record)
    assert {"loss", "l1", "flows", "rate", "images_s", "wait_share"} <= set(record.rows[2])
    assert {"val_l1", "val_l1_reference", "val_score"} <= set(record.rows[3])
    assert len(record.pictures) == 1
    assert record.pictures[0].shape == (16 + 4 * 66, 7 * 66, 3)  # captions above them
    assert record.pictures[0].std() > 10


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_it_learns_the_same(tmp_path: Path) -> None:
    changes = {"steps": 2, "watch__log_every": 1, "watch__validate_every": 100}
    # Two levels of everything: a compiler's time is that of the graph.
    content = config().model_dump()
    content["coarse"] |= {"widths": (8, 8), "background": "identity"}
    content["keypoints"] |= {"widths": (8, 8)}
    content["refiner"] |= {"levels": (64,), "widths": (8,)}
    content["generator"] |= {"widths": (8, 8)}
    histories = []
    for kind in (False, True):
        torch.manual_seed(0)
        model = Animator(ModelConfig.model_validate(content))
        one = job(tmp_path / f"{kind}", settings(compile=kind, **changes), validation=None, model=model)
        histories.append(train(one).history.column("loss"))
    plain, compiled = histories
    assert len(plain) == 2
    for (_, one), (_, other) in zip(plain, compiled, strict=True):
        assert one == pytest.approx(other, rel=1e-3)


def test_what_is_left_behind(tmp_path: Path) -> None:
    wanted = job(tmp_path / "work", settings())
    trained = train(wanted)
    outputs.write(trained, wanted.model, tmp_path / "models/toy")
    assert sorted(path.name for path in (tmp_path / "models/toy").iterdir()) == [
        "config.json", "history.csv", "weights.safetensors",
    ]  # fmt: skip
    model = load_model(tmp_path / "models/toy")
    assert all(torch.equal(weight, trained.weights[name]) for name, weight in model.state_dict().items())
    assert (tmp_path / "models/toy/history.csv").read_text().startswith("step,background,gradient,")


def test_frozen_coarse_motion_stays_as_it_was(tmp_path: Path) -> None:
    wanted = job(tmp_path, settings(coarse_rate=0.0, losses__flows=1.0), refined=True)
    before = {name: weight.clone() for name, weight in wanted.model.coarse.state_dict().items()}
    trained = train(wanted)
    assert all(torch.equal(trained.weights[f"coarse.{name}"], weight) for name, weight in before.items())
    assert any(not torch.equal(trained.weights[name], weight) for name, weight in job(
        tmp_path, settings(), refined=True).model.state_dict().items())  # fmt: skip


def test_a_coarse_flow_that_could_not_learn_is_said(tmp_path: Path) -> None:
    silent = settings(losses__warped=0.0, losses__flows=1.0)
    with pytest.raises(FacemotionError, match=r"losses\.warped"):
        train(job(tmp_path / "learning", silent, refined=True))
    train(job(tmp_path / "frozen", silent.model_copy(update={"coarse_rate": 0.0, "steps": 2}), refined=True))


@pytest.mark.parametrize("mode", ["short", "profile"])
def test_debug_modes(tmp_path: Path, mode: Any) -> None:
    trained = train(job(tmp_path, settings(steps=500, watch__checkpoint_every=1000), debug=mode))
    assert len(trained.history.rows) == {"short": 20, "profile": 12}[mode]
    assert (tmp_path / "profile.txt").exists() == (mode == "profile")
