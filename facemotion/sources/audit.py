"""The audit that every plan passes: what is wrong with a list's rows, who and what is in it twice, what is left."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from facemotion import schemas
from facemotion.config import Plan
from facemotion.sources import links
from facemotion.sources.limits import WHO, within
from facemotion.sources.names import all_shown, safe_ids
from facemotion.sources.plan_ids import with_ids

FINDINGS: Final = schemas.Schema(
    "audit of the plan",
    {
        "place": pl.String,  # in the list
        "video": pl.String,  # these as the list has them, but that nothing in them steers a terminal
        "person": pl.String,
        "found": pl.Enum(("refused", "duplicate", "leak", "box", "renamed")),
        "detail": pl.String,
    },
    key=(),
    required=("place", "found", "detail"),
)

_SIDES: Final = ("left", "top", "right", "bottom")
_LATEST_S: Final = 7 * 86400.0  # no video is longer than a week
_LARGEST: Final = 65_536.0  # pixels of a frame's side


@dataclass(frozen=True)
class Audit:
    plan: pl.DataFrame
    findings: pl.DataFrame
    figures: Mapping[str, Any]


def examine(rows: pl.DataFrame, source: str, settings: Plan, *, linked: bool, allow_local: bool) -> Audit:
    """`rows` are LISTED; `linked`: their locations are links, not files of the person's own."""
    rows = rows.with_row_index("order").with_columns(seconds=pl.col("end_s") - pl.col("start_s"))
    rows = _judged(_clipped(rows), settings, linked=linked, allow_local=allow_local)
    rows = rows.with_columns(video_id=safe_ids(rows["video"].fill_null("")), person_id=safe_ids(rows["person"]))
    right = _partitioned(with_ids(rows.filter(pl.col("problem").is_null()), source))
    strays = right.filter(pl.col("leaks") & (pl.col("partition") != pl.col("main")))
    settled = right.with_columns(partition="main")
    if settings.leak == "drop":
        settled = settled.join(strays, on="order", how="anti")
    first = settled.unique("plan_id", keep="first", maintain_order=True)
    repeats = settled.join(first, on="order", how="anti")
    plan, left_out = within(_planned(first), settings)
    figures = {
        "source": source,
        **_list_figures(rows, right),
        "leaking_people": sorted(right.filter("leaks")["who"].unique()),
        "leaking_rows": strays.height,
        "leak": settings.leak,
        "left_out": left_out,
        "planned": plan.height,
        "planned_videos": plan["video_id"].n_unique(),
        "planned_people": plan["person_id"].drop_nulls().n_unique(),
        "planned_hours": _hours(plan["end_s"] - plan["start_s"]),
    }
    return Audit(plan, _findings(rows, right, strays, repeats, settings), figures)


def _list_figures(rows: pl.DataFrame, right: pl.DataFrame) -> dict[str, Any]:
    """What the list holds: all of its rows, and those that are right, repeated ones included."""
    refused = rows.filter(pl.col("problem").is_not_null())
    twice = right.filter(pl.len().over("plan_id") > 1)
    across = twice.group_by("plan_id").agg(pl.col("partition").n_unique()).filter(pl.col("partition") > 1)
    return {
        "rows": rows.height,
        "videos": right["video_id"].n_unique(),
        "people": right["person_id"].drop_nulls().n_unique(),
        "hours": _hours(right["seconds"]),
        "shortest_s": _rounded(right["seconds"].min()),
        "median_s": _rounded(right["seconds"].median()),
        "longest_s": _rounded(right["seconds"].max()),
        "whole_videos": right["end_s"].null_count(),
        "without_box": right["left"].null_count(),
        "without_person": right["person_id"].null_count(),
        "partitions": _counted(right["partition"].drop_nulls()),
        "boxes_clipped": right["clipped"].sum(),
        "refused": refused.height,
        "refused_why": _counted(refused["problem"].str.split(" (").list.first()),
        "duplicate_rows": twice.height - twice["plan_id"].n_unique(),
        "duplicate_keys": twice["plan_id"].n_unique(),
        "duplicate_keys_across_partitions": across.height,
    }


def _clipped(rows: pl.DataFrame) -> pl.DataFrame:
    """Boxes within their frames, as far as those are known; `clipped` where that took something away."""
    width, height = pl.col("ref_width").fill_null(_LARGEST * 2), pl.col("ref_height").fill_null(_LARGEST * 2)
    most = (width, height, width, height)
    inside = {
        side: pl.min_horizontal(pl.max_horizontal(side, 0.0), end) for side, end in zip(_SIDES, most, strict=True)
    }
    known = pl.all_horizontal(pl.col(side).is_finite().fill_null(False) for side in _SIDES)
    changed = pl.any_horizontal((inside[side] - pl.col(side)).abs() > 0.5 for side in _SIDES)
    return rows.with_columns(
        **{side: pl.when(known).then(inside[side]).otherwise(side) for side in _SIDES}, clipped=known & changed
    )


