"""Where on the face errors lie: mean maps in a colour scale that all variants share, under a mean face's outline."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from facemotion.landmarks.layout import GROUPS, LIPS, N_IBUG, OUTER_EYES
from facemotion.video import Image

SIDE: Final = 64
# Where the outer eyes and the middle of the mouth lie on the mean face, in pixels of a map.
ANCHORS: Final = np.array([(22.0, 26.0), (42.0, 26.0), (32.0, 44.0)])
ZOOM: Final = 4
TOP_SHARE: Final = 0.995  # of all values that the scale tells apart
RAMP: Final = cv2.COLORMAP_INFERNO
CLOSED: Final = ("eye_left", "eye_right", "lips_outer", "lips_inner")
OPEN: Final = ("jaw", "brow_left", "brow_right", "nose")

Floats = NDArray[np.float64]


class Maps(NamedTuple):
    pictures: dict[str, Image]  # by variant
    top: float  # the error that the scale ends at
    clips: int


def mean_maps(tables: Mapping[str, pl.DataFrame]) -> Maps | None:
    """None where no variant has a map."""
    means = {
        name: np.array(table.sort("clip_id")["map"].to_list(), np.float64).mean(axis=0).reshape(SIDE, SIDE)
        for name, table in tables.items()
        if len(table)
    }
    if not means:
        return None
    top = float(np.nanquantile(np.stack(list(means.values())), TOP_SHARE)) or 1.0
    clips = max(len(table) for table in tables.values())
    return Maps({name: _painted(own, top) for name, own in means.items()}, top, clips)


def ramp(width: int = 260) -> Image:
    """The colour scale, from no error at the left to the highest at the right."""
    return _coloured(np.tile(np.linspace(0, 1, width), (12, 1)))


def mean_face(tracks: Iterable[NDArray[np.floating]]) -> Floats | None:
    """Points [68, 2] in pixels of a map: each clip's median face brought onto the anchors, then their mean."""
    faces = []
    for points in tracks:
        known = np.asarray(points, np.float64)[:, :N_IBUG]
        known = known[np.isfinite(known).all(axis=(1, 2))]
        if len(known):
            face = np.median(known, axis=0)
            own = np.stack([*face[list(OUTER_EYES)], face[list(LIPS)].mean(axis=0)]).astype(np.float32)
            forward = cv2.getAffineTransform(own, ANCHORS.astype(np.float32))
            faces.append(face @ forward[:, :2].T + forward[:, 2])
    return np.asarray(np.mean(faces, axis=0), np.float64) if faces else None


def outline(face: Floats) -> list[str]:
    """SVG paths of the face's parts."""
    paths = []
    for group in (*CLOSED, *OPEN):
        places = "L".join(f"{x:.2f} {y:.2f}" for x, y in face[list(GROUPS[group])])
        paths.append(f"M{places}" + ("z" if group in CLOSED else ""))
    return paths


def _painted(errors: Floats, top: float) -> Image:
    large = cv2.resize(np.nan_to_num(errors), (SIDE * ZOOM, SIDE * ZOOM), interpolation=cv2.INTER_LINEAR)
    return _coloured(large / top)


def _coloured(shares: Floats) -> Image:
    grey = np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8)
    return np.ascontiguousarray(cv2.applyColorMap(grey, RAMP)[..., ::-1])
