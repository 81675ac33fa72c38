"""How motion carries over to real people: `python -m benchmarks.real_faces [--model models/landmarks_coarse ...]`.

Frame 0 of each real clip drives on to every tenth frame. Scored at 256 pixels, as everywhere: the reference repeated,
bent through its landmarks, and moved by models; ratios are to the one repeated. The pictures stay out of git."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmarks._footage import cropped, tensor
from benchmarks._in_memory import Clip
from benchmarks._variants import landmark_variants
from facemotion import config, files, layout
from facemotion.console import setup_logging
from facemotion.dataset.images import encode
from facemotion.evaluation.faces import FaceMeter
from facemotion.evaluation.images import Frame, as_bytes, at_scale, l1, points_at_scale
from facemotion.evaluation.repeated import Repeated
from facemotion.evaluation.variants import Variant
from facemotion.models import alignment, grid
from facemotion.models.face import Face, reference_size
from facemotion.video import Image

EVERY = 10  # every how manyth frame is driven to
SIZE = 64  # of what needs no model
SHOWN = 5  # frames of a clip on its sheet
STILL = "reference"
TOLD = ("l1", "akd_dlib", "akd_dlib_eyes", "akd_dlib_lips", "mkr")
RATIOS = ("l1", "akd_dlib")
Figures = dict[str, float]


def folder() -> Path:
    return Path(os.environ.get("FACEMOTION_REAL_FACES", "../shared/real_faces")) / "clips"


def judged(variants: Mapping[str, Variant], clip: Clip, meter: FaceMeter) -> tuple[dict[str, Figures], list[Image]]:
    """Means over the clip's frames by variant, and rows of pictures: reference, driving, then the variants."""
    rows: dict[str, list[Figures]] = {name: [] for name in variants}
    shown, pictures = np.linspace(1, clip.frames - 1, SHOWN).round().astype(int).tolist(), []
    for frame in range(1, clip.frames):
        row: list[Frame] = []
        for name, variant in variants.items():
            reference = _face(clip, 0, reference_size(variant.size, clip.size))
            driving = _face(clip, frame, variant.size)
            still, wanted, made = (
                at_scale(image)[0]
                for image in (reference.image, driving.image, variant.make(reference, driving).frames)
            )
            found = meter.driver(wanted, points_at_scale(driving.points)[0])
            rows[name].append({"l1": l1(made, wanted), **meter.measure(made, found, None)})
            row = [*(row or (still, wanted)), made]
        if frame in shown:
            pictures.append(np.concatenate([as_bytes(image) for image in row], 1))
    return {name: _means(own) for name, own in rows.items()}, pictures


def _face(clip: Clip, frame: int, size: int) -> Face:
    points = grid.to_normalised(torch.from_numpy(clip.points[frame])[None], clip.size, clip.size)
    moved = alignment.maps(torch.from_numpy(clip.camera[frame])[None])
    return Face(tensor(clip.image(frame), size), points, moved)


def _means(rows: Sequence[Figures]) -> Figures:
    """Over those that have the figure."""
    return {
        name: float(np.mean([row[name] for row in rows if name in row]))
        for name in TOLD
        if any(name in row for row in rows)
    }


def with_ratios(figures: dict[str, Figures]) -> dict[str, Figures]:
    still = figures[STILL]
    return {
        name: {key: round(value, 4) for key, value in own.items()}
        | ({} if name == STILL else {f"{key}_ratio": round(own[key] / still[key], 4) for key in RATIOS})
        for name, own in figures.items()
    }


def main() -> None:
    setup_logging()
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, nargs="*", help="folders; as it stands, the landmark models there are")
    models = parser.parse_args().model
    clips = sorted(folder().glob("*.mp4"))
    if not clips:
        print(f"skipped: no clips/*.mp4 in {folder().parent}; set FACEMOTION_REAL_FACES to a folder that has them")
        return
    variants = {STILL: Repeated(SIZE), **landmark_variants(models, SIZE)}
    params = config.load()
    meter = FaceMeter(params.evaluate.averaged)
    by_clip: dict[str, dict[str, Figures]] = {}
    for path in clips:
        by_clip[path.stem], pictures = judged(variants, cropped(path, params, EVERY), meter)
        sheet = layout.WORK / "real_faces" / f"{path.stem}.jpg"
        files.write_bytes(sheet, encode(np.concatenate(pictures), 92))
        print(
            path.stem, *(f"{name} {own['l1']:.4f} / {own['akd_dlib']:.2f}" for name, own in by_clip[path.stem].items())
        )
    overall = with_ratios({name: _means([own[name] for own in by_clip.values()]) for name in variants})
    for name, own in overall.items():
        print(f"{name:22s}", "  ".join(f"{key} {value:.4f}" for key, value in own.items()))
    print(f"reference | driving | {' | '.join(variants)}: {layout.WORK / 'real_faces'}")
    # At the top, the ratios of the last of them: the default model where none was named.
    *_, last = variants
    ratios = {key: value for key, value in overall[last].items() if key.endswith("_ratio")}
    by_clip = {name: with_ratios(own) for name, own in by_clip.items()}
    files.write_json(
        layout.BENCHMARKS / "real_faces.json", {"of": last, **ratios, "overall": overall, "clips": by_clip}
    )


if __name__ == "__main__":
    main()
