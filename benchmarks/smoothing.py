"""The landmark smoother beside filters in common use: `python -m benchmarks.smoothing`.

On the noise model, and on the landmarks of the DAG's rendered clips against their truth, where it has run: there noise
is the detector's own, which lasts from frame to frame. Jitter is the mean second difference of the error relative to
that of the noise; depth is the share of a blink kept; errors are in outer-eye distances."""

import time
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from benchmarks._filters import KNOWN
from facemotion import config, files, layout
from facemotion.landmarks.noise_model import FPS, NOISE_PX, model_motion
from facemotion.landmarks.scores import Scored, blink_depth, jitter_ratio, lag_frames, score_landmarks
from facemotion.landmarks.smoothing import smooth_track
from facemotion.landmarks.store import Track, TrackStore
from stages.smooth import scored_clips

Floats = NDArray[np.float64]
Smoother = Callable[[Floats, NDArray[np.float32], Fraction], Floats]
SEEDS = 5
GOALS = "jitter 0.15 or less, blink depth 0.97 or more, no lag, error below that of what was measured"


def ours(raw: Floats, scores: NDArray[np.float32], fps: Fraction) -> Floats:
    track = Track("clip", fps, raw.astype(np.float32), scores)
    return np.asarray(smooth_track(track, config.load().smooth).points, np.float64)


def plain(known: Callable[[Floats], Floats]) -> Smoother:
    return lambda raw, scores, fps: known(raw)


SMOOTHERS: dict[str, Smoother] = {"ours": ours, **{name: plain(known) for name, known in KNOWN.items()}}


def on_model(smoother: Smoother) -> dict[str, float]:
    clips, exact = [], []
    spent = frames = 0.0
    for seed in range(SEEDS):
        truth = model_motion(seed)
        raw = truth + np.random.default_rng([seed, 1]).normal(0, NOISE_PX, truth.shape)
        start = time.process_time()
        smooth = smoother(raw, np.ones(raw.shape[:2], np.float32), FPS)
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


def on_clips(clips: Sequence[tuple[Scored, NDArray[np.float32]]], smoother: Smoother) -> dict[str, float]:
    """Clips with their points' scores; what was not seen throughout is left out, since filters know no gaps."""
    found = score_landmarks(
        Scored(clip.truth, clip.raw, smoother(clip.raw, scores, clip.fps), clip.visible, clip.fps)
        for clip, scores in clips
    )
    names = {"jitter_ratio": "jitter", "blink_depth": "blink_depth", "nme_raw": "nme_raw", "nme_smooth": "nme"}
    fps = float(clips[0][0].fps)
    return {name: found[key] for key, name in names.items()} | {"lag_ms": found["lag_frames"] * 1000 / fps}


def detected() -> list[tuple[Scored, NDArray[np.float32]]]:
    """The rendered clips of the DAG as they were measured; none where it has not run."""
    if not all(path.exists() for path in (layout.LANDMARKS, layout.CLIP_TABLE, layout.TRUTH)):
        return []
    store = TrackStore(layout.LANDMARKS)
    pairs = {name: (store[name], store[name]) for name in store.clip_ids}
    return [(clip, store[name].scores) for name, clip in scored_clips(pairs) if np.isfinite(clip.raw).all()]


def main() -> None:
    flat = model_motion(0)
    ours(flat, np.ones(flat.shape[:2], np.float32), FPS)  # compiles
    clips = detected()
    tables = {"noise model": {name: on_model(smoother) for name, smoother in SMOOTHERS.items()}}
    if clips:
        tables["detector's noise"] = {name: on_clips(clips, smoother) for name, smoother in SMOOTHERS.items()}
    print(f"wanted: {GOALS}")
    for title, table in tables.items():
        print(f"\n{title}")
        for name, row in table.items():
            print(f"{name:30s}", "  ".join(f"{key} {value:8.3f}" for key, value in row.items()))
    rounded = {
        f"{title}, {name}": {key: round(value, 4) for key, value in row.items()}
        for title, table in tables.items()
        for name, row in table.items()
    }
    files.write_json(layout.BENCHMARKS / "smoothing.json", rounded)


if __name__ == "__main__":
    main()
