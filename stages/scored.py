"""Which variants are compared: those that evaluate scores, as dvc.yaml lists them."""

import polars as pl

from facemotion import layout, schemas
from facemotion.errors import FacemotionError
from stages import dag
from stages.harness import Notes

EVALUATE = "evaluate@"


def variants(notes: Notes) -> list[str]:
    """In the order of dvc.yaml; an error where the stage does not depend on the scores of each."""
    listed = [name.removeprefix(EVALUATE) for name in dag.read() if name.startswith(EVALUATE)]
    forgotten = [name for name in listed if layout.scores(name).as_posix() not in notes.deps]
    if forgotten:
        raise FacemotionError(
            f"dvc.yaml evaluates {', '.join(forgotten)}, but the scores are no deps of {notes.stage}: run `make deps`"
        )
    return listed


def scores(names: list[str]) -> dict[str, pl.DataFrame]:
    return {name: schemas.SCORES.read(layout.scores(name)) for name in names}


def frames(names: list[str]) -> dict[str, pl.DataFrame]:
    return {name: schemas.FRAME_SCORES.read(layout.frame_scores(name)) for name in names}


def maps(names: list[str]) -> dict[str, pl.DataFrame]:
    return {name: schemas.ERROR_MAPS.read(layout.error_maps(name)) for name in names}
