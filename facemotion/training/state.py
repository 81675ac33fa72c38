"""All that a training is at a given step, and how it is kept and found again. What is drawn at random depends on the
step alone, so that the position among the pairs is the step itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from facemotion.training import checkpoint
from facemotion.training.history import History
from facemotion.training.losses import Trainee
from facemotion.training.optimiser import Average, Optimiser


@dataclass
class State:
    trainee: Trainee
    optimiser: Optimiser
    average: Average
    step: int = 0
    history: History = field(default_factory=History)
    best_step: int = 0
    best_score: float | None = None
    # Sums of the terms since they were last reported.
    sums: dict[str, float] = field(default_factory=dict)
    summed: int = 0

    def save(self, folder: Path, identity: Mapping[str, Any]) -> None:
        tensors = {f"trainee/{name}": tensor for name, tensor in self.trainee.state_dict().items()}
        tensors |= {f"average/{name}": tensor for name, tensor in self.average.weights.items()}
        tensors |= checkpoint.optimiser_tensors(self.optimiser.parts, self._names())
        tensors |= {f"random/{name}": value for name, value in _random_states().items()}
        about = {
            "identity": dict(identity),
            "step": self.step,
            "history": self.history.rows,
            "best_step": self.best_step,
            "best_score": self.best_score,
            "sums": self.sums,
            "summed": self.summed,
        }
        checkpoint.save_last(folder, tensors, about)

    def restore(self, folder: Path, identity: Mapping[str, Any]) -> bool:
        """Go on where the work in `folder` ended; False where there is none."""
        kept = checkpoint.load_last(folder)
        if kept is None:
            return False
        where, about = f"the checkpoint in {folder}", kept.about
        checkpoint.check_same(identity, about["identity"], folder)
        checkpoint.fill(self.trainee, kept.tensors, "trainee/", where)
        checkpoint.fill_tensors(self.average.weights, kept.tensors, "average/", where)
        checkpoint.restore_optimiser(self.optimiser.parts, self._names(), kept.tensors)
        torch.set_rng_state(kept.tensors["random/cpu"])
        if "random/cuda" in kept.tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(kept.tensors["random/cuda"])
        self.step, self.history = about["step"], History(about["history"])
        self.best_step, self.best_score = about["best_step"], about["best_score"]
        self.sums, self.summed = about["sums"], about["summed"]
        return True

    def _names(self) -> dict[int, str]:
        return {id(weight): name for name, weight in self.trainee.named_parameters()}

    def save_best(self, folder: Path, identity: Mapping[str, Any]) -> None:
        about = {"identity": dict(identity), "step": self.best_step, "score": self.best_score}
        checkpoint.save(folder / checkpoint.BEST, self.average.weights, about)

    def count(self, terms: Mapping[str, float]) -> None:
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        self.summed += 1

    def means(self) -> dict[str, float]:
        """Of the terms since this was last asked."""
        means = {name: total / self.summed for name, total in self.sums.items()}
        self.sums, self.summed = {}, 0
        return means


def _random_states() -> dict[str, Tensor]:
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states
