"""The page: the answer first, then what stands behind it, in the order in which one asks."""

from facemotion.report import curves, footage, pictures, record
from facemotion.report.answer import answer
from facemotion.report.boards import boards
from facemotion.report.look import STYLE
from facemotion.report.markup import paragraph, tag
from facemotion.report.material import Material
from facemotion.report.paired import paired
from facemotion.report.several import several
from facemotion.report.tuned import tuned

TITLE = "What the models reach"
CONTENTS = {
    "leaderboard": "Leaderboard",
    "paired": "Against the best",
    "videos": "Side by side",
    "regions": "Where errors lie",
    "conditions": "When errors grow",
    "refinement": "Refinement",
    "several": "Several references",  # where a variant takes them
    "smoothing": "Smoothing",
    "training": "Training",
    "tuning": "Tuning",  # where anything was tried
    "data": "Data",
    "glossary": "Glossary",
    "made": "Made from",
}


def render(material: Material) -> str:
    """HTML that needs nothing but the folder of assets; pictures of some sections are written there on the way."""
    who = "people of real footage" if material.real else "rendered people"
    told = f"Face animation on {who} whom no training has seen: one photo, moved like a driving video."
    main = tag(
        "main",
        tag("section", answer(material), pictures.strip(material), id="answer", aria_label="the answer"),
        boards(material),
        paired(material),
        pictures.videos(material),
        pictures.regions(material),
        curves.growth(material),
        curves.refinement(material),
        several(material),
        footage.smoothing(material),
        curves.trainings(material),
        tuned(material),
        footage.sheet(material),
        record.meanings(material),
        record.made_from(material),
        id="main",
    )
    links = [
        tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title in CONTENTS.items() if f'id="{anchor}"' in main
    ]
    header = tag(
        "header",
        tag("h1", TITLE),
        paragraph(told, class_="lede"),
        tag("nav", tag("ul", *links), aria_label="contents"),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"facemotion: {TITLE[0].lower()}{TITLE[1:]}"),
        tag("link", rel="icon", href="data:,"),
        tag("style", STYLE),
    )
    skip = tag("a", "Skip to the answer", href="#main", class_="skip")
    made = (
        f"Every generated picture on this page is synthetic. Made by the stage {tag('code', 'report')} of facemotion."
    )
    body = tag("body", skip, header, main, tag("footer", paragraph(made)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"
