"""What steady landmarks are good for: `python -m benchmarks.flicker [--model models/landmarks_coarse ...]`.

People of the test split drive themselves, by the landmarks as they were found, by the smoothed and by the true ones:
how much the frames flicker, and how far lids and lips are then from being as open as in the driving frames. The true
ones do not jump; `above_true_ratio` is of what the others bring on top of theirs."""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks._variants import landmark_variants
from facemotion import config, files, layout
from facemotion.config import Params
from facemotion.console import setup_logging
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.evaluation import expression
from facemotion.evaluation.flicker import FlickerMeter, background_area, face_area
from facemotion.evaluation.images import as_bytes, at_scale, points_at_scale
from facemotion.evaluation.reading import batches, driving_face, reference_face
from facemotion.evaluation.samples import runs
from facemotion.evaluation.variants import Variant
from facemotion.faces.interfaces import Landmarker
from facemotion.faces.registry import landmarker
from facemotion.landmarks.store import Track, read_tracks
from facemotion.models import grid
from stages.smooth import scored_clips

SIZE = 64  # of what needs no model
TOLD = ("flicker", "flicker_face", "flicker_bg", "lid_error", "lip_opening_error")
Figures = dict[str, float]


def judged(variant: Variant, clip: PackedClip, track: Track, params: Params, marks: Landmarker) -> Iterator[Figures]:
    """Of frames of the clip, driven from its first by the points of a track."""
    (_, first), = batches(clip, np.array([0]), variant.size)  # fmt: skip
    reference = reference_face(first)._replace(points=_normalised(track, np.array([0]), clip))
    for run in runs(clip.frames, params.evaluate.runs, params.evaluate.run_frames):
        flicker = FlickerMeter()
        for some, batch in batches(clip, np.array(run), variant.size):
            driving = driving_face(batch)._replace(points=_normalised(track, some, clip))
            made = at_scale(variant.make(reference, driving).frames)
            wanted, points = at_scale(batch.driving), points_at_scale(batch.driving_points)
            for frame, other, landmarks in zip(made, wanted, points, strict=True):
                # The areas are the same whatever drives.
                yield flicker.add(frame, other, face_area(landmarks), background_area(landmarks))
                found, asked = (marks.follow(as_bytes(picture), landmarks)[0] for picture in (frame, other))
                yield expression.scores(found, asked)


def tracks() -> dict[str, dict[str, Track]]:
    """What drives, by clip."""
    raw, smooth = (
        {track.clip_id: track for track in read_tracks(folder)}
        for folder in (layout.LANDMARKS, layout.LANDMARKS_SMOOTH)
    )
    known = scored_clips({name: (raw[name], smooth[name]) for name in raw})
    true = {name: replace(raw[name], points=scored.truth.astype(np.float32)) for name, scored in known}
    return {"raw": raw, "smooth": smooth, "true": true}


def _normalised(track: Track, frames: np.ndarray, clip: PackedClip) -> torch.Tensor:
    edge = clip.image(0).shape[0]
    return grid.to_normalised(torch.from_numpy(track.points[frames]), edge, edge)


def means(rows: list[Figures]) -> Figures:
    by_name = {name: [row[name] for row in rows if np.isfinite(row.get(name, np.nan))] for name in TOLD}
    return {name: float(np.mean(values)) for name, values in by_name.items() if values}


def measured(variants: Mapping[str, Variant], params: Params) -> dict[str, dict[str, Figures]]:
    """By variant and by what drives: means over clips."""
    marks = landmarker(params.landmarks.landmarker, params.evaluate.averaged)
    split = PackedSplit(layout.PACKED / "test")
    ways = tracks()
    clips = [
        clip for clip in split if clip.frames > 3 and np.isfinite(clip.points).all() and clip.clip_id in ways["true"]
    ]
    found: dict[str, dict[str, Figures]] = {}
    for name, variant in variants.items():
        found[name] = {
            way: means([means(list(judged(variant, clip, of_clip[clip.clip_id], params, marks))) for clip in clips])
            for way, of_clip in ways.items()
        }
    return found


def main() -> None:
    setup_logging()
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, nargs="*", help="folders; as it stands, the landmark models there are")
    content: dict[str, dict[str, Figures]] = {}
    for name, ways in measured(landmark_variants(parser.parse_args().model, SIZE), config.load()).items():
        raw, smooth, true = ways["raw"], ways["smooth"], ways["true"]
        ratios = {f"{key}_ratio": smooth[key] / raw[key] for key in raw}
        ratios["above_true_ratio"] = (smooth["flicker"] - true["flicker"]) / (raw["flicker"] - true["flicker"])
        for way, row in (ways | {"ratio": ratios}).items():
            print(f"{name:22s} {way:8s}", "  ".join(f"{key} {value:.4f}" for key, value in row.items()))
        content[name] = {way: {key: round(value, 5) for key, value in row.items()} for way, row in ways.items()}
        content[name]["ratio"] = {key: round(value, 4) for key, value in ratios.items()}
    files.write_json(layout.BENCHMARKS / "flicker.json", content)


if __name__ == "__main__":
    main()
