"""Sections on the data: what the set holds and what was rejected why, and landmarks before and after smoothing."""

from collections.abc import Callable
from typing import Final

import numpy as np
import polars as pl

from facemotion.landmarks.layout import RIGID
from facemotion.landmarks.pose import head_pose
from facemotion.landmarks.scores import LIDS, Floats, eye_distance, opening
from facemotion.landmarks.store import Track
from facemotion.report import charts
from facemotion.report.charts import Line
from facemotion.report.look import look
from facemotion.report.markup import figure, grid, number, paragraph, section, table, tag, text
from facemotion.report.material import Material

TRACE_SECONDS: Final = 4.0
REST_SECONDS: Final = 2.0
STILL_POINT: Final = 30  # the tip of the nose
MEASURED: Final = {
    "jitter_ratio": "jitter over the raw one",
    "blink_depth": "depth of blinks kept",
    "lag_frames": "lag in frames",
}
SPLITS: Final = {"train": "training", "val": "validation", "test": "test"}
RAW, SMOOTH = look(2), look(1)
QUALITIES: Final = (
    ("face_px", "face height, pixels"),
    ("sharpness", "sharpness, deviation of the Laplacian"),
    ("certainty", "agreement of landmarks, 0 to 1"),
)


def sheet(material: Material) -> str:
    clips = material.clips.filter("accepted")
    kind = "real footage" if material.real else "rendered footage, whose truth the scorer knows"
    parts = [paragraph(f"The source is {text(material.source)}: {kind}.")]
    parts.append(
        table(("", "people", "clips", "frames", "minutes"), _splits(material, clips), "people and clips by split")
    )
    parts.append(tag("h3", "What was rejected, and why"))
    drawn = [
        figure(charts.bars(f"{what} by reason of rejection", rows, what), title, caption)
        for title, what, rows, caption in (
            ("Videos", "videos that did not come", _reasons(material.ledger, "status", pl.col("status") != "ok"), ""),
            ("Faces followed", "face tubes", _reasons(material.tubes, "reason", ~pl.col("accepted")), ""),
            ("Clips", "clips", _reasons(material.clips, "reason", ~pl.col("accepted")), ""),
        )
        if rows
    ]
    came = material.ledger.filter(pl.col("status") == "ok")
    followed = int(material.tubes["accepted"].sum())
    kept = (
        f"{len(came)} of {len(material.ledger)} videos, {followed} of {len(material.tubes)} face tubes and "
        f"{len(clips)} of {len(material.clips)} clips were accepted."
    )
    parts += [paragraph(kept), grid(*drawn)] if drawn else [paragraph(kept)]
    parts += [tag("h3", "Poses and quality"), grid(*_histograms(material))]
    return section("data", "The data", *parts)


def smoothing(material: Material) -> str:
    title = "Landmarks, before and after smoothing"
    long = _whole(material)
    if not long:
        return section("smoothing", title, paragraph("No clip has landmarks in enough frames to draw."))
    raw, smooth = max(long, key=lambda pair: float(np.std(_lids(pair[1]))))
    resting = min(long, key=lambda pair: _restless(pair[1])[_quietest(pair[1]).start])
    drawn = [
        figure(
            charts.lines(
                "opening of the lids over time, raw and smoothed", _both(raw, smooth, _lids, _window(smooth)),
                "time, seconds", "opening, eye distances",
            ),
            "Opening of the lids",
            "Blinks are the short, deep dips: the smoothed line must reach as deep as the raw one, and be no later.",
        ),
        figure(
            charts.lines(
                "height of the tip of the nose over time, raw and smoothed",
                _both(*resting, _nose, _quietest(resting[1])),
                "time, seconds", "height, pixels of the clip", zero=False,
            ),
            "The tip of the nose while the head rests",
            "What trembles here is noise of the landmarker, which the smoothed line must not follow.",
        ),
    ]  # fmt: skip
    figures = material.metrics.get("smoothing", {})
    told = [f"{what} {number(figures[name])}" for name, what in MEASURED.items() if name in figures]
    measured = (
        f"Over all clips, against the truth: {', '.join(told)}." if told else "There is no truth to measure it by."
    )
    return section(
        "smoothing", title,
        paragraph(
            f"Lids of {text(raw.clip_id)}, the clip whose lids move most; nose of {text(resting[0].clip_id)}, at rest. "
            + measured
        ),
        charts.legend([("raw", RAW), ("smoothed", SMOOTH)], markers=False),
        grid(*drawn),
    )  # fmt: skip


