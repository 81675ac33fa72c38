"""Sheets of what a variant makes of held-out clips: whole faces, and eyes and lips close up. What is shown is picked by
rule: the worst, the median and the best clip, and of each the frames least like the reference."""

from typing import Final, NamedTuple

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.evaluation.images import SCALE, Frame, as_bytes, at_scale, points_at_scale
from facemotion.evaluation.same_identity import make
from facemotion.evaluation.variants import Variant
from facemotion.ingest.sheets import Tile, sheet
from facemotion.landmarks.layout import EYES, GROUPS, LIPS, OUTER_EYES

Image = NDArray[np.uint8]

BY: Final = "l1"  # what clips are ranked by
ZOOM: Final = 4
# Around the middle of their points, in pixels at SCALE: half the width and half the height.
CLOSE: Final = {"eyes": (EYES, 54, 20), "lips": (LIPS, 36, 26)}
STIFF: Final = GROUPS["nose"] + OUTER_EYES  # points that move with the head
COLUMNS: Final = ("reference", "driving", "generated")


class Shown(NamedTuple):
    title: str
    frames: tuple[Frame, Frame, Frame]  # as in COLUMNS
    points: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]  # where to look in each


def sheets(variant: Variant, split: PackedSplit, scores: pl.DataFrame) -> list[tuple[str, Image]]:
    """By name: `faces`, `eyes`, `lips`; none where nothing was scored."""
    shown = [one for rank, clip in ranked(split, scores) for one in _of_clip(variant, clip, rank)]
    if not shown:
        return []
    whole = [
        [Tile(as_bytes(frame), f"{name}  {one.title}") for name, frame in zip(COLUMNS, one.frames, strict=True)]
        for one in shown
    ]
    pictures = [("faces", sheet(whole))]
    for part in CLOSE:
        rows = [_close_up(one, part) for one in shown]
        pictures.append((part, sheet([row for row in rows if row])))
    return pictures


def ranked(split: PackedSplit, scores: pl.DataFrame) -> list[tuple[str, PackedClip]]:
    """The worst, the median and the best clip; fewer where there are not three."""
    order = scores.filter(pl.col("metric") == BY).sort("value", "clip_id", descending=[True, False])["clip_id"]
    places = {"worst": 0, "median": len(order) // 2, "best": len(order) - 1}
    chosen: dict[str, str] = {}
    for rank, place in places.items():
        if 0 <= place < len(order):
            chosen.setdefault(order[place], rank)
    return [(rank, split[clip_id]) for clip_id, rank in chosen.items()]


def telling_frames(clip: PackedClip) -> dict[str, int]:
    """The frames whose pose, eyes and mouth differ most from frame 0's, by the clip's landmarks; others where these are
    missing."""
    points = clip.points.astype(np.float64)
    moved = np.abs(points - points[0])[:, list(STIFF)].mean(axis=(1, 2))
    found = {"pose": moved, "eyes": _opening(points, "eye_left", "eye_right"), "mouth": _opening(points, "lips_inner")}
    frames = {}
    for name, change in found.items():
        known = np.where(np.isfinite(change), change, -1.0)
        known[0] = -2.0  # the reference itself is no news
        frames[name] = int(known.argmax())
    return frames


def _opening(points: NDArray[np.float64], *parts: str) -> NDArray[np.float64]:
    """How much higher or lower these parts are in each frame than in frame 0, in pixels of the clip."""
    height = np.mean([np.ptp(points[:, list(GROUPS[part]), 1], axis=1) for part in parts], axis=0)
    return np.asarray(np.abs(height - height[0]), np.float64)


def _of_clip(variant: Variant, clip: PackedClip, rank: str) -> list[Shown]:
    telling = telling_frames(clip)
    frames = np.array(sorted(set(telling.values())))
    shown = []
    for some, batch, made in make(variant, clip, frames):
        images = [at_scale(batch.reference), at_scale(batch.driving), at_scale(made.frames)]
        reference, driving = points_at_scale(batch.reference_points), points_at_scale(batch.driving_points)
        for k, frame in enumerate(some.tolist()):
            why = "/".join(name for name, other in telling.items() if other == frame)
            title = f"{rank}, frame {frame} ({why})"
            shown.append(
                Shown(title, (images[0][k], images[1][k], images[2][k]), (reference[k], driving[k], driving[k]))
            )
    return shown


def _close_up(one: Shown, part: str) -> list[Tile]:
    """A row; empty where the part was not found."""
    own, across, down = CLOSE[part]
    tiles = []
    for name, frame, points in zip(COLUMNS, one.frames, one.points, strict=True):
        middle = points[list(own)].mean(axis=0)
        if not np.isfinite(middle).all():
            return []
        x = int(np.clip(round(float(middle[0])), across, SCALE - across))
        y = int(np.clip(round(float(middle[1])), down, SCALE - down))
        cut = as_bytes(frame)[y - down : y + down, x - across : x + across]
        large = cv2.resize(cut, (2 * across * ZOOM, 2 * down * ZOOM), interpolation=cv2.INTER_LINEAR)
        tiles.append(Tile(np.asarray(large, np.uint8), f"{name}  {one.title}"))
    return tiles
