"""The landmark smoother beside filters in common use, on the noise model: `python -m benchmarks.smoothing`.

Jitter is the mean second difference of the error relative to that of the noise; depth is the share of a blink kept."""

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import savgol_filter

from facemotion import config, files, layout
from facemotion.landmarks.noise_model import FPS, NOISE_PX, model_motion
from facemotion.landmarks.scores import Scored, blink_depth, jitter_ratio, lag_frames
from facemotion.landmarks.smoothing import smooth_track
from facemotion.landmarks.store import Track

Floats = NDArray[np.float64]
SEEDS = 5


def ours(raw: Floats) -> Floats:
    track = Track("model", FPS, raw.astype(np.float32), np.ones(raw.shape[:2], np.float32))
    return np.asarray(smooth_track(track, config.load().smooth).points, np.float64)


FILTERS: dict[str, Callable[[Floats], Floats]] = {
    "ours": ours,
    "Savitzky-Golay 7/2": lambda raw: savgol_filter(raw, 7, 2, axis=0),
    "Savitzky-Golay 5/2": lambda raw: savgol_filter(raw, 5, 2, axis=0),
    "Gaussian, 1 frame": lambda raw: gaussian_filter1d(raw, 1.0, axis=0),
    "Gaussian, 3 frames": lambda raw: gaussian_filter1d(raw, 3.0, axis=0),
    "median of 5": lambda raw: median_filter(raw, (5, 1, 1)),
}


def measure(smoother: Callable[[Floats], Floats]) -> dict[str, float]:
    clips, exact = [], []
    spent = frames = 0.0
    for seed in range(SEEDS):
        truth = model_motion(seed)
        raw = truth + np.random.default_rng([seed, 1]).normal(0, NOISE_PX, truth.shape)
        start = time.process_time()
        smooth = smoother(raw)
        spent, frames = spent + time.process_time() - start, frames + len(raw)
        seen = np.ones(truth.shape[:2], bool)
        clips.append(Scored(truth, raw, smooth, seen, FPS))
        exact.append(Scored(truth, truth, smooth, seen, FPS))
    return {
        "jitter": jitter_ratio(clips),
        "blink_depth": blink_depth(exact),
        "lag_ms": lag_frames(clips) * 1000 / float(FPS),
        "us_frame": 1e6 * spent / frames,
    }


def main() -> None:
    ours(model_motion(0))  # compiles
    figures = {name: {key: round(value, 3) for key, value in measure(f).items()} for name, f in FILTERS.items()}
    for name, row in figures.items():
        print(f"{name:20s}", "  ".join(f"{key} {value:8.3f}" for key, value in row.items()))
    files.write_json(layout.BENCHMARKS / "smoothing.json", figures)


if __name__ == "__main__":
    main()
