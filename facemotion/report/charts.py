"""Charts as SVG in the page's colours: lines, dots with intervals, bars. Markers and dashes say what colours say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from facemotion.evaluation.intervals import Interval
from facemotion.report import axes
from facemotion.report.axes import WIDTH, Axis, chart
from facemotion.report.look import Look
from facemotion.report.markup import number, tag, text

ROW: Final = 24  # height of a row of dots with intervals
NAMES: Final = 124  # width for their names,
VALUES: Final = 50  # and for their values
COUNTS: Final = 20  # height for counts under a chart
FEWEST_BINS, MOST_BINS = 6, 18  # of a histogram: a few values are no curve
WHOLE: Final = 4.0  # so high a histogram is at least, for ticks at whole counts


@dataclass(frozen=True)
class Line:
    """Points joined by a line; `low` and `high`, where given, are drawn as a band."""

    name: str
    look: Look
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = field(default_factory=tuple)
    high: Sequence[float] = field(default_factory=tuple)
    markers: bool = True


@dataclass(frozen=True)
class Dot:
    name: str
    look: Look
    value: float
    interval: Interval | None
    strong: bool = False


def lines(
    name: str,
    drawn: Sequence[Line],
    x_label: str,
    y_label: str,
    *,
    zero: bool = True,
    counts: Sequence[int] = (),
    marks: Mapping[float, str] | None = None,
    within: Sequence[float] = (),
) -> str:
    """`counts`, where given, stand over the x of the first line, at the foot; `marks` are told on the x axis instead of
    its values; `within`: values that the y axis holds too, for charts of one scale."""
    xs = [value for own in drawn for value in own.x]
    ys = [*within, *(value for own in drawn for value in (*own.y, *own.low, *own.high))]
    x = replace(axes.across(*_around(xs)), marks=tuple((marks or {}).items()))
    y = axes.upwards(*axes.span(ys, zero), bottom=axes.BOTTOM + (COUNTS if counts else 0))
    shapes = [axes.frame(x, y, x_label, y_label)]
    if counts:
        foot = axes.HEIGHT - axes.BOTTOM + 14
        shapes += [
            axes.label(x.at(at), foot, number(n), "middle", "soft") for at, n in zip(drawn[0].x, counts, strict=True)
        ]
        shapes.append(axes.label(x.start - 6, foot, "n", "end", "soft"))
    shapes += [_line(own, x, y) for own in drawn]
    return chart(name, *shapes)


def dots(name: str, rows: Sequence[Dot], unit: str, zero: float | None = None) -> str:
    """A row each: name, dot with its interval, value. `zero` draws a line to be on either side of."""
    ends = [end for row in rows for end in (row.value, *(row.interval[1:] if row.interval else ()))]
    low, high = axes.span([*ends, zero] if zero is not None else ends)
    x = Axis(low, high, NAMES, WIDTH - VALUES - 8)
    foot = ROW * len(rows) + 6
    shapes = []
    for tick in x.ticks(3):
        shapes.append(axes.line(x.at(tick), 0, x.at(tick), foot, "rule"))
        shapes.append(axes.label(x.at(tick), foot + 14, number(tick), "middle"))
    if zero is not None:
        shapes.append(axes.line(x.at(zero), 0, x.at(zero), foot, "zero"))
    for k, row in enumerate(rows):
        middle = ROW * k + ROW / 2 + 2
        weight = "strong" if row.strong else None
        shapes.append(axes.label(0, middle + 4, _short(row.name), "start", weight))
        shapes.append(axes.label(WIDTH, middle + 4, number(row.value), "end", weight))
        own = [marker(row.look.marker, x.at(row.value), middle)]
        if row.interval is not None:
            own.insert(0, axes.line(x.at(row.interval.low), middle, x.at(row.interval.high), middle, "fine"))
        shapes.append(tag("g", *own, class_=row.look.colour))
    shapes.append(axes.label((x.start + x.end) / 2, foot + 30, unit, "middle", "soft"))
    return chart(name, *shapes, height=foot + 36)


def histogram(
    name: str,
    values: Sequence[tuple[str, np.ndarray]],
    x_label: str,
    y_label: str,
    limits: Sequence[float] = (),
) -> str:
    """Of one group, or of two: the second is outlined, and both are named in the picture. `limits` are drawn as lines
    where they are not far beside the values."""
    every = np.concatenate([own for _, own in values])
    wide = max(float(np.ptp(every)), 1e-9)
    near = [limit for limit in limits if every.min() - wide <= limit <= every.max() + wide]
    low, high = axes.span(np.concatenate((every, near))) if every.any() else (0.0, 1.0)
    bins = int(np.clip(round(2 * len(every) ** 0.5), FEWEST_BINS, MOST_BINS))
    edges = np.linspace(low, high, bins + 1)
    counted = [(told, np.histogram(own, edges)[0]) for told, own in values]
    room = 1.25 if len(counted) > 1 else 1.0  # for the names above
    x, y = (
        axes.across(low, high),
        axes.upwards(*axes.span([WHOLE, *(float(n.max()) * room for _, n in counted)], zero=True)),
    )
    shapes = [axes.frame(x, y, x_label, y_label)]
    shapes += [axes.line(x.at(limit), y.start, x.at(limit), y.end, "limit") for limit in near]
    if len(counted) > 1:
        shapes.append(tag("rect", x=WIDTH - 132, y=axes.TOP, width=132, height=38, fill="var(--paper)"))
    for k, (told, numbers) in enumerate(counted):
        if k == 0:
            shapes.append(tag("g", *_bars(edges, numbers, x, y), class_="k1"))
        else:
            shapes.append(tag("g", _steps(edges, numbers, x, y), class_="k2"))
        if len(counted) > 1:
            at = axes.TOP + 12 + 16 * k
            swatch = tag("rect", x=WIDTH - 128, y=at - 8, width=14, height=8, class_="bar" if k == 0 else "fine")
            shapes += [tag("g", swatch, class_=f"k{k + 1}"), axes.label(WIDTH - 108, at, told, "start")]
    return chart(name, *shapes)


def bars(name: str, rows: Sequence[tuple[str, int]], unit: str) -> str:
    """Counts by name, longest first or as given, with the count at the end of each bar."""
    x = Axis(0, max(count for _, count in rows) or 1, NAMES + 20, WIDTH - 44)
    shapes = []
    for k, (told, count) in enumerate(rows):
        top = ROW * k + 4
        shapes.append(axes.label(0, top + 13, _short(told, 22), "start"))
        wide = max(x.at(count) - x.start, 1)
        shapes.append(
            tag("g", tag("rect", x=x.start, y=top, width=f"{wide:g}", height=ROW - 8, class_="bar"), class_="k1")
        )
        shapes.append(axes.label(x.start + wide + 5, top + 13, number(count), "start"))
    foot = ROW * len(rows) + 16
    shapes.append(axes.label((x.start + x.end) / 2, foot, unit, "middle", "soft"))
    return chart(name, *shapes, height=foot + 6)


def legend(names: Sequence[tuple[str, Look]], markers: bool = True) -> str:
    """Of lines: what stands for what."""
    entries = []
    for name, own in names:
        shapes = [tag("path", d="M1 6H33", class_="fine", stroke_dasharray=own.dash or None)]
        shapes += [marker(own.marker, 17, 6)] if markers else []
        sample = tag("svg", *shapes, class_=own.colour, viewBox="0 0 34 12", aria_hidden="true")
        entries.append(tag("li", sample, tag("span", text(name))))
    return tag("ul", *entries, class_="legend")


def marker(shape: str, x: float, y: float, r: float = 4) -> str:
    match shape:
        case "square":
            d = f"M{x - r:g} {y - r:g}h{2 * r:g}v{2 * r:g}h{-2 * r:g}z"
        case "triangle":
            d = f"M{x:g} {y - 1.2 * r:g}l{1.2 * r:g} {2.1 * r:g}h{-2.4 * r:g}z"
        case "diamond":
            d = f"M{x:g} {y - 1.3 * r:g}l{1.3 * r:g} {1.3 * r:g}l{-1.3 * r:g} {1.3 * r:g}l{-1.3 * r:g} {-1.3 * r:g}z"
        case "cross":
            d = f"M{x - r:g} {y - r:g}l{2 * r:g} {2 * r:g}m0 {-2 * r:g}l{-2 * r:g} {2 * r:g}"
            return tag("path", d=d, class_="fine")
        case _:
            filled = shape == "circle"
            return tag(
                "circle", cx=f"{x:g}", cy=f"{y:g}", r=r, fill="currentColor" if filled else "var(--paper)",
                stroke="currentColor", stroke_width=1.8,
            )  # fmt: skip
    return tag("path", d=d, fill="currentColor")


def _line(own: Line, x: Axis, y: Axis) -> str:
    places = [(x.at(a), y.at(b)) for a, b in zip(own.x, own.y, strict=True)]
    shapes = [
        tag(
            "path",
            d="M" + "L".join(f"{a:g} {b:g}" for a, b in places),
            class_="fine",
            stroke_dasharray=own.look.dash or None,
        )
    ]
    if own.low:
        there = [(x.at(a), y.at(b)) for a, b in zip(own.x, own.high, strict=True)]
        back = [(x.at(a), y.at(b)) for a, b in zip(own.x, own.low, strict=True)][::-1]
        shapes.insert(0, tag("path", d="M" + "L".join(f"{a:g} {b:g}" for a, b in there + back) + "z", class_="band"))
    if own.markers:
        shapes += [marker(own.look.marker, *place) for place in places]
    return tag("g", *shapes, class_=own.look.colour)


def _around(values: Sequence[float]) -> tuple[float, float]:
    """Limits a little beyond the outermost values, so that markers lie inside."""
    low, high = min(values), max(values)
    more = (high - low) * 0.04 or abs(low) * 0.1 or 0.5
    return low - more, high + more


def _bars(edges: np.ndarray, numbers: np.ndarray, x: Axis, y: Axis) -> list[str]:
    return [
        tag("rect", x=f"{x.at(left):g}", y=f"{y.at(n):g}", width=f"{x.at(right) - x.at(left) - 1:g}",
            height=f"{y.start - y.at(n):g}", class_="bar")
        for left, right, n in zip(edges[:-1].tolist(), edges[1:].tolist(), numbers.tolist(), strict=True) if n
    ]  # fmt: skip


def _steps(edges: np.ndarray, numbers: np.ndarray, x: Axis, y: Axis) -> str:
    d = f"M{x.at(float(edges[0])):g} {y.start:g}" + "".join(
        f"V{y.at(n):g}H{x.at(right):g}" for right, n in zip(edges[1:].tolist(), numbers.tolist(), strict=True)
    )
    return tag("path", d=f"{d}V{y.start:g}", class_="fine")


def _short(name: str, most: int = 20) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
