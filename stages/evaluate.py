"""evaluate VARIANT: scored on people whom no training has seen, driven by themselves and by each other."""

import argparse
from itertools import chain

from facemotion import layout, profiles, schemas, weights
from facemotion.config import Params
from facemotion.dataset.packed import PackedSplit
from facemotion.evaluation import fid_jobs, made_of, same_identity
from facemotion.evaluation.cross_pictures import cross_sheet
from facemotion.evaluation.folders import Folders
from facemotion.evaluation.made_of import UNLEARNT, MadeOf
from facemotion.evaluation.pictures import sheets
from facemotion.evaluation.protocols import PairRow, check_apart
from facemotion.evaluation.references import COUNTS
from facemotion.evaluation.same_identity import Scores
from facemotion.evaluation.score_jobs import score_jobs, score_pair
from facemotion.evaluation.several_pictures import several_sheet
from facemotion.evaluation.speed import SpeedJob, measure
from facemotion.evaluation.variants import Fuses
from facemotion.models.weights import load_config
from stages.harness import Notes, run
from stages.items import map_all
from stages.pictures import save

TOLD = ("l1", "akd_truth", "epe", "cross_l1")


def main(params: Params, notes: Notes, variant: str) -> str:
    judged, *learnt = (PackedSplit(layout.PACKED / split) for split in ("test", "train", "val"))
    check_apart(judged, *learnt)
    folders = Folders(judged.folder, layout.ANSWERS, layout.KNOWN)
    pairs = [PairRow.of(row) for row in schemas.PAIRS.read(layout.PAIRS).iter_rows(named=True)]
    own = MadeOf.of(variant, layout.MODELS, params.model.image_size)
    built = load_config(own.model) if own.model is not None else None
    notes.describe(
        motion=built.motion if built is not None else "none",
        refined=str(built is not None and built.refined).lower(),
        references=str(1 if built is None or built.fusion == "single" else COUNTS[-1]),
        profile=profiles.current(),
    )
    scored = Scores()
    jobs = score_jobs(pairs, folders, own, params.evaluate, params.weights.folder)
    for one in map_all(f"evaluate {variant}", score_pair, jobs, params):
        scored.add(one)
    table = schemas.SCORES.frame(scored.clips)
    schemas.SCORES.write(table, layout.scores(variant))
    by_frame = schemas.FRAME_SCORES.frame(scored.frames)
    schemas.FRAME_SCORES.write(by_frame, layout.frame_scores(variant))
    schemas.ERROR_MAPS.write(schemas.ERROR_MAPS.frame(scored.maps), layout.error_maps(variant))
    figures = same_identity.means(table)
    counts = {"clips": _count(pairs, "same"), "pairs": _count(pairs, "cross")}
    counts["frames"] = len({(row["clip_id"], row["frame"]) for row in scored.frames if row["metric"] == "l1"})
    if weights.find(weights.INCEPTION, params.weights.folder) is not None and counts["frames"] > 1:
        alone = [job for job in jobs if job.pair.protocol == "same"]
        figures["fid"] = fid_jobs.distance(map_all(f"fid {variant}", fid_jobs.look, alone, params))
    notes.score(figures | counts if pairs else {})
    notes.keep(layout.scores(variant))
    made_by = made_of.load(own)
    crossed = [pair for pair in pairs if pair.protocol == "cross"]
    several = several_sheet(made_by, judged, folders, by_frame) if isinstance(made_by, Fuses) else ()
    save(notes, chain(sheets(made_by, judged, table), cross_sheet(made_by, crossed, folders), several))
    (took,) = map_all("speed", measure, [SpeedJob(own)], params)
    notes.measure(took)
    if not pairs:
        return "nobody to judge by: no person of this footage is in the test split"
    told = ", ".join(f"{name} {figures[name]:.4g}" for name in TOLD if name in figures)
    return f"{told} on {counts['clips']} clips of {len(judged.people)} people and {counts['pairs']} pairs"


def _count(pairs: list[PairRow], protocol: str) -> int:
    return sum(pair.protocol == protocol for pair in pairs)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant", help=f"{', '.join(UNLEARNT)}, or the name of a folder in {layout.MODELS}")
    chosen = parser.parse_args().variant
    run(f"evaluate@{chosen}", lambda params, notes: main(params, notes, chosen))
