"""Sections that answer which variant is best: the answer itself, the leaderboard, and each against the best."""

from typing import Final

import polars as pl

from facemotion.evaluation import glossary, leaderboard
from facemotion.evaluation.leaderboard import BY, CROSS_PREFIX, SAME, Entry, Paired
from facemotion.report import charts
from facemotion.report.markup import (
    ABSENT,
    details,
    figure,
    grid,
    number,
    paragraph,
    percent,
    section,
    spread,
    table,
    tag,
    text,
)  # fmt: skip
from facemotion.report.material import Material
from facemotion.report.shown import REFERENCE

CHARTED: Final = ("l1", "ssim", "akd_truth", "akd_dlib", "akd_lips", "akd_eyes", "epe", "csim")
COMPARED: Final = ("l1", "akd_truth", "akd_dlib", "akd_lips", "akd_eyes", "epe", "epe_lips", "epe_eyes")
MOST_CHARTS: Final = 6
ARROWS: Final = {"lower": "↓", "higher": "↑", "neither": ""}
NOBODY: Final = "Nobody to judge by: no person of this footage is in the test split, so nothing was scored."


def answer(material: Material) -> str:
    """Which variant is best and by how much, in words."""
    best = material.best
    if best is None:
        return paragraph(NOBODY, class_="answer")
    entries = {entry.variant: entry for entry in leaderboard.standings(material.scores, [BY])}
    own = entries[best]
    people = material.scores[best]["person_id"].n_unique()
    told = [
        f"{tag('strong', text(best))} is best: {BY} {number(own.value)}{_interval(own)} on {_counted(own.clips, people)}"
    ]
    others = sorted((entry for entry in entries.values() if entry.variant != best), key=lambda entry: entry.value)
    against = dict.fromkeys([entry.variant for entry in others if entry.variant != REFERENCE][:1])
    against |= dict.fromkeys([REFERENCE] if REFERENCE in entries and best != REFERENCE else [])
    told += [sentence for other in against if (sentence := _versus(material, best, other))]
    if best == REFERENCE:
        told.append("that is the reference frame repeated: no model beats it yet")
    return paragraph(". ".join(told) + ".", class_="answer") + paragraph(
        "Mean absolute difference of RGB in [0, 1] on people whom no training has seen; in brackets 95 % intervals over "
        f"clips. {text(leaderboard.RULE)}",
        class_="note",
    )


def boards(material: Material) -> str:
    """Same identity and, where it was scored, one person driven by another."""
    if material.best is None:
        return section("leaderboard", "Leaderboard", paragraph(NOBODY))
    parts = [
        paragraph(
            "Means over clips with 95 % intervals, made by drawing the clips anew. Bold: the best mean of a column. The "
            "arrow says which way is better; units and meanings stand in the "
            + tag("a", "glossary", href="#glossary")
            + "."
        ),
        tag("h3", "Same identity"),
        paragraph("The first frame of a clip is driven by the clip's other frames.", class_="note"),
        *_board(material, SAME, "leaderboard, same identity"),
    ]
    cross = tuple(CROSS_PREFIX + name for name in SAME)
    found = _board(material, cross, "leaderboard, cross identity")
    parts.append(tag("h3", "Cross identity"))
    if found:
        parts += [paragraph("A frame of one person is driven by the frames of another.", class_="note"), *found]
    else:
        parts.append(paragraph("Not scored: these figures have no pair of two people.", class_="note"))
    parts.append(_everything(material))
    return section("leaderboard", "Leaderboard", *parts)


def paired(material: Material) -> str:
    """Each variant minus the best on the same clips."""
    best = material.best
    rows = leaderboard.against(material.scores, best, COMPARED) if best is not None else []
    if best is None or not rows:
        return section("paired", "Against the best", paragraph("There is no second variant to compare with."))
    title = f"Against {best}"
    metrics = [name for name in dict.fromkeys(row.metric for row in rows)]
    drawn = [
        _difference_chart(material, best, name, [row for row in rows if row.metric == name])
        for name in metrics[:MOST_CHARTS]
    ]
    listed = [
        [text(row.variant), text(row.metric), _signed(row), f"{row.wins} : {row.losses}", text(_verdict(row))]
        for row in rows
    ]
    return section(
        "paired", title,
        paragraph(
            f"Each variant minus {tag('strong', text(best))} on the same clips. Clips differ much more than variants do, so "
            "that these intervals are narrower than those above: where one leaves out 0, the difference is told apart from "
            "chance."
        ),
        grid(*drawn),
        details(
            "The same as a table, with wins and losses by clip",
            table(("variant", "metric", f"minus {text(best)}", "clips better : worse", "verdict"), listed, "paired comparisons"),
        ),
    )  # fmt: skip


