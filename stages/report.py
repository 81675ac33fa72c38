"""report: a page that shows what was reached, with pictures and videos. It opens the test split to show what evaluate
has scored, and tells no time, host or revision."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from facemotion import config, layout, schemas
from facemotion.config import Params
from facemotion.dataset.packed import PackedSplit
from facemotion.evaluation import leaderboard
from facemotion.evaluation.folders import Folders
from facemotion.evaluation.made_of import MadeOf
from facemotion.evaluation.pictures import ranked
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.several_pictures import turned
from facemotion.files import fresh_folder, write_text
from facemotion.landmarks import store
from facemotion.report import crossed as crossing
from facemotion.report import shown, strips
from facemotion.report.material import Material
from facemotion.report.page import render
from facemotion.training.history import HISTORY
from stages import dag, scored
from stages.harness import Notes, run
from stages.items import map_all

FOLDERS = Folders(layout.PACKED / "test", layout.ANSWERS, layout.KNOWN)
STRIPS = 2  # of heads turned far, made from several references


def main(params: Params, notes: Notes) -> str:
    variants = scored.variants(notes)
    tables = scored.scores(variants)
    best = leaderboard.best(tables)
    assets = fresh_folder(layout.ASSETS)
    made = {name: MadeOf.of(name, layout.MODELS, params.model.image_size) for name in variants}
    jobs = _jobs(made, tables, best, params.report.seconds, assets) if best is not None else []
    crossed = _cross_job(made, tables[best], assets) if best is not None else None
    frames = scored.frames(variants)
    turns = _strip_jobs(made, tables, frames, assets)
    raw, smooth = (tuple(store.read_tracks(folder)) for folder in (layout.LANDMARKS, layout.LANDMARKS_SMOOTH))
    wanted = dag.read()[notes.stage].params
    material = Material(
        source=params.source.kind,
        variants=tuple(variants),
        best=best,
        scores=tables,
        frames=frames,
        maps=scored.maps(variants),
        shown=tuple(map_all("report", shown.show, jobs, params)),
        crossed=crossing.show(crossed) if crossed is not None else None,
        strips=tuple(map_all("several", strips.show, turns, params)),
        ledger=schemas.LEDGER.read(layout.LEDGER),
        tubes=schemas.TUBES.read(layout.TUBES),
        clips=schemas.CLIPS.read(layout.CLIP_TABLE),
        metrics=_metrics(notes),
        raw=raw,
        smooth=smooth,
        histories={name: table for name, one in made.items() if (table := _history(one.model)) is not None},
        params=_sections(wanted),
        digests=notes.deps,
        assets=assets,
        href=layout.ASSETS.relative_to(layout.PAGE.parent).as_posix(),
        trials=pl.read_csv(layout.plot("tune_trials"), infer_schema_length=None),
        importance=pl.read_csv(layout.plot("tune_importance"), infer_schema_length=None),
    )
    write_text(layout.PAGE, render(material))
    size = sum(path.stat().st_size for path in [layout.PAGE, *assets.iterdir()]) / 2**20
    return f"{layout.PAGE}, {size:.1f} MiB with its assets" + (f"; best is {best}" if best else "; nothing was scored")


def _jobs(
    made: dict[str, MadeOf], tables: dict[str, pl.DataFrame], best: str, seconds: float, assets: Path
) -> list[shown.Job]:
    split = PackedSplit(layout.PACKED / "test")
    return [
        shown.Job(rank, clip.clip_id, split.folder, made, best, seconds, assets, flows=rank == "median")
        for rank, clip in ranked(split, tables[best])
    ]


def _cross_job(made: dict[str, MadeOf], scores: pl.DataFrame, assets: Path) -> crossing.CrossJob | None:
    pairs = [PairRow.of(row) for row in schemas.PAIRS.read(layout.PAIRS).iter_rows(named=True)]
    pair = crossing.median(pairs, scores)
    return crossing.CrossJob(pair, FOLDERS, made, assets) if pair is not None else None


def _strip_jobs(
    made: dict[str, MadeOf], tables: dict[str, pl.DataFrame], frames: dict[str, pl.DataFrame], assets: Path
) -> list[strips.StripJob]:
    variant = strips.fusing(tables)
    if variant is None or made[variant].model is None:
        return []
    chosen = turned(frames[variant], STRIPS)
    return [strips.StripJob(number, one, made[variant], FOLDERS, assets) for number, one in enumerate(chosen)]


def _history(model: Path | None) -> pl.DataFrame | None:
    path = model / HISTORY if model is not None else None
    return pl.read_csv(path, infer_schema_length=None) if path is not None and path.is_file() else None


def _metrics(notes: Notes) -> dict[str, dict[str, float]]:
    paths = [Path(dep) for dep in notes.deps if Path(dep).parent == layout.METRICS]
    return {path.stem: json.loads(path.read_text()) for path in paths}


def _sections(wanted: tuple[str, ...]) -> dict[str, Any]:
    """Of the parameters that this stage depends on, what stands in each section."""
    content = config.read_yaml(layout.PARAMS)
    return {name: content[name] for name in content if name in wanted}


if __name__ == "__main__":
    run("report", main)
