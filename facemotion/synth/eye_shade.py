"""The shadow lids cast on the ball of an eye."""

import numba as nb
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@nb.njit(cache=True)
def shade_eyes(skin: F32, rings: NDArray[np.int64], ball: F32, factor: F32) -> None:
    """Multiply `factor` of the ball's vertices by their distance below the upper lid (head frame, cm), in place."""
    half = rings.shape[1] // 2
    for v in range(ball.shape[0]):
        x, y = ball[v, 0], ball[v, 1]
        top, bottom, inside = 0.0, 0.0, 0.0
        for k in range(half):
            a, b = rings[1, k], rings[1, k + 1]
            x0, x1 = skin[a, 0], skin[b, 0]
            if (x0 <= x < x1) or (x1 <= x < x0):
                t = (x - x0) / (x1 - x0)
                top = skin[a, 1] * (1 - t) + skin[b, 1] * t
                inside = 1.0
            c, d = rings[1, (half + k) % rings.shape[1]], rings[1, (half + k + 1) % rings.shape[1]]
            x0, x1 = skin[c, 0], skin[d, 0]
            if (x0 <= x < x1) or (x1 <= x < x0):
                t = (x - x0) / (x1 - x0)
                bottom = skin[c, 1] * (1 - t) + skin[d, 1] * t
        if inside == 0.0:
            factor[v] *= np.float32(0.4)
            continue
        under = min(max((y - top + 0.05) / 0.42, 0.0), 1.0)
        over = min(max((bottom - y + 0.12) / 0.25, 0.0), 1.0)
        ends = min(abs(x - skin[rings[1, 0], 0]), abs(x - skin[rings[1, half], 0])) / 0.35
        soft = under * under * (3 - 2 * under)
        factor[v] *= np.float32((0.46 + 0.54 * soft) * (0.85 + 0.15 * over) * (0.86 + 0.14 * min(ends, 1.0)))
