"""What taking in footage costs, a stage at a time: `python -m benchmarks.ingest [--videos N] [--long MINUTES]`.

Each stage's work runs in a fresh process, alone: seconds of video for each second of one core, and the peak memory of
that process. Tubes are followed in two processes at once, as the stage does it; loading networks, once a process, does
not count. The footage is the DAG's rendered 360p videos, where it has run, and the real clips, where they are."""

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from benchmarks._looped import enlarged, looped
from facemotion import config, files, layout
from facemotion.config import Params
from facemotion.engine import map_items
from facemotion.errors import FacemotionError
from facemotion.faces.registry import detector, embedder, landmarker
from facemotion.ingest.crop import CropJob, Tube, clips_of
from facemotion.ingest.framing import cut_out
from facemotion.ingest.shots import ShotJob, shots_of
from facemotion.ingest.tubes import ROUGH, TubeJob, tubes_of
from facemotion.landmarks.detect import LandmarkJob, landmarks_of
from facemotion.landmarks.layout import N_POINTS
from facemotion.landmarks.noise_model import model_motion
from facemotion.landmarks.smoothing import smooth_track
from facemotion.landmarks.store import Track
from facemotion.video import Limits, Reader
from facemotion.video_writer import Writer

MOST_VIDEOS = 6  # of a kind
SMOOTHED = 20_000  # frames
LIMITS = Limits()
PROCESSES = 2  # that follow tubes
STAGES = ("decode", "shots", "tubes", "crop", "landmarks", "smooth")
# What each figure ought to be at least, or at most where it is a cost.
FAST_TUBES, CROP_OVER_BARE, SMOOTH_SECONDS, MOST_MIB = 8.0, 1.3, 4.0, 600.0


class Cost(NamedTuple):
    """Of one piece of work: what it gave, CPU seconds, and the most memory its process held."""

    value: Any
    cpu: float
    mib: float


@dataclass
class Spent:
    """On all videos of one kind, by stage."""

    seconds: float = 0.0  # of footage
    cpu: dict[str, float] = field(default_factory=dict)
    mib: dict[str, float] = field(default_factory=dict)
    bare: float = 0.0  # CPU seconds of decoding what was cropped and encoding what came out of it

    def add(self, stage: str, cost: Cost) -> Any:
        self.cpu[stage] = self.cpu.get(stage, 0.0) + cost.cpu
        self.mib[stage] = max(self.mib.get(stage, 0.0), cost.mib)
        return cost.value


def alone(work: Callable[..., Any], *given: Any) -> Cost:
    """The work in a process that has done nothing else; importing what it needs does not count."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(_weighed, work, *given).result()


def _weighed(work: Callable[..., Any], *given: Any) -> Cost:
    start = time.process_time()
    value = work(*given)
    spent = time.process_time() - start
    return Cost(value, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def together(work: Callable[[Any], Cost], items: Sequence[Any]) -> list[Cost]:
    """Each item's, in PROCESSES at once."""
    outcomes = map_items(work, items, workers=PROCESSES)
    if failed := [outcome.error for outcome in outcomes if outcome.error is not None]:
        raise FacemotionError(failed[0])
    return [cast(Cost, outcome.value) for outcome in outcomes]


def follow(job: TubeJob) -> Cost:
    settings = job.settings
    detector(settings.detector, settings.min_face_px, job.running)
    landmarker(settings.landmarker, ROUGH, job.running)
    if settings.embedder is not None:
        embedder(settings.embedder)
    return _weighed(tubes_of, job)


def decode(path: Path) -> float:
    """Reads all there is, as fetch does to see that it is whole; the seconds of video."""
    reader = Reader(path, LIMITS)
    deque(reader.frames(), maxlen=0)
    return reader.info.duration_s


def ingest(paths: Sequence[Path], params: Params, folder: Path) -> Spent:
    """Videos through all stages, their clips into `folder`."""
    spent = Spent()
    spent.seconds = sum(spent.add("decode", alone(each, decode, paths)))
    jobs = [ShotJob(path.stem, path, params.shots, LIMITS) for path in paths]
    shots = spent.add("shots", alone(each, shots_of, jobs))
    wanted = [
        TubeJob(path.stem, path, tuple(map(_range, filter(_accepted, rows))), (), params.tubes, LIMITS)
        for path, rows in zip(paths, shots, strict=True)
    ]
    tubes = [spent.add("tubes", cost) for cost in together(follow, wanted)]
    cuts = [
        CropJob(path.stem, path, tuple(map(_tube, filter(_accepted, rows))), folder, params.crop, LIMITS)
        for path, rows in zip(paths, tubes, strict=True)
    ]
    clips = [list(filter(_accepted, rows)) for rows in spent.add("crop", alone(each, clips_of, cuts))]
    if not any(clips):
        raise FacemotionError(f"no face of {', '.join(map(str, paths))} is accepted: there is nothing to measure")
    spent.bare = alone(bare, list(zip(paths, clips, strict=True)), params, folder).value
    marks = [
        LandmarkJob(row["clip_id"], folder / row["path"], tuple(map(tuple, row["faces"])), params.landmarks)
        for rows in clips for row in rows
    ]  # fmt: skip
    tracks = spent.add("landmarks", alone(each, landmarks_of, marks))
    spent.add("smooth", alone(smooth, tracks, params))
    return spent


def _accepted(row: dict[str, Any]) -> bool:
    return bool(row["accepted"])


def _range(row: dict[str, Any]) -> tuple[int, int, int]:
    return row["shot"], row["start_frame"], row["end_frame"]


