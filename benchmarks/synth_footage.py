"""How fast raw footage is filmed, and its truth worked out: `python -m benchmarks.synth_footage`."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from facemotion import files, layout
from facemotion.synth.footage import filmed_frames, render_video
from facemotion.synth.records import Truth, write_truth
from facemotion.synth.scenario import plan_footage
from facemotion.synth.specs import VideoSpec

Figure = dict[str, str | float]


def _rate(name: str, count: int, work: Callable[[], object]) -> Figure:
    """Items a second of this process's own CPU time, which other work on the machine does not change."""
    start = time.process_time()
    work()
    return {"name": name, "value": round(count / (time.process_time() - start), 2), "unit": "frames/s a core"}


def measure(spec: VideoSpec) -> list[Figure]:
    size = f"{spec.width}x{spec.height}"
    with tempfile.TemporaryDirectory() as folder:
        render_video(spec, Path(folder, "warm.mp4"))
        truth = Truth.load(write_truth(spec, Path(folder)))
        shot = spec.shots[0]
        truth.flow(shot.start, shot.start + 1)
        return [
            _rate(f"film {size}", spec.n_frames, lambda: sum(1 for _ in filmed_frames(spec))),
            _rate(f"film and encode {size}", spec.n_frames, lambda: render_video(spec, Path(folder, "film.mp4"))),
            _rate(f"truth {size}", spec.n_frames, lambda: write_truth(spec, Path(folder))),
            _rate(f"flow {size}", 20, lambda: [truth.flow(shot.start, shot.start + i) for i in range(20)]),
        ]


def main() -> None:
    figures = measure(plan_footage()[0])
    for figure in figures:
        print(f"{figure['name']:32s} {figure['value']:10.1f} {figure['unit']}")
    files.write_json(layout.BENCHMARKS / "synth_footage.json", figures)


if __name__ == "__main__":
    main()
