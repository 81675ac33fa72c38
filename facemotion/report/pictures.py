"""Sections to look at: the strip of faces, videos side by side, where errors lie, and the refiner's flows."""

from typing import Final

from facemotion.evaluation.images import SCALE
from facemotion.files import write_bytes
from facemotion.report import error_maps, flow_colours
from facemotion.report.markup import details, figure, name, number, paragraph, picture, section, tag, text
from facemotion.report.material import Material
from facemotion.report.shown import CLOSE, PHOTO, REFERENCE, ZOOM, Shown, Still, per_row

RANKS: Final = {
    "median": "The median clip",
    "best": "The best clip",
    "worst": "The worst clip",
}
WHY: Final = {
    "pose": "the head has turned furthest",
    "eyes": "the lids have moved furthest",
    "mouth": "the mouth has opened or closed furthest",
}


def strip(material: Material) -> str:
    """The frame of the median clip whose mouth tells most, and a closer look."""
    median = next((one for one in material.shown if one.rank == "median"), None) or next(iter(material.shown), None)
    if median is None:
        return ""
    still = next((still for still in median.stills if "mouth" in still.why), median.stills[0])
    caption = (
        f"Frame {still.frame} of {_ranked(median)}, where {_why(still)}: photo, driving frame, and what each "
        "variant makes of the photo; below, closer. Look at the shape of the mouth, the gaze and the edge of the "
        "face."
    )
    return figure(_rows(material, median, still), "", caption)


def crossed(material: Material) -> str:
    """One person driven by another; empty where there is no such pair."""
    one = material.crossed
    if one is None:
        return ""
    tiles = [
        figure(
            picture(
                _href(material, file), f"{one.reference_person} driven by {one.driving_person}: {own}", SCALE, SCALE
            ),
            name(own),
            class_="best" if _is_best(material, own) else None,
        )
        for own, file in one.files.items()
    ]
    answer = "the right answer, which was rendered, " if one.answered else ""
    return figure(
        tag("div", *tiles, class_="tiles"), "",
        f"Frame {one.frame} of the pair of median cross_l1: {text(one.reference_person)} driven by "
        f"{text(one.driving_person)}, {answer}and what each variant makes.",
    )  # fmt: skip


def videos(material: Material) -> str:
    if not material.shown:
        return section("videos", "Side by side", paragraph("No clip was scored, so there is nothing to play."))
    films = [_film(material, one) for one in sorted(material.shown, key=lambda one: list(RANKS).index(one.rank))]
    stills = [
        figure(_rows(material, one, still), "", f"{RANKS[one.rank]}, frame {still.frame}: {_why(still)}.")
        for one in material.shown
        for still in one.stills
    ]
    return section(
        "videos", "Side by side",
        paragraph(
            f"The photo, which is what {tag('code', REFERENCE)} repeats, the driving video and every model on one "
            "time line. Clips are chosen by rule: those of the lowest, the median and the highest l1 of "
            f"{tag('strong', text(material.best or ''))}. They have no sound."
        ),
        tag("div", *films, class_="films"),
        details("Frames that tell most: head furthest turned, lids and mouth furthest moved", *stills),
    )  # fmt: skip


def _film(material: Material, one: Shown) -> str:
    file = _href(material, one.video)
    player = tag(
        "video",
        "Your browser plays no H.264 video; the file is ",
        tag("a", text(one.video), href=file),
        src=file,
        poster=_href(material, one.poster),
        width=one.width,
        height=one.height,
        controls=True,
        loop=True,
        muted=True,
        playsinline=True,
        preload="metadata",
        aria_label=f"{RANKS[one.rank]}: {', '.join(one.columns)} side by side",
    )
    length = f"the whole clip, {number(one.seconds)} s" if one.whole else f"its first {number(one.seconds)} s"
    order = "By row: " if len(one.columns) > per_row(len(one.columns)) else "From the left: "
    caption = f"{text(one.clip_id)} of {text(one.person_id)}, {length}. {order}{text(', '.join(one.columns))}."
    return figure(player, RANKS[one.rank], caption)


