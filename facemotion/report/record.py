"""Sections to look things up in: what each metric means, and the parameters and data that the page was made from."""

import hashlib
from typing import Any

from facemotion.evaluation import glossary, leaderboard
from facemotion.report.markup import ABSENT, details, paragraph, section, table, tag, text
from facemotion.report.material import Material

WAYS = {"lower": "lower", "higher": "higher", "neither": ABSENT}


def meanings(material: Material) -> str:
    """Of what was scored here, without what only says how it was reached."""
    scored = {name for scores in material.scores.values() for name in scores["metric"].unique().to_list()}
    shown = [name for name in glossary.METRICS if name in scored or any(glossary.base(own) == name for own in scored)]
    rows = [
        [tag("code", text(name)), text(metric.unit) or ABSENT, WAYS[metric.better], text(metric.meaning)]
        for name in shown
        if (metric := glossary.METRICS[name])
    ]
    absent = [name for name in leaderboard.SAME if name not in scored]
    missing = f" Not scored here: {', '.join(absent)}." if absent else ""
    return section(
        "glossary", "What the metrics mean",
        paragraph(
            "Everything is scored at 256 pixels: what a smaller model makes is enlarged, and the driving frame "
            "passes the same sizes. Means over the frames of a clip, then over clips. Names that begin with "
            + tag("code", "cross_") + " are of one person driven by another, "
            + tag("code", "_n2") + " and the like of so many references, after the name of a strategy where it is not "
            "the variant's own, "
            + tag("code", "_absolute") + " of absolute motion; eye distances are those of the outer corners of the "
            "eyes." + missing
        ),
        tag("div", table(("metric", "unit", "better", "meaning"), rows, "metrics"), class_="words"),
    )  # fmt: skip


def made_from(material: Material) -> str:
    data = {path: md5 for path, md5 in material.digests.items() if not path.endswith(".py")}
    code = {path: md5 for path, md5 in material.digests.items() if path.endswith(".py")}
    rows = [[tag("code", text(path)), tag("code", text(md5))] for path, md5 in sorted(data.items())]
    whole = hashlib.md5("".join(f"{path} {md5}\n" for path, md5 in sorted(code.items())).encode()).hexdigest()
    rows.append([f"{len(code)} files of code, together", tag("code", whole)])
    told = [[tag("code", text(key)), tag("code", text(value))] for key, value in _flat(dict(material.params))]
    return section(
        "made", "What this page was made from",
        paragraph(
            "The same inputs give this page again, to the byte. Digests are DVC's (MD5); parameters are those of "
            + tag("code", "params.yaml") + "."
        ),
        details(
            "Digests of data, models and scores",
            tag("div", table(("path", "digest"), rows, "digests"), class_="words"),
        ),
        details("Parameters", tag("div", table(("key", "value"), told, "parameters"), class_="words")),
    )  # fmt: skip


def _flat(values: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if not isinstance(values, dict):
        return [(prefix, "none" if values is None else values)]
    return [pair for key, value in values.items() for pair in _flat(value, f"{prefix}.{key}" if prefix else str(key))]
