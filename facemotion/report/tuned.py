"""The section on tuning: what was tried in which order, what mattered, and which values went with what was reached."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from facemotion.report import axes, charts
from facemotion.report.axes import WIDTH, Axis, chart
from facemotion.report.look import look
from facemotion.report.markup import ABSENT, details, figure, grid, number, paragraph, section, table, tag, text
from facemotion.report.material import Material

Trial = Mapping[str, Any]
KEPT: Final = "kept"
ROW: Final = 46  # height of an axis of parallel coordinates with its name
DEFAULT, BEST, OTHER = look(0), look(1), look(5)


def tuned(material: Material) -> str:
    """Empty where nothing was tried."""
    if not len(material.trials):
        return ""
    names = material.trials.columns
    objectives, keys = names[3 : names.index("last_val_score")], names[names.index("last_val_score") + 1 :]
    trials = material.trials.to_dicts()
    whole = [trial for trial in trials if trial["state"] == KEPT]
    scales = {entry["key"]: entry for entry in material.params.get("tune", {}).get("space", ())}
    drawn = [_history(trials, objective) for objective in objectives]
    if len(material.importance):
        shares = [(key.partition(".")[2], round(100 * share)) for key, share in material.importance.iter_rows()]
        drawn.append(figure(
            charts.bars("what mattered", shares, "% of what moved the first objective"), "What mattered",
            "How much each value alone tells good trials from others; of few trials a hint, no more.",
        ))  # fmt: skip
    else:
        drawn.append(figure("", "What mattered", "Too few trials came to their end to tell."))
    if len(whole) > 1:
        drawn.append(_coordinates(whole, objectives[0], keys, scales))
    return section(
        "tuning", "Tuning", paragraph(_verdict(material, objectives)), paragraph(
            "A trial is a short coarse training with other values, judged on the validation people; trial 0 has the "
            "values that stand in " + tag("code", "params.yaml") + ". One that lags behind is cut short."
        ),
        grid(*drawn), details("All trials", table(["trial", *names[1:]], [_cells(row) for row in trials], "trials")),
    )  # fmt: skip


def _verdict(material: Material, objectives: Sequence[str]) -> str:
    found = material.metrics.get("tune", {})
    told = []
    for name in objectives:
        if (value := found.get(f"again_{name}_value")) is not None:
            ends = f"{number(found[f'again_{name}_low'])} to {number(found[f'again_{name}_high'])}"
            told.append(f"{text(name)} {number(value)} ({ends})")
    if not told:
        return "No trial did better than the default, which stays."
    verdict = "is better" if found.get("better") else "is not told apart from it, so that the default stays"
    return f"In longer trainings the best trial, less the default, comes to {'; '.join(told)}: it {verdict}."


def _history(trials: Sequence[Trial], objective: str) -> str:
    """What each trial reached, and the best so far; one cut short stands at its last look."""
    places, values = [], []
    for trial in trials:
        value = trial[objective] if trial[objective] is not None else trial["last_val_score"]
        if value is not None and (objective == "score" or trial[objective] is not None):
            places.append(trial)
            values.append(float(value))
    if not values:
        return ""
    x = axes.across(-0.5, max(trial["trial"] for trial in places) + 0.5)
    y = axes.upwards(*axes.span(values))
    shapes = [axes.frame(x, y, "trial", objective)]
    best = math.inf
    path: list[str] = []
    for trial, value in zip(places, values, strict=True):
        at = x.at(trial["trial"]), y.at(value)
        if trial["state"] == KEPT and value < best:
            path.append(f"{at[0]:g} {y.at(best):g}L{at[0]:g} {at[1]:g}" if path else f"{at[0]:g} {at[1]:g}")
            best = value
        own = DEFAULT if trial["default"] else BEST if trial["state"] == KEPT else OTHER
        shapes.append(tag("g", charts.marker(own.marker, *at), class_=own.colour))
    if path:
        end = f"L{x.end:g} {y.at(best):g}"
        shapes.insert(1, tag("g", tag("path", d=f"M{'L'.join(path)}{end}", class_="fine"), class_=BEST.colour))
    return figure(
        chart(f"{objective} of each trial", *shapes), f"{text(objective)} by trial",
        "Ring: the default. Dots: trials. Crosses: cut short, at their last look. Line: the best so far; less is "
        "better.",
    )  # fmt: skip


def _coordinates(
    whole: Sequence[Trial], objective: str, keys: Sequence[str], scales: Mapping[str, Mapping[str, Any]]
) -> str:
    """An axis under the other for each key, and the objective last; a line a trial."""
    rows = [(key, [json.loads(str(trial[key])) for trial in whole], scales.get(key, {})) for key in keys]
    rows.append((objective, [trial[objective] for trial in whole], {}))
    places = [_placed(values, about) for _, values, about in rows]
    best = min(range(len(whole)), key=lambda k: whole[k][objective])
    shapes = []
    for k, (name, values, about) in enumerate(rows):
        middle = ROW * k + 34
        shapes.append(axes.line(10, middle, WIDTH - 10, middle, "rule"))
        shapes.append(axes.label(WIDTH / 2, middle - 12, name, "middle", "strong" if name == objective else None))
        low, high = _ends(values, about)
        shapes.append(axes.label(10, middle - 12, low, "start", "soft"))
        shapes.append(axes.label(WIDTH - 10, middle - 12, high, "end", "soft"))
    order = sorted(range(len(whole)), key=lambda k: (k == best, bool(whole[k]["default"])))
    for k in order:
        d = "M" + "L".join(f"{own[k]:g} {ROW * row + 34:g}" for row, own in enumerate(places))
        own = BEST if k == best else DEFAULT if whole[k]["default"] else OTHER
        faint = None if own is not OTHER else "0.45"
        line = tag("path", d=d, class_="fine", stroke_dasharray=own.dash or None, opacity=faint)
        shapes.append(tag("g", line, class_=own.colour))
    return figure(
        chart("values of each trial", *shapes, height=ROW * len(rows) + 8), "Values of each trial",
        "A line a trial that was not cut short. Solid: the best; dotted: the default.",
    )  # fmt: skip


def _placed(values: Sequence[Any], about: Mapping[str, Any]) -> list[float]:
    """Where values lie on an axis; those of a list at even distances."""
    if among := about.get("among"):
        known = [*among, *(value for value in values if value not in among)]
        axis = Axis(-0.5, len(known) - 0.5, 10, WIDTH - 10)
        return [axis.at(known.index(value)) for value in values]
    log = about.get("scale") == "log"
    plain = [math.log(value) if log else float(value) for value in values]
    low, high = min(plain), max(plain)
    axis = Axis(low, high if high > low else low + 1, 16, WIDTH - 16)
    return [axis.at(value) for value in plain]


def _ends(values: Sequence[Any], about: Mapping[str, Any]) -> tuple[str, str]:
    if among := about.get("among"):
        return _told(among[0]), _told(among[-1])
    return _told(min(values)), _told(max(values))


def _told(value: Any) -> str:
    return number(value) if isinstance(value, (int, float)) else "-".join(str(own) for own in value)


def _cells(trial: Trial) -> list[str]:
    return [ABSENT if value is None else text(f"{value:.4g}" if isinstance(value, float) else value)
            for value in trial.values()]  # fmt: skip