def regions(material: Material) -> str:
    title = "Where on the face errors lie"
    found = error_maps.mean_maps(material.maps)
    if found is None:
        return section("regions", title, paragraph("No error maps: no clip was scored in which a face was found."))
    write_bytes(material.assets / "error_scale.png", flow_colours.png(error_maps.ramp()))
    shape = error_maps.mean_face([track.points for track in material.smooth])
    drawn = []
    for variant, image in found.pictures.items():
        file = f"errors_{variant}.png"
        write_bytes(material.assets / file, flow_colours.png(image))
        side = error_maps.SIDE
        paths = error_maps.outline(shape) if shape is not None else []
        # Pixels of a map have whole numbers at their centres, the picture at its edges.
        lines = tag("g", *(tag("path", d=d) for d in paths), transform="translate(.5 .5)", class_="face")
        under = tag("image", href=_href(material, file), width=side, height=side)
        told = f"mean error of {variant} over the face"
        content = tag(
            "svg", tag("title", text(told)), under, lines, viewBox=f"0 0 {side} {side}", role="img", aria_label=told
        )
        drawn.append(figure(content, name(variant), class_="best" if variant == material.best else None))
    scale = tag(
        "div", "0", picture(_href(material, "error_scale.png"), "colour scale from dark, no error, to bright", 260, 12),
        f"{number(found.top)} of 1, mean absolute difference of RGB", class_="scale",
    )  # fmt: skip
    return section(
        "regions", title,
        paragraph(
            f"Mean absolute error at each place of a mean face, over {found.clips} "
            f"clip{'s' if found.clips != 1 else ''}; the colours of all variants are of one scale. The lines are "
            "the mean of the clips' landmarks."
        ),
        tag("div", *drawn, class_="tiles faces"), scale,
        paragraph(
            "What to see: a bright mouth or bright eyes are motion that was missed, a bright outline of the face "
            "a head that "
            "is not quite where it belongs, bright hair or background what no reference shows.", class_="caption",
        ),
    )  # fmt: skip


def flows(material: Material) -> str:
    """The best variant's flows of one frame, step by step; empty where it has one flow alone."""
    one = next((one for one in material.shown if one.flows), None)
    if one is None:
        return ""
    tiles = [
        figure(
            picture(_href(material, file), f"flow after step {step}", 256, 256),
            "coarse" if step == 0 else f"step {step}",
        )
        for step, file in enumerate(one.flows)
    ]
    wheel = picture(_href(material, "flow_wheel.png"), "wheel of the colours by direction", 96, 96)
    caption = (
        f"The flow of {text(material.best or '')} on one frame of {_ranked(one)}, after each of the refiner's "
        "steps. The hue says in which direction of the reference a pixel looks, the saturation how far, up to "
        f"{number(one.reach)} pixels at 256; white stays where it is. Edges get sharper, and mouth and "
        "eyes move on their own."
    )
    return figure(tag("div", *tiles, class_="tiles") + wheel, "The same, seen", caption)


def _rows(material: Material, one: Shown, still: Still) -> str:
    """Whole faces and, where the part was found, a closer look."""
    return _tiles(material, one, still) + (_tiles(material, one, still, closer=True) if still.close else "")


def _tiles(material: Material, one: Shown, still: Still, closer: bool = False) -> str:
    what, files = (still.part, still.close) if closer else ("face", still.whole)
    width, height = (ZOOM * 2 * side for side in CLOSE[still.part][2:]) if closer else (SCALE, SCALE)
    tiles = [
        figure(
            picture(_href(material, file), f"{what} in frame {still.frame} of {one.clip_id}: {column}", width, height),
            name(column),
            class_="best" if _is_best(material, column) else None,
        )
        for column, file in files.items()
    ]
    return tag("div", *tiles, class_="tiles")


def _is_best(material: Material, column: str) -> bool:
    return column == (PHOTO if material.best == REFERENCE else material.best)


def _ranked(one: Shown) -> str:
    return f"{RANKS[one.rank][0].lower()}{RANKS[one.rank][1:]}"


def _why(still: Still) -> str:
    return " and ".join(WHY[reason] for reason in still.why.split("/"))


def _href(material: Material, file: str) -> str:
    return f"{material.href}/{file}"
