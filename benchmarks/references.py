"""What further references show of the head that the first one hides, and what is made of it:
`python -m benchmarks.references [--split test|val] [--every 10] [--model models/fusion]`.

By the protocol of several references. `shown`: share of the hidden pixels that another reference shows, by the truth.
`made`: l1 of all of them, of those that another shows, and of those that none does; `over`: its ratio to that with half
as many references, with the 95 % interval over clips. `nearest`: what it would be, where one does, if every pixel were
taken from the reference that comes nearest to the driving frame there, each seen through its own flow: what a perfect
choice would leave."""

import numpy as np
import torch

from benchmarks._fused import asked
from facemotion import files, layout, schemas
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.evaluation.images import Frame, at_scale
from facemotion.evaluation.intervals import ratio
from facemotion.evaluation.reading import batches, driving_face, references_of
from facemotion.evaluation.references import COUNTS, chosen, scored
from facemotion.evaluation.truth import ClipTruth, places
from facemotion.models import grid
from facemotion.models.animator import Animator
from facemotion.models.weights import load_model

LEAST_PX = 64  # of the scored image: a mean over fewer says nothing
TOGETHER = 4  # frames
Figures = dict[str, float]
UNITS = {"shown": "share", "made, over": "ratio", "made, over, low": "ratio", "made, over, high": "ratio"}


def figures(made: Frame, seen: list[Frame], driving: Frame, hidden: np.ndarray, shown: np.ndarray) -> Figures:
    """Of one frame: what was made, what is seen of each reference, what is hidden in the first, of it what others
    show."""
    apart = np.abs(made - driving).mean(axis=-1)
    nearest = np.min([np.abs(one - driving).mean(axis=-1) for one in seen], axis=0)
    found = {"made": float(apart[hidden].mean()), "shown": float(shown.sum() / hidden.sum())}
    if shown.sum() >= LEAST_PX:
        found |= {"made, shown": float(apart[shown].mean()), "nearest, shown": float(nearest[shown].mean())}
    if (hidden & ~shown).sum() >= LEAST_PX:
        found["made, not shown"] = float(apart[hidden & ~shown].mean())
    return found


@torch.no_grad()
def judged(model: Animator, clip: PackedClip, truth: ClipTruth, references: list[int], every: int) -> list[Figures]:
    size, rows = model.config.image_size, []
    frames = scored(clip.frames, np.arange(clip.frames - 1, 0, -every)[::-1].astype(np.intp))
    face = references_of(clip, np.array(references, np.intp), size)
    encoded = model.encode(face.image[None], face.points[None], face.camera[None] if face.camera is not None else None)
    for some, batch in batches(clip, frames, size, TOGETHER):
        appearance = encoded.of_frames(len(some))
        motion = model.motion(appearance, *driving_face(batch))
        made = at_scale(model.render(appearance, motion).float())
        seen = at_scale(grid.warp_picture(appearance.image, grid.resize(motion.fields[-1].flow, size)))
        for k, (frame, driving) in enumerate(zip(some.tolist(), at_scale(batch.driving), strict=True)):
            flow = truth.flow(frame)
            areas = truth.areas(frame, flow)
            hidden = areas.known & ~flow.seen & areas.head
            if hidden.sum() < LEAST_PX:
                continue
            shown = np.zeros_like(hidden)
            for other in references[1:]:
                shown |= hidden & truth.flow(frame, other).seen
            own = list(seen[k * len(references) : (k + 1) * len(references)])
            rows.append(figures(made[k], own, driving, hidden, shown))
    return rows


def means(rows: list[Figures]) -> Figures:
    """Over those that have the figure."""
    names = sorted({name for row in rows for name in row})
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def gain(ours: list[Figures], theirs: list[Figures] | None) -> Figures:
    """How all that is hidden fares with twice the references; every clip is in both, in one order."""
    if not theirs:
        return {}
    value, low, high = ratio(*(np.array([clip["made"] for clip in found]) for found in (ours, theirs)))
    return {"made, over": value, "made, over, low": low, "made, over, high": high}


def main() -> None:
    arguments = asked(__doc__)
    model = load_model(arguments.model).eval()
    clips = schemas.CLIPS.read(layout.CLIP_TABLE).filter("accepted")
    known = places(clips.iter_rows(named=True), {path.stem: path for path in sorted(layout.TRUTH.glob("*.parquet"))})
    by_count: dict[int, list[Figures]] = {count: [] for count in COUNTS}
    for clip in PackedSplit(layout.PACKED / arguments.split):
        truth = ClipTruth.load(known[clip.clip_id]) if clip.clip_id in known else None
        if truth is None or clip.frames < 2:
            continue
        references = chosen(clip.points)
        for count, found in by_count.items():
            if rows := judged(model, clip, truth, references[:count], arguments.every):
                found.append(means(rows))
    table = [
        {"name": f"{arguments.split}, N = {count}, {name}", "value": round(value, 4), "unit": UNITS.get(name, "l1")}
        for count, found in by_count.items()
        for name, value in (means(found) | gain(found, by_count.get(count // 2))).items()
        if count > 1 or name == "made"
    ]
    for row in table:
        print(f"{row['name']:32s} {row['value']:8.4f} {row['unit']}")
    files.write_json(layout.BENCHMARKS / f"references_{arguments.split}.json", table)


if __name__ == "__main__":
    main()
