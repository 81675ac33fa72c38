"""Frames a second of `facemotion animate`, by part: `python -m benchmarks.animate [--model FOLDER]`.

A driving video is decoded, its face detected and followed, motion and frames made, pasted, encoded; each part alone, at
256 pixels. What has no trained model is as fast untrained."""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import numpy as np
import torch

from facemotion import files, layout
from facemotion.animate import Animator, Options, perform
from facemotion.animation.following import Follower
from facemotion.animation.photos import Image, read_photo
from facemotion.animation.settings import Settings
from facemotion.models.animator import Animator as Model
from facemotion.models.presets import preset
from facemotion.models.weights import save_model
from facemotion.video import Reader
from facemotion.video_film import Film

FRAMES = 96
SIZE = 256


def figure(seconds: float, frames: int) -> dict[str, Any]:
    return {"value": float(f"{frames / seconds:.4g}"), "unit": "frames a second"}


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spent(items: Iterable[object]) -> float:
    return timed(lambda: [None for _ in items])


def shared_parts(driving: Path, settings: Settings) -> dict[str, float]:
    """Seconds of what no model takes part in."""
    reader = Reader(driving)
    frames = [frame.copy() for frame in islice(reader.frames(), FRAMES)]
    follower = Follower("largest", settings.landmarks, float(reader.info.fps), str(driving))
    found = {"decode": spent(islice(reader.frames(), FRAMES))}
    found["detect"] = timed(lambda: [follower.next(number, frame) for number, frame in enumerate(frames)])
    found["encode"] = timed(lambda: _encoded([np.ascontiguousarray(frame[:SIZE, :SIZE]) for frame in frames]))
    return found


def _encoded(frames: list[Image]) -> None:
    with tempfile.TemporaryDirectory() as name:
        height, width = (edge // 2 * 2 for edge in frames[0].shape[:2])
        with Film(Path(name) / "a.mp4", fps=Fraction(25), width=width, height=height) as film:
            for frame in frames:
                film.write(np.ascontiguousarray(frame[:height, :width]))


def model_parts(animator: Animator, photo: Image, driving: Path) -> dict[str, float]:
    """Seconds of motion, of frames, and of pasting them."""
    parts: dict[str, float] = {"motion": 0.0, "render": 0.0}
    for name, part in (("motion", "move"), ("motion", "motion"), ("render", "render")):
        setattr(animator.model, part, _counted(getattr(animator.model, part), parts, name))
    options = Options(size=SIZE, label=False, end=FRAMES / float(Reader(driving).info.fps))
    performance = perform(Reader(driving), animator.settings, end=options.end)
    animation = animator.animate(photo, driving if animator.model.coarse.keypoints else performance, options)
    parts["whole"] = spent(animation)
    parts["detail"] = parts["whole"] - parts["motion"] - parts["render"]
    frames = list(islice(animation, 16))
    pasted = animator.animate(photo, performance, Options(paste=True, label=False))
    assert pasted.canvas is not None
    canvas = pasted.canvas
    parts["paste"] = timed(lambda: [canvas.paste(frame) for frame in frames]) * FRAMES / len(frames)
    return parts


def _counted(work: Callable[..., Any], parts: dict[str, float], name: str) -> Callable[..., Any]:
    def call(*given: Any) -> Any:
        start = time.perf_counter()
        made = work(*given)
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        parts[name] += time.perf_counter() - start
        return made

    return call


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of a trained model")
    parser.add_argument("--presets", nargs="*", default=["tiny", "small", "base"], help="untrained, moved by landmarks")
    parser.add_argument("--driving", type=Path, help="a video of one person; as it stands a clip of the DAG")
    parser.add_argument("--photo", type=Path, help="as it stands the driver's first frame")
    options = parser.parse_args()
    driving = options.driving or next(iter(sorted(layout.CLIPS.glob("*.mp4"))), None)
    if driving is None:
        print(f"skipped: no clips in {layout.CLIPS}: say --driving")
        return
    photo = read_photo(options.photo) if options.photo else next(Reader(driving).frames()).copy()
    shared = shared_parts(driving, Settings.load())
    found = {f"{part}": figure(seconds, FRAMES) for part, seconds in shared.items()}
    with tempfile.TemporaryDirectory() as folder:
        models = {options.model.name: options.model} if options.model else {}
        for name in [] if options.model else options.presets:
            torch.manual_seed(0)
            models[name] = Path(folder) / name
            save_model(Model(preset(name).model_copy(update={"motion": "landmarks"})), models[name])
        for name, path in models.items():
            parts = model_parts(Animator.load(path), photo, driving)
            together = sum(shared.values()) + parts["whole"] + shared["decode"]
            for part in ("motion", "render", "detail", "paste"):
                found[f"{name}_{part}"] = figure(parts[part], FRAMES)
            found[f"{name}_end_to_end"] = figure(together, FRAMES)
    files.write_json(layout.BENCHMARKS / "animate.json", found)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
