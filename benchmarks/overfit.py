"""How far one clip of one person can be learnt in minutes: `python -m benchmarks.overfit CLIP.mp4 [--size 128]`.

A coarse model, then its refinement, both trained on all frames of a close-up. Frame 0 then drives on to every frame:
how near that comes to the clip, and whether lids and lips open with the driver. The pictures stay out of git. After a
stop the same command goes on."""

import argparse
import logging
import os
import shutil
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._footage import cropped, tensor
from benchmarks._in_memory import Clip, Clips
from facemotion import config, files, layout
from facemotion.config import Params
from facemotion.console import setup_logging
from facemotion.dataset.images import encode
from facemotion.evaluation.images import as_bytes, at_scale, l1
from facemotion.faces.registry import landmarker
from facemotion.landmarks.scores import LIDS, MOUTH, opening
from facemotion.models.animator import Animator
from facemotion.models.config import ModelConfig
from facemotion.models.face import reference_size
from facemotion.models.presets import preset
from facemotion.models.weights import save_model, start_from
from facemotion.training import outputs
from facemotion.training.config import Training
from facemotion.training.loop import Job, train

log = logging.getLogger("benchmarks.overfit")
SHOWN = 10  # frames on the sheet


def sized(size: int) -> ModelConfig:
    """`tiny`, for pictures of this size: one level more for each doubling."""
    content = preset("tiny").model_dump()
    content["image_size"] = size
    content["refiner"]["levels"] = [size // 8, size // 4, size // 2]
    content["refiner"]["closeups"]["size"] = 20 * size // 64
    return ModelConfig.model_validate(content)


def learn(name: str, model: Animator, settings: Training, clip: Clip, folder: Path) -> float:
    started = time.process_time()
    trained = train(Job(name, model, settings, Clips([clip]), Clips([clip]), folder / f"{name}_training", {}))
    outputs.write(trained, model, folder / name)
    return time.process_time() - started


def judged(model: Animator, clip: Clip, params: Params) -> tuple[dict[str, float], NDArray[np.uint8]]:
    marks = landmarker(params.landmarks.landmarker, 2)
    size, errors, repeated, found = model.config.image_size, [], [], []
    rows = []
    shown = set(np.linspace(0, clip.frames - 1, SHOWN).round().astype(int).tolist())
    reference, still = (tensor(clip.image(0), own) for own in (reference_size(size, clip.size), size))
    with torch.no_grad():
        appearance = model.eval().encode(reference[:, None])
        for frame in range(clip.frames):
            driving = tensor(clip.image(frame), size)
            made = model.render(appearance, model.motion(appearance, driving))
            one, other, first = (at_scale(image)[0] for image in (made, driving, still))
            errors.append(l1(one, other))
            repeated.append(l1(first, other))
            found.append(marks.follow(as_bytes(one), clip.points[frame])[0])
            if frame in shown:
                rows.append(np.concatenate([as_bytes(image) for image in (first, other, one)], 1))
    points = np.stack(found)
    apart = np.abs(points - clip.points)[:, :68].mean((1, 2))
    apart_still = np.abs(clip.points[:1] - clip.points)[:, :68].mean((1, 2))
    figures = {
        "l1_ratio": float(np.mean(errors) / np.mean(repeated)),
        "akd_dlib": float(apart.mean()),
        "akd_dlib_ratio": float(apart.mean() / apart_still.mean()),
    }
    for name, parts in (("lids", LIDS), ("lips", (MOUTH,))):
        driving, made = (
            np.sum([opening(one.astype(np.float64), part) for part in parts], axis=0) for one in (clip.points, points)
        )
        figures[f"{name}_correlation"] = float(np.corrcoef(driving, made)[0, 1])
    return figures, np.concatenate(rows)


def main() -> None:
    os.environ["GOMP_SPINCOUNT"] = "0"
    setup_logging()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--size", type=int, default=128, choices=(64, 128, 256))
    parser.add_argument("--steps", type=int, nargs=2, default=(700, 600), metavar=("COARSE", "REFINED"))
    arguments = parser.parse_args()
    params = config.load()
    clip = cropped(arguments.clip, params)
    sizes, figures = sized(arguments.size), {"frames": float(clip.frames), "size": float(arguments.size)}
    folder = layout.WORK / "overfit"
    unfinished = folder / f"{clip.clip_id}-{arguments.size}"
    torch.manual_seed(1)
    model = Animator(sizes.model_copy(update={"refined": False}))
    coarse = params.train_coarse.model_copy(update={"steps": arguments.steps[0]})
    figures["cpu_seconds"] = learn("coarse", model, coarse, clip, unfinished)
    refined = Animator(sizes)
    start_from(refined, unfinished / "coarse")
    settings = params.train_refine.model_copy(update={"steps": arguments.steps[1]})
    figures["cpu_seconds"] += learn("refined", refined, settings, clip, unfinished)
    save_model(refined, folder)
    shutil.rmtree(unfinished)
    found, sheet = judged(refined, clip, params)
    figures |= found
    picture = folder / f"{clip.clip_id}.jpg"
    files.write_bytes(picture, encode(sheet, 92))
    for name, value in figures.items():
        print(f"{name:20s} {value:9.3f}")
    print(f"reference | driving | generated: {picture}")
    files.write_json(layout.BENCHMARKS / "overfit.json", {name: round(value, 4) for name, value in figures.items()})


if __name__ == "__main__":
    main()
