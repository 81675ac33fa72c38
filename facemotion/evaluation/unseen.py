"""The error where a single reference cannot help: pixels of the head, and of the background, that it does not show."""

from typing import Final

import numpy as np

from facemotion.evaluation.images import Frame
from facemotion.evaluation.true_areas import Areas, Mask

# Of the scored image, a thousandth: fewer hidden pixels are rims of contours, and their mean says nothing.
LEAST_PX: Final = 64


def scores(generated: Frame, driving: Frame, areas: Areas, seen: Mask) -> dict[str, float]:
    """l1 over what is hidden in the reference, NaN where that is next to nothing."""
    hidden = areas.known & ~seen
    apart = np.abs(generated - driving).mean(axis=-1)
    return {
        "unseen_l1": _mean(apart, hidden & areas.head),
        "unseen_bg_l1": _mean(apart, hidden & areas.background),
    }


def _mean(values: np.ndarray, where: Mask) -> float:
    return float(values[where].mean(dtype=np.float64)) if where.sum() >= LEAST_PX else float("nan")
