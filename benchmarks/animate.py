"""Frames a second of `facemotion animate`: `python -m benchmarks.animate [--model FOLDER] [--presets small base]`.

A driving video is decoded, its face detected and followed, motion and frames made, pasted, encoded. By part: of one
core, in time of the processor, so that other work on the machine does not count. `end_to_end`: the whole command's work
by the clock, with all cores, and the cores it kept busy. What has no trained model is as fast untrained."""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import Any

os.environ.setdefault("GOMP_SPINCOUNT", "0")

import cv2
import numpy as np
import torch

from facemotion import files, layout
from facemotion.animate import Animator, Options
from facemotion.animation.following import Follower
from facemotion.animation.pasting import Canvas
from facemotion.animation.photos import Image, read_photo
from facemotion.animation.settings import Settings
from facemotion.models.animator import Animator as Model
from facemotion.models.presets import preset
from facemotion.models.weights import save_model
from facemotion.video import Reader
from facemotion.video_film import Film

FRAMES = 120
WARM = 8  # frames before the clock runs
SIZE = 256


def figure(value: float, unit: str = "frames a second of one core") -> dict[str, Any]:
    return {"value": float(f"{value:.4g}"), "unit": unit}


def cpu(work: Callable[[], object]) -> float:
    """Seconds of all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def spent(items: Iterable[object]) -> float:
    return cpu(lambda: [None for _ in items])


def shared_parts(driving: Path, settings: Settings) -> dict[str, float]:
    """Seconds of what no model takes part in."""
    reader = Reader(driving)
    frames = [frame.copy() for frame in islice(reader.frames(), FRAMES)]
    follower = Follower("largest", settings.landmarks, float(reader.info.fps), str(driving))
    follower.next(0, frames[0])  # loads its networks
    found = {"decode": spent(islice(reader.frames(), FRAMES)) * FRAMES / len(frames)}
    numbered = islice(enumerate(cycle(frames), 1), FRAMES)
    found["detect"] = cpu(lambda: [follower.next(number, frame) for number, frame in numbered])
    small = [np.asarray(cv2.resize(frame, (SIZE, SIZE), interpolation=cv2.INTER_AREA), np.uint8) for frame in frames]
    found["encode"] = cpu(lambda: _encoded(islice(cycle(small), FRAMES)))
    return found


def _encoded(frames: Iterable[Image]) -> None:
    with (
        tempfile.TemporaryDirectory() as name,
        Film(Path(name) / "a.mp4", fps=Fraction(25), width=SIZE, height=SIZE) as film,
    ):
        for frame in frames:
            film.write(frame)


def model_parts(animator: Animator, photo: Image, driving: Path) -> dict[str, float]:
    """Seconds of motion and of frames, each of one thread, and of pasting them."""
    info = Reader(driving).info
    options = Options(size=SIZE, label=False, end=min(FRAMES, info.frames) / float(info.fps))
    performance = animator.driver(driving, options).performance
    parts: dict[str, float] = {"motion": 0.0, "render": 0.0}
    threads, device = torch.get_num_threads(), next(animator.model.parameters()).device
    torch.set_num_threads(1)
    whole = animator.animate(photo, driving if animator.model.coarse.keypoints else performance, options)
    list(islice(whole, WARM))
    for name, part in (("motion", "move"), ("motion", "motion"), ("render", "render")):
        setattr(animator.model, part, _counted(getattr(animator.model, part), parts, name, device))
    frames = list(whole)
    for name in ("move", "motion", "render"):
        delattr(animator.model, name)
    parts = {name: seconds * FRAMES / len(frames) for name, seconds in parts.items()}
    canvas = Canvas(whole.photos[0], None)
    parts["paste"] = cpu(lambda: [canvas.paste(frame) for frame in frames[:16]]) * FRAMES / 16
    torch.set_num_threads(threads)
    return parts


def _counted(work: Callable[..., Any], parts: dict[str, float], name: str, device: torch.device) -> Callable[..., Any]:
    clock = time.thread_time if device.type == "cpu" else time.perf_counter

    def call(*given: Any) -> Any:
        start = clock()
        made = work(*given)
        if device.type == "cuda":
            torch.cuda.synchronize()
        parts[name] += clock() - start
        return made

    return call


def end_to_end(animator: Animator, photo: Image, driving: Path) -> tuple[float, float]:
    """Frames a second by the clock, and cores kept busy, from the file that drives to the one that is written."""
    info = Reader(driving).info
    with tempfile.TemporaryDirectory() as folder:

        def made(frames: int) -> int:
            options = Options(size=SIZE, end=min(frames, info.frames) / float(info.fps))
            return animator.animate(photo, driving, options).write(Path(folder) / "a.mp4")

        made(WARM)
        start, busy = time.perf_counter(), time.process_time()
        count = made(FRAMES)
        wall = time.perf_counter() - start
        return count / wall, (time.process_time() - busy) / wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of a trained model")
    parser.add_argument("--presets", nargs="*", default=["tiny", "small", "base"], help="untrained, moved by landmarks")
    parser.add_argument("--driving", type=Path, help="a video of one person; as it stands a clip of the DAG")
    parser.add_argument("--photo", type=Path, help="as it stands the driver's first frame")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    options = parser.parse_args()
    driving = options.driving or next(iter(sorted(layout.CLIPS.glob("*.mp4"))), None)
    if driving is None:
        print(f"skipped: no clips in {layout.CLIPS}: say --driving")
        return
    photo = read_photo(options.photo) if options.photo else next(Reader(driving).frames()).copy()
    found = {part: figure(FRAMES / seconds) for part, seconds in shared_parts(driving, Settings.load()).items()}
    with tempfile.TemporaryDirectory() as folder:
        models = {options.model.name: options.model} if options.model else {}
        for name in [] if options.model else options.presets:
            torch.manual_seed(0)
            models[name] = Path(folder) / name
            save_model(Model(preset(name).model_copy(update={"motion": "landmarks"})), models[name])
        for name, path in models.items():
            animator = Animator.load(path, options.device)
            for part, seconds in model_parts(animator, photo, driving).items():
                found[f"{name}_{part}"] = figure(FRAMES / seconds)
            rate, cores = end_to_end(animator, photo, driving)
            found[f"{name}_end_to_end"] = figure(rate, f"frames a second, {torch.get_num_threads()} threads")
            found[f"{name}_end_to_end_cores"] = figure(cores, "cores kept busy")
    files.write_json(layout.BENCHMARKS / "animate.json", found)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
