"""A page of its own on how good the footage is: histograms over face tubes, with the limits that params set, and over
the clips that came of them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from facemotion.config import Tubes
from facemotion.landmarks.pose import head_pose
from facemotion.landmarks.scores import BLINK_SECONDS, LIDS, MOUTH, Floats, blinks, eye_distance, opening
from facemotion.landmarks.store import Track
from facemotion.report import charts
from facemotion.report.look import STYLE
from facemotion.report.markup import figure, grid, number, paragraph, section, table, tag, text

TITLE: Final = "How good the footage is"
ENDS: Final = (5.0, 95.0)  # percentiles between which a clip's range lies
ABOUT: Final = (
    "Roughly, from the frames that were searched for faces. Accepted tubes are filled, rejected ones outlined; a "
    "dashed line is a limit of <code>params.yaml</code>, where it is not far beside what there is."
)
SPEAKS: Final = 0.03  # mouth opening that counts as open, in eye distances


class Measure(NamedTuple):
    column: str
    title: str
    unit: str
    least: str = ""  # the parameter of `tubes` that rejects lower values,
    most: str = ""  # and higher ones


MEASURES: Final = (
    Measure("face_px", "Face size", "side of the face box, pixels", "min_face_px"),
    Measure("sharpness", "Sharpness", "deviation of the Laplacian at a fixed size", "min_sharpness"),
    Measure("exposure", "Exposure", "brightness of the face, 0 to 255", "min_exposure", "max_exposure"),
    Measure("yaw", "Usual yaw", "median of either side, degrees", "", "max_yaw"),
    Measure("turn", "Range of yaw", "from far left to far right, degrees", "min_turn", "max_turn"),
    Measure("mouth", "Activity of the mouth", "how far it opens and closes, eye distances", "min_mouth"),
    Measure("lids", "Activity of the lids", "how far they open and close, eye distances", "min_lids"),
    Measure("shake", "Restlessness of the box", "starts and stops between searches, box sides", "", "max_shake"),
    Measure("missed", "Hidden", "share of searched frames without the face", "", "max_missed"),
    Measure("outside", "Cut off", "share of the face box outside the frame", "", "max_outside"),
    Measure("certainty", "Agreement of landmarks", "0 to 1", "min_certainty"),
    Measure("score", "Detector's score", "the detector's own unit", "min_score"),
)


def page(tubes: pl.DataFrame, clips: pl.DataFrame, tracks: Sequence[Track], settings: Tubes) -> str:
    """HTML that needs nothing else. `tracks`: the clips' landmarks, none where they are not there yet."""
    tubes = tubes.with_columns(turn=pl.col("yaw_right") - pl.col("yaw_left"))
    kept = int(tubes["accepted"].sum())
    told = (
        f"{number(kept)} of {number(len(tubes))} face tubes in {number(tubes['video_id'].n_unique())} videos are good "
        f"enough; {number(len(clips.filter('accepted')))} clips came of them. What counts as good enough stands in "
        "<code>params.yaml</code> under <code>tubes</code>."
    )
    main = tag("main", _reasons(tubes), _tubes(tubes, settings), _clips(tracks), id="main")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", TITLE),
        tag("style", STYLE),
    )
    body = tag("body", tag("header", tag("h1", TITLE), paragraph(told, class_="lede")), main)
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _reasons(tubes: pl.DataFrame) -> str:
    counted = tubes.filter(~pl.col("accepted")).group_by("reason").agg(pl.len().alias("n"))
    rows = [(str(name), int(n)) for name, n in counted.sort(["n", "reason"], descending=[True, False]).iter_rows()]
    if not rows:
        return section("rejected", "What was rejected, and why", paragraph("No tube was rejected."))
    drawn = charts.bars("face tubes by reason of rejection", rows, "face tubes")
    return section("rejected", "What was rejected, and why", figure(drawn))


def _tubes(tubes: pl.DataFrame, settings: Tubes) -> str:
    drawn, rows = [], []
    for measure in MEASURES:
        groups = [
            (name, values)
            for name, accepted in (("accepted", True), ("rejected", False))
            if len(values := _known(tubes.filter(pl.col("accepted") == accepted)[measure.column]))
        ]
        limits = {
            f"{what} <code>{key}</code>": float(getattr(settings, key))
            for what, key in (("at least", measure.least), ("at most", measure.most))
            if key
        }
        if groups:
            chart = charts.histogram(
                f"{measure.title} of face tubes", groups, measure.unit, "tubes", limits=list(limits.values())
            )
            told = ", ".join(f"{what} {number(limit)}" for what, limit in limits.items())
            caption = f"Wanted: {told}." if limits else ""
            drawn.append(figure(chart, text(measure.title), caption))
        every = _known(tubes[measure.column])
        if len(every):
            rows.append([text(measure.title), *(number(float(v)) for v in np.percentile(every, (0, 5, 50, 95, 100)))])
    return section(
        "tubes", "Face tubes", paragraph(ABOUT), grid(*drawn),
        table(("", "least", "5 %", "median", "95 %", "most"), rows, "figures of all tubes"),
    )  # fmt: skip


def _clips(tracks: Sequence[Track]) -> str:
    title = "Clips, from the landmarks of every frame"
    found = [one for track in tracks if (one := _of_clip(track)) is not None]
    if not found:
        return section("clips", title, paragraph("There are no landmarks yet: <code>dvc repro smooth</code>."))
    values = np.array(found)
    named = (
        ("Range of yaw", "from far left to far right, degrees"),
        ("Blinks", "a minute"),
        ("Speech", "share of frames with an open mouth"),
        ("Activity of the mouth", "how far it opens and closes, eye distances"),
        ("Frames without a face", "share"),
    )
    drawn = [
        figure(charts.histogram(f"{name} of clips", [("clips", values[:, k])], unit, "clips"), text(name))
        for k, (name, unit) in enumerate(named)
    ]
    return section("clips", title, grid(*drawn))


def _of_clip(track: Track) -> tuple[float, ...] | None:
    there = np.isfinite(track.points).all(axis=(1, 2))
    if there.sum() < 2:
        return None
    points = track.points.astype(np.float64)
    eyes = eye_distance(points)
    mouth = (opening(points, MOUTH) / eyes)[there]
    near = max(round(BLINK_SECONDS * track.fps), 2)
    closings = np.mean([len(blinks(np.nan_to_num(opening(points, lid), nan=np.inf), near)) for lid in LIDS])
    minutes = float(there.sum() / track.fps) / 60
    turn = _range(head_pose(points[there])[:, 0])
    return turn, float(closings) / minutes, float((mouth > SPEAKS).mean()), _range(mouth), float(1 - there.mean())


def _range(values: Floats) -> float:
    low, high = np.percentile(values, ENDS)
    return float(high - low)


def _known(column: pl.Series) -> Floats:
    return np.asarray(column.drop_nulls().drop_nans().to_numpy(), np.float64)
