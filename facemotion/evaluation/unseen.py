"""The error where a single reference cannot help: pixels of the head, and of the background, that it does not show."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation.images import Frame
from facemotion.evaluation.true_areas import Areas, Mask

# Of the scored image, a thousandth: fewer hidden pixels are rims of contours, and their mean says nothing.
LEAST_PX: Final = 64
MEAN: Final = np.full(3, 1 / 3, np.float32)  # of the colours


def scores(generated: Frame, driving: Frame, areas: Areas, seen: Mask) -> dict[str, float]:
    """l1 over what is hidden in the reference, NaN where that is next to nothing."""
    hidden = areas.known & ~seen
    apart = np.abs(generated - driving) @ MEAN
    return {
        "unseen_l1": _mean(apart, hidden & areas.head),
        "unseen_bg_l1": _mean(apart, hidden & areas.background),
    }


def _mean(values: NDArray[np.float32], where: Mask) -> float:
    return float(values[where].mean(dtype=np.float64)) if where.sum() >= LEAST_PX else float("nan")