def _tube(row: dict[str, Any]) -> Tube:
    return Tube(row["shot"], row["tube"], row["start_frame"], tuple(map(tuple, row["boxes"])), None, "p", "p")


def each(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    return [function(item) for item in items]


def smooth(tracks: Sequence[Track], params: Params) -> None:
    for track in tracks:
        smooth_track(track, params.smooth)


def bare(cut: Sequence[tuple[Path, Sequence[dict[str, Any]]]], params: Params, folder: Path) -> float:
    """CPU seconds of decoding the frames that were cropped from each video, once, and of encoding what was cut out of
    them."""
    settings, spent = params.crop, 0.0
    for path, clips in cut:
        if not clips:
            continue
        reader = Reader(path)
        first, last = min(row["first_frame"] for row in clips), max(row["end_frame"] for row in clips)
        start = time.process_time()
        deque(reader.frames(first, last), maxlen=0)
        spent += time.process_time() - start
        for row in clips:
            square = tuple(map(round, row["box"]))
            pictures = [
                cut_out(frame, square, settings.size) for frame in reader.frames(row["first_frame"], row["end_frame"])
            ]
            fps = Fraction(row["fps_num"], row["fps_den"])
            start = time.process_time()
            with Writer(
                folder / "bare.mp4", fps=fps, width=settings.size, height=settings.size, crf=settings.crf,
                preset=settings.preset, threads=settings.threads,
            ) as writer:  # fmt: skip
                for picture in pictures:
                    writer.write(picture)
            spent += time.process_time() - start
    return spent


def smooth_many(params: Params) -> float:
    """CPU seconds of smoothing many frames, once what it needs is compiled."""
    motion = np.concatenate([model_motion(seed) for seed in range(20)])[:SMOOTHED].astype(np.float32)
    track = Track("model", Fraction(25), motion, np.ones((len(motion), N_POINTS), np.float32))
    smooth_track(track, params.smooth)
    start = time.process_time()
    smooth_track(track, params.smooth)
    return time.process_time() - start


def footage(most: int | None) -> dict[str, list[Path]]:
    """Videos by kind, at most so many of each."""
    real = Path(os.environ.get("FACEMOTION_REAL_FACES", "../shared/real_faces")) / "clips"
    kinds = {"rendered 360p": layout.VIDEOS, "real": real}
    found = {kind: sorted(folder.glob("*.mp4"))[:most] for kind, folder in kinds.items()}
    if not any(found.values()):
        raise FacemotionError(f"no videos in {layout.VIDEOS} and none in {real}: run `dvc repro fetch`")
    return {kind: paths for kind, paths in found.items() if paths}


def wide(path: Path) -> bool:
    """Whether a face keeps its shape in a frame of 16:9."""
    info = Reader(path).info
    return info.width * 9 == info.height * 16


def figures_of(kind: str, spent: Spent) -> list[dict[str, Any]]:
    rates = {stage: spent.seconds / max(spent.cpu[stage], 1e-9) for stage in STAGES}
    goal = f"at least {FAST_TUBES:g}" if "360p" in kind else None
    rows = [_figure(f"{kind}: {stage}", rates[stage], "x real time a core") for stage in STAGES]
    rows.append(_figure(f"{kind}: tubes on {PROCESSES} cores", PROCESSES * rates["tubes"], "x real time", goal))
    rows.append(_figure(f"{kind}: in all", spent.seconds / sum(spent.cpu.values()), "x real time a core"))
    rows.append(
        _figure(
            f"{kind}: crop over bare decode and encode", spent.cpu["crop"] / max(spent.bare, 1e-9),
            "ratio of CPU time", f"at most {CROP_OVER_BARE:g}",
        )
    )  # fmt: skip
    rows += [_figure(f"{kind}: peak of {stage}", spent.mib[stage], "MiB") for stage in STAGES]
    return rows


def _figure(name: str, value: float, unit: str, goal: str | None = None) -> dict[str, Any]:
    return {"name": name, "value": round(value, 2), "unit": unit, **({"goal": goal} if goal else {})}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--videos", type=int, default=MOST_VIDEOS, help="of each kind, at most; 0: only what else is asked"
    )
    parser.add_argument("--long", type=float, default=0.0, help="also a 720p video of so many minutes, for its memory")
    asked = parser.parse_args()
    params = config.load()
    rows: list[dict[str, Any]] = []
    for kind, paths in footage(asked.videos).items() if asked.videos else ():
        with tempfile.TemporaryDirectory() as name:
            rows += figures_of(kind, ingest(paths, params, Path(name)))
    if asked.videos:
        seconds = alone(smooth_many, params).value
        rows.append(_figure(f"smoothing of {SMOOTHED} frames", seconds, "CPU seconds", f"at most {SMOOTH_SECONDS:g}"))
    if asked.long:
        with tempfile.TemporaryDirectory() as name:
            short = next(path for paths in footage(None).values() for path in paths if wide(path))
            large = enlarged(short, Path(name) / "720p.mp4", 1280, 720)
            spent = ingest([looped(large, Path(name) / "long.mp4", asked.long)], params, Path(name))
        kind = f"720p of {asked.long:g} minutes"
        rows += figures_of(kind, spent)
        rows.append(_figure(f"{kind}: peak", max(spent.mib.values()), "MiB", f"at most {MOST_MIB:g}"))
    for row in rows:
        print(f"{row['name']:56s} {row['value']:10} {row['unit']:22s} {row.get('goal', '')}")
    path = layout.BENCHMARKS / "ingest.json"
    before = json.loads(path.read_text()) if path.is_file() else []
    measured = {row["name"] for row in rows}
    files.write_json(path, [row for row in before if row["name"] not in measured] + rows)


if __name__ == "__main__":
    main()
