"""Axes of charts: round ticks, values to places, and the frame with labels and units around what is drawn."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from facemotion.report.markup import number, tag, text

WIDTH: Final = 344  # of a chart, in the units of its text: as wide as a phone shows without shrinking letters
HEIGHT: Final = 224
LEFT, RIGHT, TOP, BOTTOM = 50, 10, 10, 40


@dataclass(frozen=True)
class Axis:
    """Values low to high, at places start to end; `marks`, where given, are told at their values instead of ticks."""

    low: float
    high: float
    start: float
    end: float
    marks: tuple[tuple[float, str], ...] = ()

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    def ticks(self, about: int = 4) -> list[float]:
        return [tick for tick in ticks(self.low, self.high, about) if self.low <= tick <= self.high]

    def told(self, about: int) -> list[tuple[float, str]]:
        return list(self.marks) or [(tick, number(tick)) for tick in self.ticks(about)]


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round values that span low to high: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [float(f"{k * step:.10g}") for k in range(first, last + 1)]


def span(values: "list[float] | np.ndarray", zero: bool = False) -> tuple[float, float]:
    """Limits on round ticks around values; from 0 on where asked for."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    low = min(low, 0.0) if zero else low
    if high - low < 1e-9:
        low, high = low - (0 if zero else abs(low) * 0.1 + 1e-3), high + abs(high) * 0.1 + 1e-3
    around = ticks(low, high)
    return around[0], around[-1]


def across(low: float, high: float) -> Axis:
    return Axis(low, high, LEFT, WIDTH - RIGHT)


def upwards(low: float, high: float, bottom: float = BOTTOM) -> Axis:
    return Axis(low, high, HEIGHT - bottom, TOP)


def frame(x: Axis, y: Axis, x_label: str, y_label: str) -> str:
    """Rules at the ticks of y, ticks and labels of both."""
    parts = []
    for tick in y.ticks():
        place = y.at(tick)
        parts.append(line(x.start, place, x.end, place, "rule"))
        parts.append(label(x.start - 6, place + 4, number(tick), "end"))
    for tick, told in x.told(5):
        place = x.at(tick)
        parts.append(line(place, y.start, place, y.start + 4, "rule"))
        parts.append(label(place, y.start + 17, told, "middle"))
    parts.append(label((x.start + x.end) / 2, HEIGHT - 6, x_label, "middle", "soft"))
    middle = (y.start + y.end) / 2
    turned = {"transform": f"rotate(-90 11 {middle:g})"}
    parts.append(tag("text", text(y_label), x=11, y=f"{middle:g}", text_anchor="middle", class_="soft", **turned))
    return "".join(parts)


def chart(name: str, *parts: str, height: float = HEIGHT) -> str:
    """`name` is what a reader of the screen hears."""
    return tag(
        "svg", tag("title", text(name)), *parts, class_="chart", role="img", aria_label=name,
        viewBox=f"0 0 {WIDTH} {height:g}",
    )  # fmt: skip


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> str:
    return tag("line", x1=f"{x1:g}", y1=f"{y1:g}", x2=f"{x2:g}", y2=f"{y2:g}", class_=class_)


def label(x: float, y: float, told: str, anchor: str, class_: str | None = None) -> str:
    return tag("text", text(told), x=f"{x:g}", y=f"{y:g}", text_anchor=anchor, class_=class_)
