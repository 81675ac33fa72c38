"""Training with several references: random numbers of them, the same whoever works through a step and resumes."""

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from training_toys import ToyClips, config, settings

from facemotion.dataset.turning import turn, turning
from facemotion.errors import FacemotionError
from facemotion.landmarks.pose import MODEL
from facemotion.models.animator import Animator
from facemotion.training.loop import Job, Trained, train
from facemotion.training.report import Reporter, Silent

CHANGES: dict[str, Any] = {
    "sampling__references": 3,
    "sampling__spoilt": 0.5,
    "coarse_rate": 0.0,
    "losses__flows": 1.0,
    "losses__regions": 0.5,
}


class Stopping(Silent):
    """A polite end as soon as something is told."""

    def __init__(self) -> None:
        self.asked = False

    def metrics(self, rows: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        if not self.asked:
            self.asked = True
            os.kill(os.getpid(), signal.SIGTERM)


def learn(work: Path, reporter: Reporter | None = None, **changes: Any) -> Trained:
    torch.manual_seed(0)
    model = Animator(config(refined=True).model_copy(update={"fusion": "attention"}))
    model.rest_motion()
    chosen = settings(**CHANGES | changes)
    clips = ToyClips(seed=1), ToyClips(2, seed=2)
    return train(Job("toy", model, chosen, *clips, work, {"data": "toys"}), reporter)


def same(one: Trained, other: Trained) -> None:
    assert one.history.csv() == other.history.csv()
    assert all(torch.equal(weight, other.weights[name]) for name, weight in one.weights.items())


def test_broken_off_and_resumed_it_learns_the_same(tmp_path: Path) -> None:
    whole = learn(tmp_path / "whole")
    names = {name for row in whole.history.rows for name in row}
    assert {"val_l1", "val_l1_n2"} <= names
    assert not {"flows", "warped", "points"} & names  # of a motion that rests
    with pytest.raises(FacemotionError, match="after step 3 of 6"):
        learn(tmp_path / "broken", Stopping())
    same(learn(tmp_path / "broken"), whole)


def test_a_batch_in_pieces_teaches_the_same(tmp_path: Path) -> None:
    whole, pieces = learn(tmp_path / "whole"), learn(tmp_path / "pieces", accumulate=2)
    ours, theirs = (dict(one.history.column("loss")) for one in (whole, pieces))
    np.testing.assert_allclose(list(theirs.values()), list(ours.values()), rtol=1e-4)


def test_clips_in_which_no_head_turns_are_left_out() -> None:
    still, turned, astray = ToyClips(3).clips
    face = np.random.default_rng(0).uniform(20, 40, (70, 2)).astype(np.float32)
    for clip in (still, turned, astray):
        clip.points[:] = face + 2 * np.arange(clip.frames, dtype=np.float32)[:, None, None]
    middle = face.mean(0)
    # A yaw: points go sideways by how near they are to the camera.
    for frame in range(turned.frames):
        angle = np.radians(4 * frame)
        for point, (x, y, z) in MODEL.items():
            turned.points[frame, point] = middle + 0.2 * np.array([x * np.cos(angle) + z * np.sin(angle), y])
    for clip in (still, astray):
        for point, (x, y, _) in MODEL.items():
            clip.points[:, point] = middle + 0.2 * np.array([x, y])
    assert turn(turned.points) > 30
    assert turn(still.points) < 1
    # One person alone would be learnt by heart.
    assert len(turning([still, turned, astray], 20.0).clips) == 3
    astray.points[:] = turned.points
    assert list(turning([still, turned, astray], 20.0).clips) == [turned, astray]
    assert turn(np.full((5, 70, 2), np.nan)) == 0
