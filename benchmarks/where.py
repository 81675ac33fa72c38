"""Where on a frame errors lie, and how much of them no motion could mend: `python -m benchmarks.where [--every 15]`.

People of the test split drive themselves, as in the evaluation. `l1` is told apart by what a pixel shows and by whether
the reference shows that, too; beside the models stands the reference seen through the renderer's own flow."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from facemotion import files, layout, schemas
from facemotion.console import setup_logging
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.evaluation.images import SCALE, at_scale
from facemotion.evaluation.reading import batches, driving_face, reference_face
from facemotion.evaluation.truth import ClipTruth, places
from facemotion.evaluation.variants import Animated
from facemotion.models import grid

MODELS = ("landmarks_coarse", "landmarks_refined", "keypoints_coarse", "keypoints_refined")
TRUE = "true flow"
SHARE = "share of the frame"
Parts = dict[str, float]  # shares of the frame's l1, by area


def areas(truth: ClipTruth, frame: int) -> dict[str, np.ndarray]:
    """Masks that do not overlap; what is not known (moving background, past the video's edge) is in none of them."""
    flow = truth.flow(frame)
    shown, face = truth.areas(frame, flow), truth.regions(frame)["face"]
    kinds = {
        "face": face,
        "hair": shown.head & ~face,
        "body": shown.own & ~shown.head & ~face,
        "background": shown.background,
    }
    masks = {f"{name}, seen": mask & shown.known & flow.seen for name, mask in kinds.items()}
    return masks | {f"{name}, unseen": mask & shown.known & ~flow.seen for name, mask in kinds.items()}


def through_truth(reference: torch.Tensor, truth: ClipTruth, frame: int, size: int) -> torch.Tensor:
    """The reference as it looks through the renderer's flow, at a model's size."""
    where = grid.to_normalised(torch.from_numpy(truth.flow(frame).where), SCALE, SCALE).permute(2, 0, 1)[None]
    return grid.warp_picture(reference, grid.resize(where, size))


def judged(models: dict[str, Animated], clip: PackedClip, truth: ClipTruth, every: int) -> Iterator[dict[str, Parts]]:
    frames = np.arange(clip.frames - 1, 0, -every)[::-1].astype(np.intp)
    size = next(iter(models.values())).size
    for some, batch in batches(clip, frames, size):
        made = {
            name: at_scale(model.make(reference_face(batch), driving_face(batch)).frames)
            for name, model in models.items()
        }
        made[TRUE] = at_scale(
            torch.cat([through_truth(batch.reference[:1], truth, frame, size) for frame in some.tolist()])
        )
        made["reference"] = at_scale(grid.resize_image(batch.reference, size))
        for row, (frame, driving) in enumerate(zip(some.tolist(), at_scale(batch.driving), strict=True)):
            masks = areas(truth, frame)
            errors = {name: np.abs(images[row] - driving).mean(axis=-1) for name, images in made.items()}
            found = {
                name: {area: float((error * mask).mean()) for area, mask in masks.items()}
                for name, error in errors.items()
            }
            yield found | {SHARE: {area: float(mask.mean()) for area, mask in masks.items()}}


def means(rows: list[dict[str, Parts]]) -> dict[str, Parts]:
    return {
        name: {area: float(np.mean([row[name][area] for row in rows])) for area in parts}
        for name, parts in rows[0].items()
    }


def main() -> None:
    setup_logging()
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=15, help="how manyth frame is looked at")
    parser.add_argument("--model", type=Path, nargs="+", default=[layout.MODELS / name for name in MODELS])
    arguments = parser.parse_args()
    models = {folder.name: Animated.load(folder) for folder in arguments.model}
    clips = schemas.CLIPS.read(layout.CLIP_TABLE).filter("accepted")
    known = places(clips.iter_rows(named=True), {path.stem: path for path in sorted(layout.TRUTH.glob("*.parquet"))})
    found = []
    for clip in PackedSplit(layout.PACKED / "test"):
        truth = ClipTruth.load(known[clip.clip_id]) if clip.clip_id in known else None
        if truth is not None and clip.frames > 1:
            found.append(means(list(judged(models, clip, truth, arguments.every))))
    table = means(found)
    names = [SHARE, "reference", TRUE, *models]
    rows = [{"name": area, **{name: round(table[name][area], 5) for name in names}} for area in table[SHARE]]
    rows.append({"name": "all", **{name: round(sum(table[name].values()), 5) for name in names}})
    print(f"{'':20s}", *(f"{name:>18s}" for name in names))
    for row in rows:
        print(f"{row['name']:20s}", *(f"{row[name]:18.5f}" for name in names))
    files.write_json(layout.BENCHMARKS / "where.json", rows)


if __name__ == "__main__":
    main()
