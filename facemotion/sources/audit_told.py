"""The audit in words, for the stage's log and the command line."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import polars as pl

_EXAMPLES: Final = 3  # of each reason
_PEOPLE: Final = 10
_DONE: Final = {
    "move": "moved to the partition of most of theirs",
    "drop": "dropped",
    "error": "which ends the plan",
}


def told(figures: Mapping[str, Any], findings: pl.DataFrame) -> Iterator[str]:
    yield (
        f"{figures['rows']:,} rows: {figures['videos']:,} videos, {figures['people']:,} people, "
        f"{figures['hours']:.2f} h" + _lengths(figures)
    )
    if figures["refused"]:
        yield f"{figures['refused']:,} rows refused:"
        for reason, count in figures["refused_why"].items():
            yield f"  {count:,}: {reason} ({_examples(findings, reason)})"
    if figures["duplicate_rows"]:
        across = figures["duplicate_keys_across_partitions"]
        also = f"; {across:,} of these are in two partitions" if across else ""
        yield (
            f"{figures['duplicate_rows']:,} rows repeat an earlier one and are dropped: "
            f"{figures['duplicate_keys']:,} stretches are named more than once{also}"
        )
    if leaking := figures["leaking_people"]:
        more = f" and {len(leaking) - _PEOPLE:,} more" if len(leaking) > _PEOPLE else ""
        yield (
            f"{len(leaking):,} people in two partitions: {', '.join(leaking[:_PEOPLE])}{more}; "
            f"{figures['leaking_rows']:,} rows {_DONE[figures['leak']]} (plan.leak)"
        )
    if figures["boxes_clipped"]:
        yield f"{figures['boxes_clipped']:,} boxes reach past their frame and are clipped to it"
    for limit, count in figures["left_out"].items():
        yield f"{count:,} rows left out by plan.{limit}"
    yield (
        f"planned: {figures['planned']:,} rows, {figures['planned_videos']:,} videos, "
        f"{figures['planned_people']:,} people, {figures['planned_hours']:.2f} h"
    )


def _lengths(figures: Mapping[str, Any]) -> str:
    if figures["median_s"] is None:
        return ""
    return f" ({figures['shortest_s']:g} to {figures['longest_s']:g} s, median {figures['median_s']:g} s)"


def _examples(findings: pl.DataFrame, reason: str) -> str:
    places = findings.filter((pl.col("found") == "refused") & pl.col("detail").str.starts_with(reason))["place"]
    more = ", ..." if len(places) > _EXAMPLES else ""
    return ", ".join(places.head(_EXAMPLES)) + more
