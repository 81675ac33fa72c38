"""Sections of curves: when errors grow, what each step of the refiner brings, how trainings went."""

import re
from typing import Final

import polars as pl

from facemotion.evaluation import glossary, leaderboard
from facemotion.report import charts, conditions, pictures
from facemotion.report.charts import Line
from facemotion.report.look import look
from facemotion.report.markup import figure, grid, paragraph, section, tag, text
from facemotion.report.material import Material
from facemotion.report.shown import REFERENCE

MEASURED: Final = ("l1", "akd_truth", "akd_dlib")  # of frames, against what drives: the first, and of the others one
STEPPED: Final = ("epe", "epe_lips", "epe_eyes")
STILL: Final = "Repeating the reference would reach {still}."
TRAINED: Final = (  # column of the history, what it is, label of its axis, caption
    ("loss", "training loss", "weighted sum", "Each training weighs its own terms: read shapes, not heights."),
    ("val_l1", "l1 on the validation people", "l1 at the model's size, of 1", STILL),
    ("val_l1_lips", "the same around the lips", "l1, of 1", STILL),
    ("val_l1_eyes", "the same around the eyes", "l1, of 1", STILL),
)


def growth(material: Material) -> str:
    title = "When errors grow"
    known = {name for table in material.frames.values() for name in table["metric"].unique().to_list()}
    metrics = [name for name in MEASURED if name in known][:2]
    drawn = [
        figure_
        for metric in metrics
        for driver, told in conditions.DRIVERS.items()
        if (figure_ := _condition(material, driver, told, metric))
    ]
    if not drawn:
        return section("conditions", title, paragraph("There are no scores of single frames to draw curves of."))
    return section(
        "conditions", title,
        paragraph(
            "Errors of single frames against what the driving frame asks for, in bins of as many frames each; n "
            "counts a variant's frames in a bin, bands are 95 % intervals of models. What to see: a variant that "
            "follows stays flat where the repeated reference climbs."
        ),
        charts.legend([(name, material.look(name)) for name in material.frames]),
        grid(*drawn),
    )  # fmt: skip


def refinement(material: Material) -> str:
    title = "What each step of the refiner brings"
    steps = {variant: _steps(table) for variant, table in material.scores.items()}
    refined = {variant: table for variant, table in steps.items() if len(table)}
    flows = pictures.flows(material)
    if not refined:
        parts = [flows] if flows else []
        return section("refinement", title, paragraph(
            "No variant was scored along its refiner's steps: that needs a refiner, and the true flow of rendered "
            "footage."
        ), *parts)  # fmt: skip
    drawn = []
    for metric in STEPPED:
        lines = [
            Line(variant, material.look(variant), own["step"].to_list(), own["value"].to_list())
            for variant, table in refined.items()
            if len(own := table.filter(pl.col("base") == metric).sort("step"))
        ]
        if lines:
            what = glossary.about(metric).meaning
            name = f"{metric} after each of the refiner's steps"
            drawn.append(figure(
                charts.lines(name, lines, "step; 0 is the coarse motion", f"{metric}, {glossary.about(metric).unit}"),
                text(metric), text(what[0].upper() + what[1:]) + ".",
            ))  # fmt: skip
    return section(
        "refinement", title,
        paragraph(
            "The refiner corrects the coarse flow from low to high resolution. Means over clips after each step; "
            "the last step is what is rendered. Curves that fall are steps that help, and lips and eyes are what "
            "refinement is for."
        ),
        charts.legend([(name, material.look(name)) for name in refined]),
        grid(*drawn),
        flows,
    )  # fmt: skip


def trainings(material: Material) -> str:
    title = "How the trainings went"
    histories = {name: table for name, table in material.histories.items() if len(table)}
    if not histories:
        return section("training", title, paragraph("None of the variants was trained."))
    looks = {name: material.look(name) if name in material.variants else look(k) for k, name in enumerate(histories)}
    drawn = []
    for column, told, unit, caption in TRAINED:
        lines = [
            Line(name, looks[name], rows["step"].to_list(), rows[column].to_list(), markers=len(rows) < 20)
            for name, table in histories.items()
            if column in table.columns and len(rows := table.select("step", column).drop_nulls().sort("step"))
        ]
        if lines:
            still = _still(histories, column)
            drawn.append(figure(
                charts.lines(f"{told} by step of the training", lines, "step of the optimiser", unit),
                tag("span", text(column)) + tag("span", f": {told}", class_="soft"),
                text(caption.format(still=still)) if still or "{" not in caption else "",
            ))  # fmt: skip
    return section(
        "training",
        title,
        paragraph("What the trainings wrote down; a refinement begins at the weights of its coarse model, at step 0."),
        charts.legend(list(looks.items())),
        grid(*drawn),
    )


def _condition(material: Material, driver: str, told: str, metric: str) -> str:
    found = conditions.curves(material.frames, driver, metric)
    if not found:
        return ""
    lines = [
        # The band of what is repeated is so wide that it would press all others flat.
        Line(name, material.look(name), own.x, own.y, *((own.low, own.high) if name != REFERENCE else ()))
        for name, own in found.items()
    ]
    counts = next(iter(found.values())).counts
    name = f"{metric} against {told}"
    drawn = charts.lines(name, lines, told, f"{metric}, {glossary.about(metric).unit}", counts=counts)
    return figure(drawn, tag("span", text(metric)) + tag("span", f" against the {told.split(',')[0]}", class_="soft"))


def _steps(table: pl.DataFrame) -> pl.DataFrame:
    """base, step, value: means over clips of the metrics `epe..._stepN`."""
    names = [name for name in table["metric"].unique().to_list() if re.fullmatch(r"epe\w*_step\d+", name)]
    entries = leaderboard.standings({"": table}, sorted(names))
    parts = [entry.metric.partition("_step") for entry in entries]
    return pl.DataFrame(
        [(base, int(step), entry.value) for (base, _, step), entry in zip(parts, entries, strict=True)],
        schema={"base": pl.String, "step": pl.Int64, "value": pl.Float64}, orient="row",
    )  # fmt: skip


def _still(histories: dict[str, pl.DataFrame], column: str) -> str:
    """What repeating the reference reaches on the same pairs."""
    name = f"{column}_reference"
    known = [table[name].drop_nulls() for table in histories.values() if name in table.columns]
    return f"{known[0][-1]:.4f}" if known and len(known[0]) else ""
