"""`python -m pipelines.contest --out FILE [--champion FOLDER --seen FILE]`: the best model of this working tree against
the one in use, scored now on the same held-out clips."""

import argparse
import json
from collections.abc import Collection
from pathlib import Path
from typing import Final

import polars as pl

from facemotion import config, console, layout, schemas
from facemotion.config import Params
from facemotion.dataset.packed import PackedSplit
from facemotion.engine import map_items
from facemotion.errors import FacemotionError
from facemotion.evaluation import glossary, promotion
from facemotion.evaluation.folders import Folders
from facemotion.evaluation.made_of import MadeOf
from facemotion.evaluation.promotion import Judged, Verdict
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.same_identity import Scores, means
from facemotion.evaluation.score_jobs import score_jobs, score_pair
from facemotion.evaluation.speed import SpeedJob, measure
from facemotion.files import file_digest, write_json
from facemotion.models.weights import WEIGHTS, load_config
from stages.items import map_all

ROUNDS: Final = 3  # of measuring speed, in turn; the fastest counts, since other work only slows


def hold(params: Params, champion: Path | None, seen: Collection[str]) -> tuple[str, Verdict]:
    """The variant that is sent in, and what came of it. `seen`: people whom the champion has learnt from."""
    metric = params.retrain.metric
    variant = params.retrain.variant or best(metric)
    if champion is None:
        return variant, Verdict(True, "the first: there was none to beat", [])
    if file_digest(champion / WEIGHTS) == file_digest(layout.MODELS / variant / WEIGHTS):
        return variant, Verdict(False, SAME, [])
    own = MadeOf("champion", champion, load_config(champion).image_size)
    try:
        theirs = rescored(own, params)
    except FacemotionError as error:
        return variant, Verdict(False, f"the champion cannot be scored on these clips: {error}", [])
    fast = speeds([MadeOf.of(variant, layout.MODELS, params.model.image_size), own])
    judged = [
        Judged(table.filter(~pl.col("person_id").is_in(list(seen))), ms)
        for table, ms in zip((schemas.SCORES.read(layout.scores(variant)), theirs), fast, strict=True)
    ]
    return variant, promotion.judge(judged[0], judged[1], metric, params.retrain.guards)


SAME: Final = "it is the champion, to the byte"


def best(metric: str) -> str:
    """The trained variant of the best mean."""
    found: dict[str, float] = {}
    for path in sorted(layout.MODELS.glob(f"*/{WEIGHTS}")):
        if layout.scores(path.parent.name).is_file():
            values = means(schemas.SCORES.read(layout.scores(path.parent.name)))
            found |= {path.parent.name: values[metric]} if metric in values else {}
    if not found:
        raise FacemotionError(f"no trained model was scored by {metric}: retrain.metric in params.yaml names another")
    sign = -1 if glossary.about(metric).better == "higher" else 1
    return min(found, key=lambda name: sign * found[name])


def rescored(own: MadeOf, params: Params) -> pl.DataFrame:
    """Of all pairs that evaluate scores, as it scores them."""
    pairs = [PairRow.of(row) for row in schemas.PAIRS.read(layout.PAIRS).iter_rows(named=True)]
    folders = Folders(layout.PACKED / "test", layout.ANSWERS, layout.KNOWN)
    scores = Scores()
    for one in map_all("champion", score_pair, score_jobs(pairs, folders, own, params.evaluate), params):
        scores.add(one)
    return schemas.SCORES.frame(scores.clips)


def speeds(models: list[MadeOf]) -> list[float]:
    """Milliseconds a frame of each."""
    outcomes = map_items(measure, [SpeedJob(own) for _ in range(ROUNDS) for own in models], workers=1)
    told = [outcome.value["ms_frame"] for outcome in outcomes if outcome.value is not None]
    if len(told) < len(outcomes):
        raise FacemotionError(f"the speed of a model cannot be measured: {outcomes[-1].error}")
    return [min(told[k :: len(models)]) for k in range(len(models))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--champion", type=Path)
    parser.add_argument("--seen", type=Path, help="JSON list of the people whom the champion has learnt from")
    told = parser.parse_args()
    console.setup_logging()
    seen = json.loads(told.seen.read_text()) if told.seen else []
    try:
        variant, verdict = hold(config.load(), told.champion, seen)
    except FacemotionError as error:
        raise SystemExit(f"contest: {error}") from error
    people = sorted({person for split in ("train", "val") for person in PackedSplit(layout.PACKED / split).people})
    lines = [line._asdict() for line in verdict.lines]
    write_json(told.out, {**verdict._asdict(), "lines": lines, "variant": variant, "learnt_from": people})


if __name__ == "__main__":
    main()
