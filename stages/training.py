"""What the stages that train have in common: one variant learnt from the packed clips, into models/VARIANT."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from facemotion import config, console, layout
from facemotion.config import Params
from facemotion.dataset.images import encode
from facemotion.dataset.packed import PackedSplit
from facemotion.errors import FacemotionError
from facemotion.files import fresh_folder, write_bytes, write_text
from facemotion.models.animator import Animator
from facemotion.models.weights import CONFIG
from facemotion.training import outputs, validation
from facemotion.training.config import Training
from facemotion.training.debug import Mode
from facemotion.training.history import HISTORY, History
from facemotion.training.loop import Job, Trained, train
from facemotion.training.pictures import sample_grid
from facemotion.training.stream import Clips
from stages.harness import Notes, run

log = logging.getLogger("stages")

# Sizes, weights and settings of a variant.
Prepared = tuple[Animator, Training]
Prepare = Callable[[Params], Prepared]

# Those clips that are learnt from.
Choose = Callable[[Params, PackedSplit], Clips]

ROWS: Final = 8  # of pairs on the sheet
SHEET_PX: Final = 128  # of a picture on it, if the model's own are smaller
QUALITY: Final = 92


def command(what: str | None, stage: str, kind: str, prepare: Callable[[Params, str], Prepared]) -> None:
    """`python -m stages.STAGE MOTION`: into models/MOTION_KIND; with --debug into .work alone, and without a record."""
    parser = _parser(what)
    parser.add_argument("motion", help="keypoints, landmarks or mixed")
    words = parser.parse_args()
    motion = words.motion
    start(f"{stage}@{motion}", f"{motion}_{kind}", lambda params: prepare(params, motion), words.debug)


def alone(what: str | None, stage: str, variant: str, prepare: Prepare, choose: Choose) -> None:
    """`python -m stages.STAGE`, likewise, into models/VARIANT, learnt from the clips that are chosen."""
    start(stage, variant, prepare, _parser(what).parse_args().debug, choose)


def _parser(what: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--debug", choices=get_args(Mode), help="a short try outside of the DAG, into .work/debug")
    return parser


def start(
    name: str, variant: str, prepare: Prepare, debug: Mode | None, choose: Choose = lambda _, source: source
) -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        # Outs and record are written by whoever runs a stage; several would write over each other.
        where = "under torchrun call facemotion.training.loop.train from a script of yours"
        sys.exit(f"{name} runs in one process; {where}")
    if debug:
        _try(name, debug, prepare, choose)
        return
    run(
        name,
        lambda params, notes: learn(notes, variant, *prepare(params), partial(choose, params), params.weights.folder),
    )


def learn(
    notes: Notes,
    variant: str,
    model: Animator,
    settings: Training,
    choose: Callable[[PackedSplit], Clips],
    weights: Path | None,
) -> str:
    """Train to the end, from wherever an interrupted run left off; the closing line."""
    source, held_out = splits()
    # What the weights come from besides the settings: data, and the model that this one starts from.
    identity = {path: digest for path, digest in notes.deps.items() if not path.endswith(".py")}
    job = Job(notes.stage, model, settings, choose(source), held_out, notes.work, identity, weights=weights)
    trained = train(job, notes.live())
    folder = fresh_folder(layout.MODELS / variant)
    outputs.write(trained, model, folder)
    # Rows of validation alone: a curve with gaps is drawn as no curve.
    judged = History([row for row in trained.history.rows if "val_score" in row])
    sheet = fresh_folder(layout.pictures(notes.name)) / "samples.jpg"
    write_bytes(sheet, encode(samples(model, held_out, source, settings.batch_size), QUALITY))
    write_text(layout.plot(notes.name), judged.csv())
    notes.keep(folder / HISTORY, folder / CONFIG, sheet)
    told: dict[str, float] = {"best_step": trained.step, "parameters": sum(own.numel() for own in model.parameters())}
    notes.measure(told | ({"best_score": trained.score} if trained.score is not None else {}) | trained.figures)
    notes.done_with_work()
    return _closing(trained, settings)


def splits() -> tuple[PackedSplit, PackedSplit]:
    """Those to learn from and to judge by. Where nobody is held out to judge by, training goes on, and says so."""
    source, held_out = (PackedSplit(layout.PACKED / split) for split in ("train", "val"))
    if not len(source):
        raise FacemotionError(
            f"{source.folder} holds no clip: nobody is left to learn from. Give footage of more people, or lower "
            "pack.val_share and pack.test_share in params.yaml"
        )
    return source, held_out


def samples(model: Animator, held_out: PackedSplit, source: PackedSplit, batch_size: int) -> NDArray[np.uint8]:
    """What the weights that were kept make of a few pairs; of people learnt from where there are no others."""
    size, device = model.config.image_size, next(model.parameters()).device
    for split in (held_out, source):
        pairs = validation.build(split, ROWS, min(batch_size, ROWS), size, device)
        if pairs is not None:
            sheets = [sample_grid(model, batch, rows=ROWS, zoom=-(-SHEET_PX // size)) for batch in pairs.batches]
            return np.ascontiguousarray(np.concatenate(sheets))
    raise FacemotionError(f"no clip of {source.folder} has two frames")


def _closing(trained: Trained, settings: Training) -> str:
    features = f"{settings.losses.features} features" if settings.losses.perceptual else "no perceptual features"
    judged = f"validation score {trained.score:.3f}" if trained.score is not None else "not validated"
    return f"{settings.steps} steps with {features}; kept those of step {trained.step}, {judged}"


def _try(name: str, mode: Mode, prepare: Prepare, choose: Choose) -> None:
    console.setup_logging()
    folder = layout.WORK / "debug" / f"{name}-{mode}"
    try:
        params = config.load()
        model, settings = prepare(params)
        source, held_out = splits()
        chosen = choose(params, source)
        job = Job(name, model, settings, chosen, held_out, fresh_folder(folder), {}, mode, params.weights.folder)
        trained = train(job, Album(folder))
    except FacemotionError as error:
        log.error("%s: %s", name, error)
        sys.exit(1)
    log.info("%s: %d steps; history and pictures are in %s", name, trained.history.rows[-1]["step"], folder)


class Album:
    """A training's Reporter that keeps its pictures in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def metrics(self, rows: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        for step, values in rows:
            log.info("step %d: %s", step, ", ".join(f"{name} {value:.4g}" for name, value in values.items()))

    def picture(self, step: int, name: str, image: NDArray[Any]) -> None:
        write_bytes(self.folder / f"{step:06d}.jpg", encode(image, QUALITY))
