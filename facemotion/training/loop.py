"""The one loop that trains every model: pairs in, weights out. Read it from `train` downwards."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator  # type: ignore[import-untyped]
from torch import Tensor, nn

from facemotion import files
from facemotion.console import Ticker, progress
from facemotion.dataset.augmentation import Batch, prepare
from facemotion.dataset.sampling import PairSampler
from facemotion.errors import FacemotionError
from facemotion.models.animator import Animator
from facemotion.training import checkpoint, debug, failures, memory, optimiser, precision, validation
from facemotion.training.config import WITHOUT_BEARING, Training
from facemotion.training.debug import Mode
from facemotion.training.history import HISTORY, History
from facemotion.training.losses import Trainee
from facemotion.training.optimiser import Average, Optimiser
from facemotion.training.pictures import sample_grid
from facemotion.training.report import Reporter, Silent
from facemotion.training.state import State
from facemotion.training.stop import Stop
from facemotion.training.stream import Clips, Pieces, Stream

log = logging.getLogger(__name__)
PICTURE_ROWS = 6
# References by which one that takes several is judged, beside one alone.
JUDGED = 2
# Above this share of the time spent waiting for data, a person is told.
STARVED = 0.05


@dataclass(frozen=True)
class Job:
    """A training to be done. `identity` is all that decides its outcome besides `settings`: sizes, what it starts from,
    the data. `work` keeps what is unfinished; `weights` is a folder in which those of others' networks may lie."""

    name: str
    model: Animator
    settings: Training
    train: Clips
    validation: Clips | None
    work: Path
    identity: Mapping[str, Any]
    debug: Mode | None = None
    weights: Path | None = None


@dataclass(frozen=True)
class Trained:
    """The averaged weights that did best on validation, or the last ones where there is none. `figures` may differ from
    run to run."""

    weights: dict[str, Tensor]
    step: int
    score: float | None
    history: History
    figures: dict[str, float]


def train(job: Job, reporter: Reporter | None = None) -> Trained:
    run = Run(job, reporter)
    run.resume()
    settings, state = run.settings, run.state
    pieces = Pieces(settings.batch_size, settings.accumulate, state.step, settings.steps, run.rank, run.world)
    with (
        Stop() as stop,
        run.stream(pieces) as stream,
        debug.profiled(job.work, job.debug == "profile") as profiler_step,
        progress(job.name, settings.steps, "steps") as ticker,
    ):
        ticker.resume(state.step)
        while state.step < settings.steps:
            stopping = run.step(stream, stop)
            profiler_step()
            with run.enough_memory():
                run.watch(ticker, stream)
            done = state.step == settings.steps
            if done or stopping or state.step % settings.watch.checkpoint_every == 0:
                run.save()
            if stopping and not done:
                raise FacemotionError(
                    f"{job.name} was stopped ({stop.name or 'in another process'}) after step {state.step} of "
                    f"{settings.steps}; all is saved: run the same command again to go on from there"
                )
    return run.result(stream)