def _board(material: Material, metrics: tuple[str, ...], label: str) -> list[str]:
    """A table and charts; nothing where no variant has any of these."""
    entries = leaderboard.standings(material.scores, metrics)
    names = [
        name
        for name in dict.fromkeys(entry.metric for entry in entries)
        if any(e.value for e in entries if e.metric == name)
    ]
    if not names:
        return []
    of = {(entry.variant, entry.metric): entry for entry in entries}
    firsts = {name: _first([entry for entry in entries if entry.metric == name]) for name in names}
    head = ["variant", *(_heading(name) for name in names)]
    rows = [
        [_name(material, variant), *(_cell(of.get((variant, name)), variant in firsts[name]) for name in names)]
        for variant in material.variants
        if any((variant, name) in of for name in names)
    ]
    drawn = [name for name in names if glossary.base(name) in CHARTED][:MOST_CHARTS]
    charts_ = [
        figure(
            charts.dots(
                f"{name} of each variant with its interval",
                [
                    charts.Dot(variant, material.look(variant), entry.value, entry.interval, variant in firsts[name])
                    for variant in material.variants
                    if (entry := of.get((variant, name)))
                ],
                _unit(name),
            ),
            _titled(name),
        )
        for name in drawn
    ]
    return [table(head, rows, label), grid(*charts_)]


def _everything(material: Material) -> str:
    """All that was scored, without intervals, for whoever looks for one figure."""
    names = sorted({name for scores in material.scores.values() for name in scores["metric"].unique().to_list()})
    means = {
        variant: dict(scores.group_by("metric").agg(pl.col("value").mean()).iter_rows())
        for variant, scores in material.scores.items()
    }
    rows = [
        [
            text(name),
            *(number(means[variant][name]) if name in means[variant] else ABSENT for variant in material.variants),
        ]
        for name in names
    ]
    head = ["metric", *(text(variant) for variant in material.variants)]
    return details(f"All {len(names)} metrics, means over clips", table(head, rows, "all metrics"))


def _difference_chart(material: Material, best: str, metric: str, rows: list[Paired]) -> str:
    dots = [charts.Dot(row.variant, material.look(row.variant), row.difference, row.interval) for row in rows]
    wins = ", ".join(
        f"{text(best)} better than {text(row.variant)} on {row.losses} of {row.clips} clips" for row in rows
    )
    drawn = charts.dots(f"{metric} of each variant minus that of {best}", dots, _unit(metric), zero=0.0)
    return figure(drawn, f"{_titled(metric)} minus that of {text(best)}", wins + ".")


def _versus(material: Material, best: str, other: str) -> str | None:
    row = leaderboard.paired(material.scores, best, other, BY)
    share = leaderboard.ratio(material.scores, best, other, BY)
    if row is None:
        return None
    name = "repeating the reference" if other == REFERENCE else text(other)
    if share is None:
        return f"Against {name}: {number(row.difference)} (too few clips for an interval)"
    way, ends = (
        ("lower", (1 - share.high, 1 - share.low)) if share.value <= 1 else ("higher", (share.low - 1, share.high - 1))
    )
    told = f"That is {percent(abs(1 - share.value))} {way} than {name} ({percent(ends[0])} to {percent(ends[1])})"
    certain = "" if leaderboard.told_apart(row) else ", which these clips cannot tell from chance"
    return f"{told}, better on {row.wins} of {row.clips} clips{certain}"


def _counted(clips: int, people: int) -> str:
    return f"{clips} clip{'s' if clips != 1 else ''} of {people} {'people' if people != 1 else 'person'}"


def _interval(entry: Entry) -> str:
    return f" ({spread(*entry.interval[1:])})" if entry.interval is not None else " (one clip: no interval)"


def _first(entries: list[Entry]) -> set[str]:
    """Whose mean is the best of a metric: several where they are equal, none where all are or neither way is better."""
    worse = {one.variant for one in entries for other in entries if glossary.better(one.metric, other.value, one.value)}
    return {entry.variant for entry in entries} - worse if worse else set()


def _name(material: Material, variant: str) -> str:
    mark = (
        tag("small", "best")
        if variant == material.best
        else tag("small", "repeated frame")
        if variant == REFERENCE
        else ""
    )
    return text(variant) + mark


def _heading(name: str) -> str:
    return _titled(name, tag("small", text(_unit(name))))


def _titled(name: str, more: str = "") -> str:
    metric = glossary.about(name)
    way = {"lower": "lower is better", "higher": "higher is better", "neither": ""}[metric.better]
    arrow = tag("span", ARROWS[metric.better], title=way, aria_label=way, role="img") if way else ""
    return tag("span", text(name), title=metric.meaning or None) + " " + arrow + more


def _unit(name: str) -> str:
    return glossary.about(name).unit


def _cell(entry: Entry | None, first: bool) -> str:
    if entry is None:
        return ABSENT
    value = tag("span", number(entry.value), class_="first") if first else number(entry.value)
    return value + (tag("small", spread(*entry.interval[1:])) if entry.interval is not None else "")


def _signed(row: Paired) -> str:
    plus = "+" if row.difference > 0 else ""
    return plus + number(row.difference) + (f" ({spread(*row.interval[1:])})" if row.interval is not None else "")


def _verdict(row: Paired) -> str:
    if row.interval is None:
        return "one clip: no interval"
    if not leaderboard.told_apart(row):
        return "not told apart"
    return "better" if glossary.better(row.metric, row.difference, 0.0) else "worse"
