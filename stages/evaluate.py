"""evaluate VARIANT: scored on people whom no training has seen. The only stage that opens the test split."""

import argparse
from itertools import chain

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.dataset.packed import PackedSplit
from facemotion.evaluation import same_identity
from facemotion.evaluation.pictures import sheets
from facemotion.evaluation.truth import places
from facemotion.models.weights import load_config
from stages import videos
from stages.harness import Notes, run
from stages.items import map_all
from stages.pictures import save

REFERENCE = "reference"  # the variant that needs no model


def main(params: Params, notes: Notes, variant: str) -> str:
    judged, *learnt = (PackedSplit(layout.PACKED / split) for split in ("test", "train", "val"))
    same_identity.check_apart(judged, *learnt)
    model = None if variant == REFERENCE else layout.MODELS / variant
    size = params.model.image_size if model is None else load_config(model).image_size
    clips = schemas.CLIPS.read(layout.CLIP_TABLE).filter("accepted")
    truths = places(clips.iter_rows(named=True), videos.truths())
    jobs = same_identity.jobs(judged, model, size, truths, params.evaluate)
    scored = map_all(f"evaluate {variant}", same_identity.score_job, jobs, params)
    table = schemas.SCORES.frame(list(chain.from_iterable(scored)))
    schemas.SCORES.write(table, layout.scores(variant))
    figures = same_identity.means(table)
    notes.score(figures | {"clips": len(jobs), "frames": _frames(judged, params)} if jobs else {})
    save(notes, sheets(same_identity.load(model, size), judged, table))
    notes.keep(layout.scores(variant))
    if not jobs:
        return "nobody to judge by: no person of this footage is in the test split"
    told = ", ".join(f"{name} {figures[name]:.4g}" for name in ("l1", "akd_truth", "epe") if name in figures)
    return f"{told} on {len(jobs)} clips of {len(judged.people)} people"


def _frames(judged: PackedSplit, params: Params) -> int:
    return sum(len(same_identity.scored_frames(clip.frames, params.evaluate.stride)) for clip in judged.clips)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant", help=f"{REFERENCE}, or the name of a folder in {layout.MODELS}")
    chosen = parser.parse_args().variant
    run(f"evaluate@{chosen}", lambda params, notes: main(params, notes, chosen))
