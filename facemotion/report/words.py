"""How figures are worded: metrics with the way that is better, variants, values with their intervals."""

from typing import Final

from facemotion.evaluation import glossary
from facemotion.evaluation.intervals import Interval
from facemotion.report.markup import name, number, tag, text
from facemotion.report.material import Material
from facemotion.report.shown import REFERENCE

NOBODY: Final = "Nobody to judge by: no person of this footage is in the test split, so nothing was scored."
WAYS: Final = {"lower": ("↓", "lower is better"), "higher": ("↑", "higher is better")}


def metric(own: str, unit: bool = False) -> str:
    """Its name and an arrow that says which way is better, and under it the unit where asked for."""
    about = glossary.about(own)
    told = tag("span", name(own), title=about.meaning or None)
    if about.better in WAYS:
        arrow, way = WAYS[about.better]
        told += "&nbsp;" + tag("span", arrow, title=way, aria_label=way, role="img")
    return told + (tag("small", text(about.unit)) if unit and about.unit else "")


def unit(own: str) -> str:
    return glossary.about(own).unit


def variant(material: Material, own: str) -> str:
    marks = [("best", own == material.best), ("repeated frame", own == REFERENCE)]
    return name(own) + "".join(tag("small", mark) for mark, holds in marks if holds)


def spread(interval: Interval) -> str:
    return f"{number(interval.low)} to {number(interval.high)}"


def clips(count: int) -> str:
    return f"{count} clip" + ("s" if count != 1 else "")


def people(count: int) -> str:
    return f"{count} people" if count != 1 else "1 person"
