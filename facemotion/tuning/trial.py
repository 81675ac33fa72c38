"""A trial: the real training, short, with other values; judged on people held out."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from facemotion import config, layout
from facemotion.config import Params
from facemotion.dataset.packed import PackedSplit
from facemotion.errors import FacemotionError
from facemotion.files import fresh_folder
from facemotion.models.animator import Animator
from facemotion.training.config import Training
from facemotion.training.failures import DivergedError
from facemotion.training.loop import Job, train
from facemotion.training.report import Reporter
from facemotion.training.stream import Clips
from facemotion.tuning import judge, space
from facemotion.tuning.space import Objective

log = logging.getLogger(__name__)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """What is searched and by which people; `content` is params.yaml, plain, without any `tuned` in it."""

    content: Mapping[str, Any]
    params: Params
    train: Clips
    validation: Clips

    @classmethod
    def of(cls, content: Mapping[str, Any], train: Clips, validation: Clips) -> "Plan":
        plain = space.filled(content)
        return cls(plain, config.validate(plain, "params.yaml"), train, validation)

    @classmethod
    def here(cls) -> "Plan":
        """Of the project in the working directory."""
        train, held_out = (PackedSplit(layout.PACKED / split) for split in ("train", "val"))
        if not len(train) or not len(held_out):
            raise FacemotionError(f"{layout.PACKED} has no clips to learn from or to judge by: run `dvc repro pack`")
        return cls.of(config.read_yaml(layout.PARAMS), train, held_out)

    @property
    def default(self) -> dict[str, Any]:
        """What stands in params.yaml now, of all that is searched."""
        return {entry.key: space.at(self.content, entry.key) for entry in self.params.tune.space}

    def prepared(self, values: Mapping[str, Any], steps: int, seed: int) -> tuple[Animator, Training]:
        """The model and settings of so many steps with other values. What goes by steps is scaled with them."""
        params = config.validate(space.placed(self.content, values), "params.yaml with tuned values")
        tune, full = params.tune, params.train_coarse.of(params.tune.motion)
        looks = max(tune.validate_every * steps // tune.steps, 1)
        watch = full.watch.model_copy(
            update={
                "log_every": min(full.watch.log_every, looks),
                "validate_every": looks,
                "validation_pairs": tune.validation_pairs,
                "checkpoint_every": steps,  # a trial that is killed starts anew
                "pictures_every": steps,
            }
        )
        warmup = round(full.warmup * steps / full.steps)
        settings = full.model_copy(update={"seed": seed, "steps": steps, "warmup": warmup, "watch": watch})
        torch.manual_seed(seed)
        model = Animator(params.model.model_copy(update={"motion": tune.motion, "refined": False}))
        return model, settings

    def tried(
        self, name: str, values: Mapping[str, Any], steps: int, seed: int, work: Path, reporter: Reporter | None
    ) -> dict[Objective, Floats]:
        """Each objective by clip, of the weights that did best. Raises DivergedError where values lead nowhere."""
        tune = self.params.tune
        model, settings = self.prepared(values, steps, seed)
        job = Job(
            name, model, settings, self.train, self.validation, fresh_folder(work), {},
            weights=self.params.weights.folder,
        )  # fmt: skip
        try:
            model.load_state_dict(train(job, reporter).weights)
        finally:
            shutil.rmtree(work)  # a trial is done anew, not gone on with
        found = judge.by_clip(model, self.validation, tune.validation_pairs, settings.batch_size, tune.objectives)
        if not all(np.isfinite(values).any() for values in found.values()):
            raise DivergedError(f"{name} has made nothing that can be judged")
        return found


class Both:
    """A training's Reporter that tells two."""

    def __init__(self, first: Reporter, second: Reporter) -> None:
        self.reporters = first, second

    def metrics(self, rows: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        for reporter in self.reporters:
            reporter.metrics(rows)

    def picture(self, step: int, name: str, image: NDArray[np.uint8]) -> None:
        for reporter in self.reporters:
            reporter.picture(step, name, image)