class Run:
    """What the loop works with: the device, the processes, the trainee and its state."""

    def __init__(self, job: Job, reporter: Reporter | None = None) -> None:
        self.job, self.reporter = job, reporter or Silent()
        self.settings = settings = debug.shortened(job.settings, job.debug) if job.debug else job.settings
        self.accelerator = Accelerator(cpu=settings.device == "cpu", mixed_precision="no")
        self.device, self.main = self.accelerator.device, self.accelerator.is_main_process
        self.rank, self.world = self.accelerator.process_index, self.accelerator.num_processes
        if settings.batch_size % (settings.accumulate * self.world):
            raise FacemotionError(
                f"batch_size {settings.batch_size} does not divide into {self.world} processes times "
                f"{settings.accumulate} pieces (accumulate)"
            )
        torch.set_num_threads(settings.threads)
        memory.keep_freed_blocks()
        torch.manual_seed(settings.seed)
        self.precision = precision.chosen(settings.precision, self.device)
        trainee = Trainee(job.model, settings.losses, self.precision, job.weights).to(self.device)
        if settings.channels_last:
            trainee.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        moved = Optimiser(trainee, settings, settings.coarse_rate if job.model.config.refined else 1.0)
        trainee.check_all_can_learn()
        self.state = State(trainee, moved, Average(trainee.model, settings.ema))
        if settings.compile:
            trainee.model.compile()
        self.module: nn.Module = self.accelerator.prepare_model(trainee)
        self.size = job.model.config.image_size
        decisive = settings.model_dump(exclude=set(WITHOUT_BEARING))
        self.identity = {**job.identity, "model": job.model.config.model_dump(), "training": decisive}
        self.identity = {"debug": job.debug, **self.identity} if job.debug else self.identity
        self.validation = self._validation()
        self.started, self.first, self.prepared = time.monotonic(), 0, 0.0

    def resume(self) -> None:
        if self.state.restore(self.job.work, self.identity):
            log.info("%s goes on from step %d of %d", self.job.name, self.state.step, self.settings.steps)
            if self.state.best_step and checkpoint.load_best(self.job.work) is None:
                self.state.best_step, self.state.best_score = 0, None
        self.first, self.started = self.state.step, time.monotonic()

    def stream(self, pieces: Pieces) -> Stream:
        settings = self.settings
        total = settings.steps * settings.batch_size
        sampler = PairSampler(self.job.train.clips, settings.sampling, settings.seed, total, settings.batch_size)
        pairs = debug.OneBatch(sampler, settings.batch_size) if self.job.debug == "overfit" else sampler
        pinned = self.device.type == "cuda"
        return Stream(self.job.train, pairs, pieces, workers=settings.workers, ahead=settings.ahead, pinned=pinned)

    def step(self, stream: Stream, stop: Stop) -> bool:
        """One update of the weights, from as many pieces as a batch has; True where any process was told to stop."""
        state, settings = self.state, self.settings
        with self.enough_memory(self._keep):
            pieces = range(settings.accumulate)
            told = [self._learn(stream, stop, last=piece == pieces[-1]) for piece in pieces]
            norm = nn.utils.clip_grad_norm_(self.module.parameters(), settings.clip)
            failures.check_gradient(norm, state.step)
        # From here on the state is none to keep, until all of it has moved.
        with self.enough_memory():
            state.optimiser.step(optimiser.rate(state.step, settings))
            state.average.update(state.step)
        state.count({name: sum(values[name] for _, values in told) / len(told) for name in told[0][1]})
        state.step += 1
        return any(stopping for stopping, _ in told)

    def enough_memory(self, save: Callable[[], None] | None = None) -> AbstractContextManager[None]:
        return failures.memory(self.job.name, self.state.step, self.settings.batch_size, self.size, save)

    def _learn(self, stream: Stream, stop: Stop, *, last: bool) -> tuple[bool, dict[str, float]]:
        """A piece's part in the gradients; whether to stop, and its terms."""
        batch = self._batch(stream)
        gathered = self.accelerator.no_sync(self.module) if not last else nullcontext()
        with gathered:
            terms: dict[str, Tensor] = self.module(batch)
            loss = self.state.trainee.total(terms)
            stopping, values = self._agree({**terms, "loss": loss}, stop.name is not None)
            failures.check_finite(values, self.state.step, batch, self.job.train, stream)
            torch.autograd.backward(loss / self.settings.accumulate)
        return stopping, values

    def _batch(self, stream: Stream) -> Batch:
        frames = stream.take()
        started = time.monotonic()
        batch = prepare(frames.to(self.device), self.size, self.settings.augmentation)
        self.prepared += time.monotonic() - started
        return batch

    def _agree(self, terms: dict[str, Tensor], stopping: bool) -> tuple[bool, dict[str, float]]:
        """The same decision and the same values, means over them, in all processes."""
        values = torch.stack([value.detach() for value in terms.values()])
        together = torch.cat((values, values.new_tensor([float(stopping)])))
        *means, stops = self.accelerator.reduce(together, "mean").tolist()
        return stops > 0, dict(zip(terms, means, strict=True))

    def watch(self, ticker: Ticker, stream: Stream) -> None:
        """Tell what is going on, and judge the averaged weights now and then."""
        state, every = self.state, self.settings.watch
        ticker.advance()
        done = state.step == self.settings.steps
        if state.step % every.log_every == 0 or done:
            values = {**state.means(), "rate": optimiser.rate(state.step - 1, self.settings)}
            state.history.add(state.step, values)
            speed = self.figures(stream)
            self._label(ticker, values["loss"], speed["images_s"])
            if self.main:
                self.reporter.metrics([(state.step, {**values, **speed})])
        if self.validation is not None and (state.step % every.validate_every == 0 or done):
            self._validate(self.validation)
        if self.main and self.validation is not None and (state.step % every.pictures_every == 0 or done):
            with state.average.in_place():
                image = sample_grid(state.trainee.model, self.validation.batches[0], rows=PICTURE_ROWS)
            self.reporter.picture(state.step, self.job.name, image)

    def _validate(self, pairs: validation.Validation) -> None:
        state = self.state
        with state.average.in_place():
            values = pairs.measure(state.trainee.model, bf16=self.precision == "bf16")
        state.history.add(state.step, {f"val_{name}": value for name, value in values.items()})
        if state.best_score is None or values["score"] < state.best_score:
            state.best_step, state.best_score = state.step, values["score"]
            if self.main:
                state.save_best(self.job.work, self.identity)
        if self.main:
            self.reporter.metrics([(state.step, {f"val_{name}": value for name, value in values.items()})])
        log.info("%s step %d: validation score %.4f, l1 %.4f", self.job.name, state.step, values["score"], values["l1"])

    def save(self) -> None:
        if self.main:
            if self.validation is None and self.state.step == self.settings.steps:
                self.state.best_step = self.state.step
                self.state.save_best(self.job.work, self.identity)
            self._keep()
        self.accelerator.wait_for_everyone()

    def _keep(self) -> None:
        if self.main:
            self.state.save(self.job.work, self.identity)
            files.write_text(self.job.work / HISTORY, self.state.history.csv())

    def figures(self, stream: Stream) -> dict[str, float]:
        """Images a second, and the shares of the time in which the step waited for data, or made batches of it."""
        seconds = max(time.monotonic() - self.started, 1e-9)
        images = (self.state.step - self.first) * self.settings.batch_size
        return {
            "images_s": images / seconds,
            "wait_share": stream.waited / seconds,
            "prepare_share": self.prepared / seconds,
        }

    def result(self, stream: Stream) -> Trained:
        state, figures = self.state, self.figures(stream)
        best = checkpoint.load_best(self.job.work) if state.best_step else None
        weights, step = (best.tensors, state.best_step) if best is not None else (state.average.weights, state.step)
        if best is None:
            log.warning("%s: the averaged weights of the last step stand in for the best", self.job.name)
        log.info("%s: %.0f images a second in %s", self.job.name, figures["images_s"], self.precision)
        if figures["wait_share"] > STARVED:
            log.warning("%.0f %% of the time went by waiting for data: raise workers", 100 * figures["wait_share"])
        return Trained(weights, step, state.best_score, state.history, figures)

    def _validation(self) -> validation.Validation | None:
        every, source = self.settings.watch, self.job.validation
        built = None
        if source is not None:
            sizes = every.validation_pairs, self.settings.batch_size, self.size
            built = validation.build(source, *sizes, self.device, min(self.settings.sampling.references, JUDGED))
        if built is None:
            log.warning("%s has no validation clip of two frames: the last weights count as the best", self.job.name)
        return built

    def _label(self, ticker: Ticker, loss: float, images: float) -> None:
        ticker.what = f"{self.job.name} (loss {loss:.4f}, {images:.0f} images a second)"
        if ticker.bar is not None and ticker.task is not None:
            ticker.bar.update(ticker.task, description=ticker.what)
