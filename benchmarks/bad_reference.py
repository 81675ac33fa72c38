"""What one reference that is of no use costs among good ones: `python -m benchmarks.bad_reference [--split test|val]
[--every 10] [--model models/fusion]`.

By the protocol of several references: two and four good ones, and the same with one more that is black (no landmark is
found in it), blurred, or shows another person. The figures are ratios of l1 with it over without, and their 95 %
interval over clips."""

import numpy as np
import torch
from torch import Tensor

from benchmarks._fused import asked
from facemotion import files, layout
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.dataset.spoiling import SPOILT, spoil
from facemotion.evaluation.images import at_scale, l1
from facemotion.evaluation.intervals import ratio
from facemotion.evaluation.reading import batches, driving_face, references_of
from facemotion.evaluation.references import chosen, scored
from facemotion.models.animator import Animator
from facemotion.models.face import Face
from facemotion.models.weights import load_model

GOOD = (2, 4)
TOGETHER = 4  # frames
BAD = ("black", "blurred", "another person")


def leading(face: Face, count: int) -> Face:
    return Face(face.image[:count], face.points[:count], face.camera[:count] if face.camera is not None else None)


def joined(good: Face, bad: Face) -> Face:
    camera = None if good.camera is None or bad.camera is None else torch.cat((good.camera, bad.camera))
    return Face(torch.cat((good.image, bad.image)), torch.cat((good.points, bad.points)), camera)


def spoilt(kind: str, first: Face, stranger: Face) -> Face:
    """What stands beside good references: made of the first of them, or of another person's first frame."""
    if kind == "another person":
        return stranger
    number = torch.tensor([[SPOILT.index(kind) + 1]])
    image: Tensor = spoil(first.image[None], number, torch.zeros(1, dtype=torch.long))[0]
    points = torch.full_like(first.points, torch.nan) if kind == "black" else first.points
    return first._replace(image=image, points=points)


@torch.no_grad()
def error(model: Animator, clip: PackedClip, references: Face, every: int) -> float:
    """The mean l1 of a clip's scored frames."""
    frames = scored(clip.frames, np.arange(clip.frames - 1, 0, -every)[::-1].astype(np.intp))
    camera = references.camera[None] if references.camera is not None else None
    encoded = model.encode(references.image[None], references.points[None], camera)
    found: list[float] = []
    for some, batch in batches(clip, frames, model.config.image_size, TOGETHER):
        appearance = encoded.of_frames(len(some))
        made = at_scale(model.render(appearance, model.motion(appearance, *driving_face(batch))).float())
        found += [l1(one, wanted) for one, wanted in zip(made, at_scale(batch.driving), strict=True)]
    return float(np.mean(found))


def main() -> None:
    arguments = asked(__doc__)
    model = load_model(arguments.model).eval()
    size = model.config.image_size
    split = PackedSplit(layout.PACKED / arguments.split)
    clips = [clip for clip in split if clip.frames > 2]
    others = {clip.person_id: clip for clip in clips}
    errors: dict[tuple[int, str], list[float]] = {}
    for clip in clips:
        people = sorted(others)
        stranger = others[people[(people.index(clip.person_id) + 1) % len(people)]]
        beside = references_of(stranger, np.array([0], np.intp), size)
        shown = references_of(clip, np.array(chosen(clip.points), np.intp), size)
        for count in GOOD:
            good, first = leading(shown, count), leading(shown, 1)
            errors.setdefault((count, ""), []).append(error(model, clip, good, arguments.every))
            for kind in BAD:
                with_it = joined(good, spoilt(kind, first, beside))
                errors.setdefault((count, kind), []).append(error(model, clip, with_it, arguments.every))
    table = []
    for count in GOOD:
        for kind in BAD:
            name = f"{arguments.split}, {count} good ones and one {kind}"
            told = zip(("", ", low", ", high"), ratio(*(np.array(errors[count, k]) for k in (kind, ""))), strict=True)
            table += [{"name": name + which, "value": round(value, 4), "unit": "ratio"} for which, value in told]
    for row in table:
        print(f"{row['name']:55s} {row['value']:8.4f}")
    files.write_json(layout.BENCHMARKS / f"bad_reference_{arguments.split}.json", table)


if __name__ == "__main__":
    main()