def _splits(material: Material, clips: pl.DataFrame) -> list[list[str]]:
    packed = material.metrics.get("pack", {})
    rates = (clips["fps_num"] / clips["fps_den"]).to_numpy()
    seconds = float((clips["frames"].to_numpy() / rates).sum()) if len(clips) else 0.0
    frames = int(clips["frames"].sum()) if len(clips) else 0
    rows = [
        [told, *(number(packed[f"{split}_{what}"]) for what in ("people", "clips", "frames")),
         number(round(seconds / 60 * packed[f"{split}_frames"] / max(frames, 1), 1))]
        for split, told in SPLITS.items() if f"{split}_frames" in packed
    ]  # fmt: skip
    whole = [number(clips["person_id"].n_unique()), number(len(clips)), number(frames), number(round(seconds / 60, 1))]
    return [*rows, ["all", *whole]]


def _reasons(rows: pl.DataFrame, column: str, rejected: pl.Expr) -> list[tuple[str, int]]:
    counted = rows.filter(rejected).group_by(pl.col(column).cast(pl.String)).agg(pl.len().alias("n"))
    return [(str(reason), int(n)) for reason, n in counted.sort(["n", column], descending=[True, False]).iter_rows()]


def _histograms(material: Material) -> list[str]:
    found = []
    poses = [head_pose(track.points[np.isfinite(track.points).all(axis=(1, 2))]) for track in material.smooth]
    known = np.concatenate(poses) if poses else np.zeros((0, 3))
    for k, (name, told) in enumerate((("yaw", "yaw, degrees to the image's right"), ("pitch", "pitch, degrees down"))):
        if len(known):
            drawn = charts.histogram(f"{name} of the head in all frames", [("frames", known[:, k])], told, "frames")
            found.append(figure(drawn, name.capitalize(), f"Of {number(len(known))} frames, roughly, from landmarks."))
    for column, told in QUALITIES:
        groups = [
            (name, own)
            for name, accepted in (("accepted", True), ("rejected", False))
            if len(
                own := material.tubes.filter(pl.col("accepted") == accepted)[column].drop_nulls().drop_nans().to_numpy()
            )
        ]
        if groups:
            drawn = charts.histogram(f"{column} of face tubes", groups, told, "tubes")
            found.append(
                figure(drawn, text(column), "Accepted tubes are filled, rejected ones outlined." * (len(groups) > 1))
            )
    return found


def _whole(material: Material) -> list[tuple[Track, Track]]:
    """Clips before and after, of those long enough and seen throughout."""
    return [
        (raw, smooth)
        for raw, smooth in zip(material.raw, material.smooth, strict=True)
        if len(raw.points) >= TRACE_SECONDS * raw.fps
        and np.isfinite(raw.points).all()
        and np.isfinite(smooth.points).all()
    ]


def _lids(track: Track) -> Floats:
    points = track.points.astype(np.float64)
    return np.asarray(np.mean([opening(points, lid) for lid in LIDS], axis=0) / eye_distance(points), np.float64)


def _nose(track: Track) -> Floats:
    return track.points[:, STILL_POINT, 1].astype(np.float64)


def _window(track: Track) -> slice:
    """The frames in which lids move most over TRACE_SECONDS."""
    size, lids = round(TRACE_SECONDS * track.fps), _lids(track)
    start = int(np.argmax([np.std(lids[k : k + size]) for k in range(len(lids) - size + 1)]))
    return slice(start, start + size)


def _quietest(track: Track) -> slice:
    """The frames of REST_SECONDS in which the stiff points of the face move least."""
    start = int(np.argmin(_restless(track)))
    return slice(start, start + round(REST_SECONDS * track.fps))


def _restless(track: Track) -> Floats:
    """How far they move, in pixels, over REST_SECONDS from each frame on."""
    size, stiff = round(REST_SECONDS * track.fps), track.points[:, list(RIGID)].astype(np.float64).mean(axis=1)
    return np.array([np.ptp(stiff[k : k + size], axis=0).sum() for k in range(len(stiff) - size + 1)])


def _both(raw: Track, smooth: Track, measure: Callable[[Track], Floats], inside: slice) -> list[Line]:
    time = (np.arange(inside.stop - inside.start) / float(raw.fps)).tolist()
    return [
        Line(name, own, time, measure(track)[inside].tolist(), markers=False)
        for name, own, track in (("raw", RAW, raw), ("smoothed", SMOOTH, smooth))
    ]
