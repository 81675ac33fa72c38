"""Trainings of equal cost: how many steps a budget of CPU seconds pays for, and what comes of them."""

import logging
import tempfile
import time
from pathlib import Path

from facemotion import config
from facemotion.models.animator import Animator
from facemotion.training.config import Training
from facemotion.training.loop import Job, Run, Trained, train
from facemotion.training.stop import Stop
from facemotion.training.stream import Clips, Pieces

log = logging.getLogger(__name__)

# Steps timed to know what one costs, after as many that are not.
TIMED = 6


def others() -> Path | None:
    """Where weights of others' networks may lie."""
    return config.load().weights.folder


def step_cost(model: Animator, settings: Training, source: Clips) -> float:
    """CPU seconds of a step: the median of a few, on a copy of the model that is thrown away."""
    copy = Animator(model.config)
    copy.load_state_dict(model.state_dict())
    with tempfile.TemporaryDirectory() as folder, Stop() as stop:
        run = Run(Job("cost", copy, settings, source, None, Path(folder), {}, weights=others()))
        with run.stream(Pieces(settings.batch_size, settings.accumulate, 0, 2 * TIMED)) as stream:
            seconds = []
            for _ in range(2 * TIMED):
                before = time.process_time()
                run.step(stream, stop)
                seconds.append(time.process_time() - before)
    return sorted(seconds[TIMED:])[TIMED // 2]


def for_cost(settings: Training, cpu_seconds: float, cost: float) -> Training:
    """The settings with as many steps as the budget pays for, the warm-up no longer than a tenth of them."""
    steps = max(round(cpu_seconds / cost), 10)
    watch = settings.watch.model_copy(update={"validate_every": max(steps // 4, 1), "checkpoint_every": steps})
    return settings.model_copy(update={"steps": steps, "warmup": min(settings.warmup, steps // 10), "watch": watch})


def train_for(
    name: str, model: Animator, settings: Training, source: Clips, held_out: Clips, cpu_seconds: float
) -> Trained:
    """`model` has the trained weights afterwards."""
    chosen = for_cost(settings, cpu_seconds, step_cost(model, settings, source))
    log.info("%s: %d steps in %.0f CPU seconds", name, chosen.steps, cpu_seconds)
    with tempfile.TemporaryDirectory() as folder:
        trained = train(Job(name, model, chosen, source, held_out, Path(folder), {}, weights=others()))
    model.load_state_dict(trained.weights)
    return trained
