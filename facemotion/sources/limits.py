"""How much of a list is taken: fewer people, clips or minutes, drawn by a hash, so that a growing list keeps most."""

import hashlib

import polars as pl

from facemotion.config import Plan

# Whose face it is, as far as a list tells.
WHO = pl.coalesce("person_id", "video_id")


def within(rows: pl.DataFrame, settings: Plan) -> tuple[pl.DataFrame, dict[str, int]]:
    """What is left of the plan's rows, in their order, and how many went for which limit."""
    gone = {}
    for name, limit in (("people", _people), ("clips", _clips), ("sample", _sample), ("minutes", _minutes)):
        if getattr(settings, name) is not None:
            left = rows.filter(limit(rows.with_columns(who=WHO), settings))
            gone[name], rows = rows.height - left.height, left
    return rows, gone


def _people(rows: pl.DataFrame, settings: Plan) -> pl.Series:
    return _lot(rows["who"], settings).rank("dense") <= settings.people


def _clips(rows: pl.DataFrame, settings: Plan) -> pl.Series:
    lots = rows.with_columns(lot=_lot(rows["plan_id"], settings))
    return lots.select(pl.col("lot").rank("ordinal").over("who") <= settings.clips).to_series()


def _sample(rows: pl.DataFrame, settings: Plan) -> pl.Series:
    return _lot(rows["plan_id"], settings).rank("ordinal") <= settings.sample


def _minutes(rows: pl.DataFrame, settings: Plan) -> pl.Series:
    """Video by video: of two clips of one video, one download is enough."""
    assert settings.minutes is not None
    seconds = (pl.col("end_s") - pl.col("start_s")).fill_null(0.0)
    lots = rows.with_columns(lot=_lot(rows["video_id"], settings)).with_row_index("order").sort("lot", "order")
    return lots.with_columns(total=seconds.cum_sum()).sort("order")["total"] <= settings.minutes * 60


def _lot(names: pl.Series, settings: Plan) -> pl.Series:
    """A number for each name that hangs on it and the seed alone."""
    lots = {
        name: int.from_bytes(hashlib.sha256(f"{settings.seed}\0{name}".encode()).digest()[:8], "big")
        for name in names.unique()
    }
    return names.replace_strict(lots, return_dtype=pl.UInt64)
