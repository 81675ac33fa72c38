"""Each variant against the best, clip by clip."""

from typing import Final

from facemotion.evaluation import glossary, leaderboard
from facemotion.evaluation.leaderboard import Paired
from facemotion.report import charts, words
from facemotion.report.markup import details, figure, grid, name, number, paragraph, section, table, tag, text
from facemotion.report.material import Material
from facemotion.report.shown import REFERENCE

COMPARED: Final = ("l1", "akd_truth", "akd_dlib", "akd_lips", "akd_eyes", "epe", "epe_lips", "epe_eyes")
MOST_CHARTS: Final = 6


def paired(material: Material) -> str:
    best = material.best
    rows = leaderboard.against(material.scores, best, COMPARED) if best is not None else []
    if best is None or not rows:
        return section("paired", "Against the best", paragraph("There is no second variant to compare with."))
    metrics = list(dict.fromkeys(row.metric for row in rows))
    drawn = [_chart(material, best, metric, [row for row in rows if row.metric == metric]) for metric in metrics]
    listed = [
        [
            name(row.variant), name(row.metric), _difference(row), f"{row.wins} : {row.losses}", _verdict(row),
        ]
        for row in rows
    ]  # fmt: skip
    head = ("variant", "metric", f"minus {name(best)}", "clips better : worse", "verdict")
    return section(
        "paired", "Against the best",
        paragraph(
            f"Each variant minus {tag('strong', text(best))} on the same clips, with 95 % intervals. Clips differ "
            + "more than variants do, so these intervals are narrower than those above. Where one leaves out 0, the "
            + "dashed line, the difference is told apart from chance."
        ),
        grid(*drawn[:MOST_CHARTS]),
        details("The same as a table, with clips won and lost", table(head, listed, "paired comparisons")),
    )  # fmt: skip


def _chart(material: Material, best: str, metric: str, rows: list[Paired]) -> str:
    # The reference repeated is so far off that no model could be told from another beside it.
    drawn = [row for row in rows if row.variant != REFERENCE] or rows
    dots = [charts.Dot(row.variant, material.look(row.variant), row.difference, row.interval) for row in drawn]
    told = f"{metric} of each variant minus that of {best}"
    wins = ", ".join(f"{text(row.variant)} on {row.losses} of {row.clips}" for row in rows)
    return figure(charts.dots(told, dots, words.unit(metric), zero=0.0), words.metric(metric), f"Beats {wins} clips.")


def _difference(row: Paired) -> str:
    plus = "+" if row.difference > 0 else ""
    return plus + number(row.difference) + (f" ({words.spread(row.interval)})" if row.interval is not None else "")


def _verdict(row: Paired) -> str:
    if row.interval is None:
        return "one clip: no interval"
    if not leaderboard.told_apart(row):
        return "not told apart"
    return "better" if glossary.better(row.metric, row.difference, 0.0) else "worse"
