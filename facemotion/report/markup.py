"""HTML and SVG as text: elements, tables, figures, sections. What comes from data is escaped by `text`."""

from collections.abc import Sequence
from html import escape
from typing import Final

VOID: Final = {"img", "meta", "link"}
ABSENT: Final = "–"


def text(value: object) -> str:
    return escape(str(value), quote=True)


def name(value: str) -> str:
    """A name that may break after its underscores."""
    return text(value).replace("_", "_<wbr>")


def tag(element: str, *children: str, **attributes: object) -> str:
    """An element; children are markup. Underscores of attributes become dashes, those at the end drop off (class_);
    attributes that are None or False are left out, True stands alone."""
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{text(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return f"<{element}{told}>" if element in VOID else f"<{element}{told}>{''.join(children)}</{element}>"


def paragraph(*children: str, class_: str | None = None) -> str:
    return tag("p", *children, class_=class_)


def section(anchor: str, title: str, *parts: str) -> str:
    """With a heading that can be linked to."""
    link = tag("a", "#", href=f"#{anchor}", class_="anchor", aria_label=f"link to {title}")
    return tag("section", tag("h2", text(title), " ", link, id=anchor), *parts, aria_labelledby=anchor)


def figure(content: str, title: str = "", caption: str = "", class_: str | None = None) -> str:
    """What is shown, under its title and over what there is to see; both are markup."""
    head = tag("figcaption", title, class_="over") if title else ""
    foot = tag("p", caption, class_="caption") if caption else ""
    return tag("figure", head, content, foot, class_=class_)


def grid(*figures: str, class_: str = "grid") -> str:
    return tag("div", *figures, class_=class_)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> str:
    """Cells are markup, the first of a row its heading. It scrolls by itself where it is too wide."""
    top = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows]
    whole = tag("table", tag("thead", top), tag("tbody", *body))
    return tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=label)


def details(summary: str, *parts: str) -> str:
    return tag("details", tag("summary", text(summary)), *parts)


def picture(source: str, alt: str, width: int, height: int) -> str:
    return tag("img", src=source, alt=alt, width=width, height=height, loading="lazy", decoding="async")


def number(value: float) -> str:
    """Four digits that count, three below 10; a true minus sign."""
    if value == 0:
        return "0"
    size = abs(value)
    told = f"{size:,.0f}" if size >= 1000 else f"{size:.4g}" if size >= 10 else f"{size:.3g}"
    if "e" in told:
        told = f"{size:.6f}".rstrip("0").rstrip(".") or "0"
    return f"−{told}" if value < 0 else told


def percent(share: float) -> str:
    return f"{number(round(100 * share, 1))}\N{NO-BREAK SPACE}%"
