"""The leaderboard: same identity, one person driven by another, and all that was scored."""

from typing import Final

import polars as pl

from facemotion.evaluation import glossary, leaderboard
from facemotion.evaluation.leaderboard import CROSS, SAME, Entry
from facemotion.report import charts, pictures, words
from facemotion.report.markup import ABSENT, details, figure, grid, name, number, paragraph, section, table, tag
from facemotion.report.material import Material

CHARTED: Final = ("l1", "ssim", "akd_truth", "akd_dlib", "akd_lips", "akd_eyes", "csim_dlib", "epe", "flicker")
MOST_CHARTS: Final = 6


def boards(material: Material) -> str:
    if material.best is None:
        return section("leaderboard", "Leaderboard", paragraph(words.NOBODY))
    intro = paragraph(
        "Means over clips, and under them 95 % intervals, made by drawing the clips anew. Bold: the best mean of "
        + "a row. The arrow says which way is better; units and meanings stand in the "
        + tag("a", "glossary", href="#glossary")
        + "."
    )
    cross = _board(material, CROSS, "leaderboard, cross identity")
    told = "A frame of one person is driven by the frames of another."
    return section(
        "leaderboard", "Leaderboard", intro,
        tag("h3", "Same identity"),
        paragraph("The first frame of a clip is driven by the clip's other frames.", class_="note"),
        *_board(material, SAME, "leaderboard, same identity"),
        tag("h3", "Cross identity"),
        paragraph(told if cross else "Not scored: these figures have no pair of two people.", class_="note"),
        pictures.crossed(material),
        *cross,
        _everything(material),
    )  # fmt: skip


def _board(material: Material, metrics: tuple[str, ...], label: str) -> list[str]:
    """A table and charts; nothing where no variant has any of these. What is 0 for all tells nothing."""
    entries = leaderboard.standings(material.scores, metrics)
    by_metric: dict[str, dict[str, Entry]] = {}
    for entry in entries:
        by_metric.setdefault(entry.metric, {})[entry.variant] = entry
    by_metric = {metric: row for metric, row in by_metric.items() if any(entry.value for entry in row.values())}
    if not by_metric:
        return []
    shown = [variant for variant in material.variants if any(variant in row for row in by_metric.values())]
    rows, drawn = [], []
    for metric, row in by_metric.items():
        first = _first(list(row.values()))
        rows.append(
            [words.metric(metric, unit=True), *(_cell(row.get(variant), variant in first) for variant in shown)]
        )
        if glossary.base(metric) in CHARTED:
            dots = [
                charts.Dot(variant, material.look(variant), row[variant].value, row[variant].interval, variant in first)
                for variant in shown
                if variant in row
            ]
            told = f"{metric} of each variant with its interval"
            drawn.append(figure(charts.dots(told, dots, words.unit(metric)), words.metric(metric)))
    head = ["metric", *(words.variant(material, variant) for variant in shown)]
    return [table(head, rows, label), grid(*drawn[:MOST_CHARTS])]


def _everything(material: Material) -> str:
    """Without intervals, for whoever looks for one figure."""
    means = {
        variant: dict(scores.group_by("metric").agg(pl.col("value").mean()).iter_rows())
        for variant, scores in material.scores.items()
    }
    metrics = sorted({metric for own in means.values() for metric in own})
    rows = [
        [name(metric), *(number(own[metric]) if metric in own else ABSENT for own in means.values())]
        for metric in metrics
    ]
    whole = table(["metric", *map(name, means)], rows, "all metrics")
    return details(f"All {len(metrics)} metrics, means over clips", whole)


def _first(entries: list[Entry]) -> set[str]:
    """Whose mean is the best of a metric: several where they are equal, none where all are or neither way is better."""
    worse = {one.variant for one in entries for other in entries if glossary.better(one.metric, other.value, one.value)}
    return {entry.variant for entry in entries} - worse if worse else set()


def _cell(entry: Entry | None, first: bool) -> str:
    if entry is None:
        return ABSENT
    value = tag("span", number(entry.value), class_="first") if first else number(entry.value)
    return value + (tag("small", words.spread(entry.interval)) if entry.interval is not None else "")
