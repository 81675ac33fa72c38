"""Whether a new model takes the place of the one in use: better beyond doubt in one metric, not worse in others than is
allowed, on the same clips."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import polars as pl

from facemotion.errors import FacemotionError
from facemotion.evaluation import glossary, intervals
from facemotion.evaluation.intervals import Comparison

SPEED: Final = "ms_frame"  # a guard that is no score of clips
FEWEST: Final = 6  # clips: that all of five go one way happens by chance more often than once in twenty


class Judged(NamedTuple):
    """Both models: scores, and milliseconds a frame."""

    scores: pl.DataFrame
    ms_frame: float


class Line(NamedTuple):
    """One metric: both means, and what was asked of the new one."""

    metric: str
    new: float
    old: float
    asked: str
    kept: bool


class Verdict(NamedTuple):
    promote: bool
    reason: str
    lines: list[Line]


def check(metric: str, guards: Mapping[str, float]) -> None:
    """Refuse what nothing can be judged by, before days of training."""
    for name in (metric, *guards):
        if not (name == SPEED and name != metric) and glossary.about(name).better == "neither":
            raise FacemotionError(
                f"retrain in params.yaml: {name!r} is no score of which one way is better; l1, akd_truth, csim_dlib "
                f"and flicker are, and {SPEED} for a guard"
            )


def judge(new: Judged, old: Judged, metric: str, guards: Mapping[str, float]) -> Verdict:
    """`guards`: by which share of the old model's mean each may be worse."""
    ours, theirs = intervals.paired(new.scores, old.scores, metric)
    if len(ours) < FEWEST:
        return Verdict(
            False, f"both have {metric} on {len(ours)} clips in common: fewer than {FEWEST} cannot tell them apart", []
        )
    found = intervals.difference(ours, theirs)
    better = _better(found, metric)
    low, high = found.difference.low, found.difference.high
    told = f"{metric} {found.difference.value:+.4g} [{low:+.4g}, {high:+.4g}] on {len(ours)} clips"
    lines = [Line(metric, float(ours.mean()), float(theirs.mean()), "better, beyond its 95 % interval", better)]
    lines += [_guard(new, old, name, share) for name, share in guards.items()]
    worse = [line for line in lines[1:] if not line.kept]
    if not better:
        return Verdict(False, f"not better beyond doubt: {told}", lines)
    if worse:
        said = "; ".join(f"{line.metric} {line.old:.4g} -> {line.new:.4g}, asked: {line.asked}" for line in worse)
        return Verdict(False, f"better ({told}), but {said}", lines)
    return Verdict(True, f"better: {told}", lines)


def _better(found: Comparison, metric: str) -> bool:
    way = glossary.about(metric).better
    low, high = found.difference.low, found.difference.high
    return high < 0 if way == "lower" else low > 0 if way == "higher" else False


def _guard(new: Judged, old: Judged, metric: str, share: float) -> Line:
    """One that a model lacks is not kept: nobody can say that it did not get worse."""
    asked = f"worse by {100 * share:g} % at most"
    if metric == SPEED:
        return Line(metric, new.ms_frame, old.ms_frame, asked, new.ms_frame <= (1 + share) * old.ms_frame)
    ours, theirs = intervals.paired(new.scores, old.scores, metric)
    if not len(ours):
        return Line(metric, float("nan"), float("nan"), asked, False)
    now, then = float(ours.mean()), float(theirs.mean())
    loss = now - then if glossary.about(metric).better == "lower" else then - now
    return Line(metric, now, then, asked, loss <= share * abs(then))


def markdown(verdict: Verdict, title: str) -> str:
    rows = [
        f"| {line.metric} | {line.new:.4g} | {line.old:.4g} | {line.asked} | {'yes' if line.kept else '**no**'} |"
        for line in verdict.lines
    ]
    head = ["| metric | new | champion | asked | kept |", "|---|---|---|---|---|"] if rows else []
    return "\n".join([f"**{title}**", "", verdict.reason, "", *head, *rows]) + "\n"
