"""The error where a single reference cannot help: pixels of the head, and of the background, that it does not show, and
landmarks that lie on them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation.images import Frame
from facemotion.evaluation.known import TrueFrame
from facemotion.evaluation.true_areas import Areas, Mask
from facemotion.landmarks.layout import N_IBUG

# Of the scored image, a thousandth: fewer hidden pixels are rims of contours, and their mean says nothing.
LEAST_PX: Final = 64
LEAST_POINTS: Final = 3  # likewise: fewer may be the landmarker's own slips along a contour
MEAN: Final = np.full(3, 1 / 3, np.float32)  # of the colours


def scores(generated: Frame, driving: Frame, areas: Areas, seen: Mask) -> dict[str, float]:
    """l1 over what is hidden in the reference, NaN where that is next to nothing."""
    hidden = areas.known & ~seen
    apart = np.abs(generated - driving) @ MEAN
    return {
        "unseen_l1": _mean(apart, hidden & areas.head),
        "unseen_bg_l1": _mean(apart, hidden & areas.background),
    }


def point_scores(found: NDArray[np.floating], true: TrueFrame) -> dict[str, float]:
    """akd_truth over the points that lie where the reference does not show the head; NaN where these are too few."""
    hidden = true.areas.known & true.areas.head & ~true.flow.seen
    points = true.points[:N_IBUG]
    column, row = np.rint(points).astype(np.intp).clip(0, len(hidden) - 1).T
    own = hidden[row, column]
    apart = np.abs(np.asarray(found, np.float64)[:N_IBUG] - points)[own]
    return {"unseen_akd": float(apart.mean()) if own.sum() >= LEAST_POINTS else float("nan")}


def _mean(values: NDArray[np.float32], where: Mask) -> float:
    return float(values[where].mean(dtype=np.float64)) if where.sum() >= LEAST_PX else float("nan")
