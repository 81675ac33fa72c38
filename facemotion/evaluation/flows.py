"""How far flows miss the truth, in pixels at the scored size."""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from facemotion.evaluation.images import SCALE
from facemotion.evaluation.true_areas import Mask, TrueFlow
from facemotion.models import grid

WHOLE = ""  # the region of all pixels


def in_pixels(flow: Tensor) -> NDArray[np.float32]:
    """Normalised flows [B, 2, h, h] as points [B, SCALE, SCALE, 2] in pixel coordinates of the reference."""
    points = grid.resize(flow.float(), SCALE).permute(0, 2, 3, 1)
    found: NDArray[np.float32] = grid.to_pixels(points, SCALE, SCALE).cpu().numpy()
    return found


def end_point_errors(
    where: NDArray[np.float32], true: TrueFlow, regions: dict[str, Mask], suffix: str = ""
) -> dict[str, float]:
    """`epe`, `epe_REGION`: mean distances over the pixels seen in the reference; NaN where a region has none."""
    x, y = where[..., 0] - true.where[..., 0], where[..., 1] - true.where[..., 1]
    apart = np.sqrt(x * x + y * y)  # a third of the time that the norm of vectors of two takes
    found = {}
    for name, region in ((WHOLE, true.seen), *((name, mask & true.seen) for name, mask in regions.items())):
        key = f"epe_{name}{suffix}" if name else f"epe{suffix}"
        found[key] = float(apart[region].mean(dtype=np.float64)) if region.any() else float("nan")
    return found