def _judged(rows: pl.DataFrame, settings: Plan, *, linked: bool, allow_local: bool) -> pl.DataFrame:
    """With the first `problem` of each row that has any."""
    sides = [pl.col(side) for side in _SIDES]
    boxed, whole = pl.any_horizontal(s.is_not_null() for s in sides), pl.all_horizontal(s.is_finite() for s in sides)
    sizes = [pl.col(name).fill_null(1.0) for name in ("ref_width", "ref_height")]
    start, end, seconds = pl.col("start_s"), pl.col("end_s"), pl.col("seconds")
    timely = [time.fill_null(0.0).is_between(0, _LATEST_S) & ~time.is_nan().fill_null(False) for time in (start, end)]
    checks = {
        "the row names no video": pl.col("video").fill_null("") == "",
        "start or end is before the video or later than a week into it": ~(timely[0] & timely[1]),
        "it ends before it begins": seconds <= 0,
        "it is shorter than plan.min_seconds": seconds < settings.min_seconds,
        "it is longer than plan.max_seconds": seconds > settings.max_seconds,
        "the size of the frame is none": ~pl.all_horizontal(size.is_between(1, _LARGEST) for size in sizes),
        "the box is not four numbers": boxed & ~whole.fill_null(False),
        "the box lies outside the frame": boxed & ((sides[2] - sides[0] < 1) | (sides[3] - sides[1] < 1)),
    }
    told = [pl.when(wrong).then(pl.lit(reason)) for reason, wrong in checks.items()]
    places = rows["location"].fill_null("").unique()
    if linked:
        why = {place: reason for place in places if (reason := links.refused(place, allow_local))}
    else:
        odd = places.filter(
            places.str.contains(r"[\x00-\x1f\x7f-\x9f\x{2028}\x{2029}\x{202a}-\x{202e}\x{2066}-\x{2069}]")
        )
        why = dict.fromkeys(odd, "its name holds control characters; rename the file")
    banned = pl.col("location").fill_null("").replace_strict(why, default=None, return_dtype=pl.String)
    return rows.with_columns(problem=pl.coalesce("problem", banned, *told))


def _partitioned(rows: pl.DataFrame) -> pl.DataFrame:
    """With `who`, whether they `leak` into a second partition, and their `main` one: that of most rows."""
    rows = rows.with_columns(who=WHO, partition=all_shown(rows["partition"]))
    told = (
        rows.drop_nulls("partition")
        .group_by("who", "partition")
        .len()
        .sort("len", "partition", descending=[True, False])
    )
    main = told.group_by("who", maintain_order=True).agg(main=pl.col("partition").first(), leaks=pl.len() > 1)
    joined = rows.join(main, on="who", how="left", maintain_order="left")
    # A row without a partition has none after this, either.
    return joined.with_columns(
        pl.col("leaks").fill_null(False), main=pl.when(pl.col("partition").is_not_null()).then("main")
    )


def _planned(rows: pl.DataFrame) -> pl.DataFrame:
    box = pl.when(pl.col("left").is_not_null()).then(pl.concat_arr(_SIDES)).otherwise(None)
    told = rows.with_columns(
        pl.col("location").fill_null(""), box=box.cast(schemas.BOX), license=all_shown(rows["license"])
    )
    return told.select(pl.col(name).cast(kind) for name, kind in schemas.PLAN.columns.items())


def _findings(
    rows: pl.DataFrame, right: pl.DataFrame, strays: pl.DataFrame, repeats: pl.DataFrame, settings: Plan
) -> pl.DataFrame:
    """A row for each thing that was done to a row of the list, in the list's order."""
    moved = (
        "dropped: most rows of its person are in {}"
        if settings.leak == "drop"
        else "moved to {}, its person's main one"
    )
    first = right.select("plan_id", earlier="place").unique("plan_id", keep="first", maintain_order=True)
    renamed = right.filter((pl.col("video") != pl.col("video_id")) | (pl.col("person") != pl.col("person_id")))
    parts = [
        _found(rows.filter(pl.col("problem").is_not_null()), "refused", pl.col("problem")),
        _found(repeats.join(first, on="plan_id"), "duplicate", pl.format("of {}", "earlier")),
        _found(strays, "leak", pl.format("in {}, " + moved, "partition", "main")),
        _found(right.filter("clipped"), "box", pl.lit("reached past the frame; clipped to it")),
        _found(
            renamed, "renamed", pl.format("called {} of {}", "video_id", pl.col("person_id").fill_null("nobody known"))
        ),
    ]
    table = pl.concat(parts).sort("order", "found", maintain_order=True).drop("order")
    return table.with_columns(all_shown(table[name]) for name in ("place", "video", "person", "detail"))


def _found(rows: pl.DataFrame, what: str, detail: pl.Expr) -> pl.DataFrame:
    return rows.select(
        "order", "place", "video", "person", found=pl.lit(what, FINDINGS.columns["found"]), detail=detail
    )


def _counted(values: pl.Series) -> dict[str, int]:
    """Most first."""
    counts = values.value_counts(sort=True)
    return dict(sorted(counts.iter_rows(), key=lambda pair: (-pair[1], pair[0])))


def _hours(seconds: pl.Series) -> float:
    return round(float(seconds.sum()) / 3600, 4)


def _rounded(seconds: Any) -> float | None:
    return None if seconds is None else round(float(seconds), 3)
