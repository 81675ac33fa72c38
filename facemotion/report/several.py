"""The section on several references: what each more brings, by which strategy, and how it looks."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from facemotion.evaluation import leaderboard
from facemotion.evaluation.images import SCALE
from facemotion.evaluation.references import COUNTS
from facemotion.report import charts, strips, turns, words
from facemotion.report.charts import Line
from facemotion.report.look import Look, look
from facemotion.report.markup import (
    ABSENT,
    details,
    figure,
    grid,
    name,
    number,
    paragraph,
    percent,
    picture,
    section,
    table,
    tag,
    text,
)
from facemotion.report.material import Material
from facemotion.report.strips import Pictured
from facemotion.report.turns import OWN, Panel

DRAWN: Final = ("unseen_l1", "l1")
TABLED: Final = (
    "l1",
    "unseen_l1",
    "unseen_bg_l1",
    "unseen_akd",
    "akd_truth",
    "akd_lips",
    "akd_eyes",
    "akd_dlib",
    "ssim",
)
COMPARED: Final = 4  # references with which strategies are compared in words


def several(material: Material) -> str:
    """Empty where no variant takes several references."""
    variant = strips.fusing(material.scores)
    if variant is None:
        return ""
    scores, frames = material.scores[variant], material.frames.get(variant)
    ways = turns.strategies(scores)
    place = material.variants.index(variant)
    looks = {way: look(place + k) for k, way in enumerate(ways)}
    drawn = [_charts(metric, turns.panels(frames, metric, ways), looks) for metric in DRAWN if frames is not None]
    return section(
        "several", "What more references bring",
        paragraph(
            "One photo does not show the other side of a head. Here the frames of a clip's last half are made from "
            "one, two, four and eight frames of its first third, of which the first is always frame 0, and the others "
            "those that show most that is new."
        ),
        paragraph(*_told(material, variant, ways)),
        *(_strip(material, one) for one in material.strips),
        paragraph(
            "Below, the share of the error from one reference that is left, on the same frames, by how far the head is "
            "turned aside from the first reference; the band is the 95 % interval of the variant's own strategy. The "
            "other strategies learn nothing, and use the same weights for all else. What to see: lines that fall, and "
            "fall the more the further the head is turned.",
        ),
        charts.legend([(_called(variant, way), looks[way]) for way in ways]),
        *drawn,
        _table(material, variant, ways),
    )  # fmt: skip


def _called(variant: str, way: str) -> str:
    return way or f"{variant}, as trained"


def _told(material: Material, variant: str, ways: Sequence[str]) -> list[str]:
    """The finding in words: each step from fewer to more references, and what was learnt against what is simple."""
    scores = material.scores[variant]
    metric = next((own for own in DRAWN if turns.against(scores, f"{own}_n2", f"{own}_n1")), None)
    if metric is None:
        return [f"{text(variant)} was scored on one clip alone: too few to tell what more references bring."]
    told = []
    for fewer, more in pairwise(COUNTS):
        if found := turns.against(scores, f"{metric}_n{more}", f"{metric}_n{fewer}"):
            sure = "" if found.difference.told_apart else ", not told from chance"
            within = f"{words.spread(found.ratio)} times{sure}"
            told.append(f"from {more} rather than {fewer} it is {_share(found.ratio.value)} ({within})")
    sentences = [f"{words.metric(metric)} of {tag('strong', text(variant))}: {'; '.join(told)}. "]
    rivals = {
        way: found
        for way in ways
        if way != OWN and (found := turns.against(scores, f"{metric}_n{COMPARED}", turns.named(metric, way, COMPARED)))
    }
    if rivals:
        closest = max(rivals, key=lambda way: rivals[way].ratio.value)
        found = rivals[closest]
        sure = "beyond chance" if found.difference.told_apart else "which these clips cannot tell from chance"
        sentences.append(
            f"At {COMPARED} references the closest of the strategies that learn nothing is {text(closest)}: as trained "
            f"it is {_share(found.ratio.value)} than by that ({words.spread(found.ratio)} times), {sure}."
        )
    return sentences


def _share(ratio: float) -> str:
    return f"{percent(abs(1 - ratio))} {'lower' if ratio <= 1 else 'higher'}"


def _charts(metric: str, found: Sequence[Panel], looks: dict[str, Look]) -> str:
    """A chart for each range of turns, all of one scale; the variant's own line lies over the others."""
    ends = [end for panel in found for own in panel.curves.values() for end in own.y]
    ends += [end for panel in found for end in (*panel.curves[OWN].low, *panel.curves[OWN].high)]
    drawn = []
    for panel in found:
        between = f"{number(round(panel.least))} to {number(round(panel.most))} degrees"
        lines = [
            Line("", looks[way], list(range(len(COUNTS))), own.y, *((own.low, own.high) if way == OWN else ()))
            for way, own in reversed(panel.curves.items())
        ]
        told = f"{metric} by number of references, head turned {between}"
        marks = {float(k): str(count) for k, count in enumerate(COUNTS)}
        svg = charts.lines(told, lines, "references", "share of that from one", zero=False, marks=marks, within=ends)
        title = words.metric(metric) + tag("span", f" turned {between}, {panel.frames} frames", class_="soft")
        drawn.append(figure(svg, title))
    return grid(*drawn) if drawn else ""


def _strip(material: Material, one: Pictured) -> str:
    references = {f"{k + 1}": file for k, file in enumerate(one.references)}
    tiles = _tiles(material, one, one.made, "six", "") + _tiles(material, one, references, "eight", "reference ")
    hidden = "in pink what the first reference does not show of the head, " if strips.HIDDEN in one.made else ""
    return figure(
        tiles, "",
        f"{text(one.person_id)}, frame {one.turned.frame}, the head turned {number(round(one.turned.gap))} degrees "
        f"aside from the first reference: the driving frame, {hidden}and what is made from the first, the first two, "
        "four and eight of the references below. Look at the far cheek, the ear and the hair beside it, and at the "
        "background that the head has left.",
    )  # fmt: skip


def _tiles(material: Material, one: Pictured, files: Mapping[str, str], class_: str, what: str) -> str:
    drawn = [
        figure(picture(f"{material.href}/{file}", f"{one.person_id}: {what}{told}", SCALE, SCALE), name(told))
        for told, file in files.items()
    ]
    return tag("div", *drawn, class_=f"tiles {class_}")


def _table(material: Material, variant: str, ways: Sequence[str]) -> str:
    scores = {variant: material.scores[variant]}
    rows = []
    for way in ways:
        for metric in TABLED:
            wanted = [turns.named(metric, way, count) for count in COUNTS]
            found = {entry.metric: entry for entry in leaderboard.standings(scores, wanted)}
            if wanted[-1] in found:
                cells = [
                    _cell(material, variant, found[own].value, own, wanted[0]) if own in found else ABSENT
                    for own in wanted
                ]
                rows.append([name(_called(variant, way)), name(metric), *cells])
    head = ["strategy", "metric", *(f"from {count}" for count in COUNTS)]
    return details("All figures, and their share of that from one reference", table(head, rows, "several references"))


def _cell(material: Material, variant: str, value: float, own: str, one: str) -> str:
    found = turns.against(material.scores[variant], own, one) if own != one else None
    share = tag("small", f"{number(found.ratio.value)} ({words.spread(found.ratio)})") if found is not None else ""
    return number(value) + share
