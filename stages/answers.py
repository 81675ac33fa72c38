"""answers: which pairs of held-out people are scored, the right answers rendered, and all that is known of the frames
to be scored before any model has made one."""

from collections.abc import Mapping, Sequence

import numpy as np

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.dataset.packed import PackedSplit
from facemotion.dataset.packing import write_batches
from facemotion.evaluation import protocols
from facemotion.evaluation.answer_pictures import answer_sheet
from facemotion.evaluation.answers import packed_name
from facemotion.evaluation.folders import Folders
from facemotion.evaluation.know_jobs import KnowJob, Told, know_pair
from facemotion.evaluation.knowing import Closely
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.truth import TruthPlace, places
from facemotion.files import fresh_folder
from stages import videos
from stages.harness import Notes, run
from stages.items import map_all
from stages.pictures import save

FOLDERS = Folders(layout.PACKED / "test", layout.ANSWERS, layout.KNOWN)


def main(params: Params, notes: Notes) -> str:
    judged, *learnt = (PackedSplit(layout.PACKED / split) for split in ("test", "train", "val"))
    protocols.check_apart(judged, *learnt)
    starts = protocols.starts(judged)
    settings = params.evaluate
    same, cross = protocols.same_pairs(starts), protocols.cross_pairs(starts, settings.pairs, settings.salt)
    clips = schemas.CLIPS.read(layout.CLIP_TABLE).filter("accepted")
    truths = places(clips.iter_rows(named=True), videos.truths())
    for folder in (layout.ANSWERS, layout.KNOWN):
        fresh_folder(folder)
    write_batches([], layout.ANSWERS / packed_name("none"))
    told = map_all("answers", know_pair, [*_jobs(cross, truths, params), *_jobs(same, truths, params)], params)
    pairs = sorted(one.pair for one in told)
    schemas.PAIRS.write(schemas.PAIRS.frame([pair._asdict() for pair in pairs]), layout.PAIRS)
    notes.keep(layout.PAIRS)
    answered = [pair for pair in pairs if pair.protocol == "cross" and pair.answered]
    notes.score(_figures(told, len(same), len(cross), len(answered)))
    save(notes, answer_sheet(answered, FOLDERS))
    if not same:
        return "nobody to judge by: no person of this footage is in the test split"
    return (
        f"{len(same)} clips of {len(judged.people)} people, {len(cross)} pairs, {len(answered)} of them with a "
        f"rendered answer; {sum(one.frames for one in told)} frames, a face found in {sum(one.found for one in told)}"
    )


def _jobs(pairs: Sequence[PairRow], truths: Mapping[str, TruthPlace], params: Params) -> list[KnowJob]:
    closely = Closely.of(params.evaluate, pairs)
    return [
        KnowJob(
            pair, FOLDERS, params.model.image_size, params.evaluate, closely, truths.get(pair.reference_clip),
            truths.get(pair.driving_clip), params.pack.jpeg_quality,
        )
        for pair in pairs
    ]  # fmt: skip


def _figures(told: Sequence[Told], clips: int, pairs: int, answered: int) -> dict[str, float]:
    frames = sum(one.frames for one in told)
    figures: dict[str, float] = {"clips": clips, "pairs": pairs, "answered": answered, "frames": frames}
    if frames:
        figures["detected"] = sum(one.found for one in told) / frames
    gaps = [one.pair.start_gap for one in told if one.pair.protocol == "cross" and one.pair.start_gap is not None]
    if gaps:
        figures["start_gap"] = float(np.mean(gaps))
    return figures


if __name__ == "__main__":
    run("answers", main)
