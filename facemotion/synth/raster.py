"""Z-buffer rasteriser: which triangle each sample of the picture shows, with 2x2 samples a pixel or one.

Pixel coordinates have (0, 0) at the centre of the top-left pixel; `inverse_depth` is 1 / z of the camera frame, and
greater is nearer. Triangles may carry an opacity texture: a sample sees them where that exceeds its threshold."""

import numba as nb
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

EDGE = 1e-5  # samples exactly on a shared edge belong to both triangles, never to none


@nb.njit(cache=True, error_model="numpy", inline="always")
def _opacity(x: float, y: float, texels: U8, offset: int, width: int, height: int) -> float:
    """0..255 at a place in texels, (0, 0) the first one's centre."""
    x = min(max(x, 0.0), width - 1.001)
    y = min(max(y, 0.0), height - 1.001)
    x0, y0 = int(x), int(y)
    fx, fy = x - x0, y - y0
    at = offset + 4 * (y0 * width + x0) + 3
    below = at + 4 * width
    top = texels[at] + (np.float64(texels[at + 4]) - texels[at]) * fx
    bottom = texels[below] + (np.float64(texels[below + 4]) - texels[below]) * fx
    return float(top + (bottom - top) * fy)


@nb.njit(cache=True, error_model="numpy", inline="always")
def _span(value: float, slope: float, first: float, last: float) -> tuple[float, float]:
    """The part of first..last where value + slope * x is not below -EDGE."""
    if slope > 0.0:
        return max(first, (-EDGE - value) / slope), last
    if slope < 0.0:
        return first, min(last, (-EDGE - value) / slope)
    return (first, last) if value >= -EDGE else (1.0, 0.0)


@nb.njit(cache=True, error_model="numpy")
def rasterize(
    screen: F32,
    inverse_depth: F32,
    triangles: I32,
    cutout: NDArray[np.bool_],
    uv: F32,
    part: I32,
    textures: NDArray[np.int64],
    texels: U8,
    samples: int,
    nearest: F32,
    shown: I32,
) -> None:
    """Fill `nearest` (1/z) and `shown` (triangle index) of samples*H x samples*W; both must hold what is behind."""
    rows, columns = nearest.shape
    shift = (samples - 1) / (2.0 * samples)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = (screen[a, 0] + shift) * samples, (screen[a, 1] + shift) * samples
        bx, by = (screen[b, 0] + shift) * samples, (screen[b, 1] + shift) * samples
        cx, cy = (screen[c, 0] + shift) * samples, (screen[c, 1] + shift) * samples
        left = max(int(np.ceil(min(ax, bx, cx))), 0)
        right = min(int(np.floor(max(ax, bx, cx))), columns - 1)
        top = max(int(np.ceil(min(ay, by, cy))), 0)
        bottom = min(int(np.floor(max(ay, by, cy))), rows - 1)
        if left > right or top > bottom:
            continue
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if area >= -1e-9:  # seen from behind, or without area
            continue
        za, zb, zc = inverse_depth[a], inverse_depth[b], inverse_depth[c]
        if za <= 0.0 or zb <= 0.0 or zc <= 0.0:
            continue
        scale = 1.0 / area
        # Barycentric coordinates are affine in the sample's place, and so is 1 / z.
        b_dx, b_dy = (cy - ay) * scale, -(cx - ax) * scale
        c_dx, c_dy = -(by - ay) * scale, (bx - ax) * scale
        a_dx = -b_dx - c_dx
        z_dx = a_dx * za + b_dx * zb + c_dx * zc
        holes = cutout[t]
        u_dx, v_dx, first_texel, wide, high = 0.0, 0.0, 0, 2, 2
        if holes:  # hair's triangles are small: their texture is looked up without perspective
            k = part[t]
            first_texel, wide, high = textures[k, 0], textures[k, 1], textures[k, 2]
            u_dx = (a_dx * uv[a, 0] + b_dx * uv[b, 0] + c_dx * uv[c, 0]) * wide
            v_dx = (a_dx * uv[a, 1] + b_dx * uv[b, 1] + c_dx * uv[c, 1]) * high
        for y in range(top, bottom + 1):
            b_row = b_dx * (left - ax) + b_dy * (y - ay)
            c_row = c_dx * (left - ax) + c_dy * (y - ay)
            a_row = 1.0 - b_row - c_row
            first, last = _span(a_row, a_dx, 0.0, float(right - left))
            first, last = _span(b_row, b_dx, first, last)
            first, last = _span(c_row, c_dx, first, last)
            if first > last:
                continue
            start = int(np.ceil(first))
            u_row = (a_row * uv[a, 0] + b_row * uv[b, 0] + c_row * uv[c, 0]) * wide - 0.5
            v_row = (a_row * uv[a, 1] + b_row * uv[b, 1] + c_row * uv[c, 1]) * high - 0.5
            z = a_row * za + b_row * zb + c_row * zc + start * z_dx
            for x in range(left + start, left + int(np.floor(last)) + 1):
                if z > nearest[y, x]:
                    visible = True
                    if holes:
                        threshold = 127.0
                        if samples == 2:
                            threshold = 38.0 + 60.0 * ((2 * (x & 1) + 3 * (y & 1)) % 4)
                        along = x - left
                        visible = (
                            _opacity(u_row + u_dx * along, v_row + v_dx * along, texels, first_texel, wide, high)
                            > threshold
                        )
                    if visible:
                        nearest[y, x] = z
                        shown[y, x] = t
                z += z_dx


@nb.njit(cache=True, error_model="numpy", inline="always")
def corner_weights(
    x: float, y: float, screen: F32, inverse_depth: F32, a: int, b: int, c: int
) -> tuple[float, float, float]:
    """Perspective-correct weights of a triangle's corners at a pixel place, also a little outside of it."""
    ax, ay = screen[a, 0], screen[a, 1]
    bx, by = screen[b, 0] - ax, screen[b, 1] - ay
    cx, cy = screen[c, 0] - ax, screen[c, 1] - ay
    area = bx * cy - by * cx
    px, py = x - ax, y - ay
    wb = (px * cy - py * cx) / area
    wc = (bx * py - by * px) / area
    wa = (1.0 - wb - wc) * inverse_depth[a]
    wb *= inverse_depth[b]
    wc *= inverse_depth[c]
    total = wa + wb + wc
    return wa / total, wb / total, wc / total
