"""Compiled loops of the truth: flow of surfaces between two frames, and points hidden by the head."""

import numba as nb
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.raster import corner_weights

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]

NEAR = 0.004  # depths closer than this share are the same surface


@nb.njit(cache=True, error_model="numpy")
def flow_of_surfaces(
    shown: I32,
    screen: F32,
    inverse_depth: F32,
    triangles: I32,
    points_from: F32,
    nearest_from: F32,
    shown_from: I32,
    background: NDArray[np.float64],
    focal: float,
) -> tuple[F32, NDArray[np.bool_]]:
    """shown: triangle at each pixel of the frame `to`; points_from: vertices in the camera frame of `from`."""
    height, width = shown.shape
    out = np.zeros((height, width, 2), np.float32)
    visible = np.zeros((height, width), np.bool_)
    for y in range(height):
        for x in range(width):
            t = shown[y, x]
            if t < 0:
                fx = background[0, 0] * x + background[0, 1] * y + background[0, 2]
                fy = background[1, 0] * x + background[1, 1] * y + background[1, 2]
                depth = 0.0
            else:
                a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                wa, wb, wc = corner_weights(x, y, screen, inverse_depth, a, b, c)
                px = wa * points_from[a, 0] + wb * points_from[b, 0] + wc * points_from[c, 0]
                py = wa * points_from[a, 1] + wb * points_from[b, 1] + wc * points_from[c, 1]
                pz = max(wa * points_from[a, 2] + wb * points_from[b, 2] + wc * points_from[c, 2], 1e-3)
                fx = focal * px / pz + 0.5 * (width - 1)
                fy = focal * py / pz + 0.5 * (height - 1)
                depth = 1.0 / pz
            out[y, x, 0] = fx - x
            out[y, x, 1] = fy - y
            if not (-0.5 <= fx <= width - 0.5 and -0.5 <= fy <= height - 0.5):
                continue
            ix, iy = min(max(int(np.floor(fx + 0.5)), 0), width - 1), min(max(int(np.floor(fy + 0.5)), 0), height - 1)
            if t < 0:
                visible[y, x] = shown_from[iy, ix] < 0
            else:
                visible[y, x] = nearest_from[iy, ix] <= depth * (1.0 + NEAR) or shown_from[iy, ix] == t
    return out, visible


@nb.njit(cache=True, error_model="numpy")
def hidden_points(
    pixels: F32, depth: F32, slack: F32, screen: F32, inverse_depth: F32, triangles: I32
) -> NDArray[np.bool_]:
    """Whether some triangle lies more than `slack` cm before each point (pixels and depth in the camera frame)."""
    hidden = np.zeros(pixels.shape[0], np.bool_)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, bx, by, cx, cy = screen[a, 0], screen[a, 1], screen[b, 0], screen[b, 1], screen[c, 0], screen[c, 1]
        if (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) >= 0.0:
            continue
        left, right = min(ax, bx, cx), max(ax, bx, cx)
        top, bottom = min(ay, by, cy), max(ay, by, cy)
        for p in range(pixels.shape[0]):
            x, y = pixels[p, 0], pixels[p, 1]
            if hidden[p] or x < left or x > right or y < top or y > bottom:
                continue
            wa, wb, wc = corner_weights(x, y, screen, inverse_depth, a, b, c)
            if wa >= 0.0 and wb >= 0.0 and wc >= 0.0:
                # Perspective-correct weights average depth itself.
                z = wa / inverse_depth[a] + wb / inverse_depth[b] + wc / inverse_depth[c]
                if z < depth[p] - slack[p]:
                    hidden[p] = True
    return hidden
