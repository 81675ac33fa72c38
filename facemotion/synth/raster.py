"""Z-buffer rasteriser: which triangle each sample of the picture shows, with 2x2 samples a pixel or one.

Pixel coordinates have (0, 0) at the centre of the top-left pixel; `inverse_depth` is 1 / z of the camera frame, and
greater is nearer. Triangles may carry an opacity texture: a sample sees them where it exceeds the sample's threshold."""

import numba as nb
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

EDGE = 1e-5  # samples exactly on a shared edge belong to both triangles, never to none


@nb.njit(cache=True)
def _opacity(u: float, v: float, texels: U8, offset: int, width: int, height: int) -> float:
    x = min(max(u * width - 0.5, 0.0), width - 1.001)
    y = min(max(v * height - 0.5, 0.0), height - 1.001)
    x0, y0 = int(x), int(y)
    fx, fy = x - x0, y - y0
    at = offset + 4 * (y0 * width + x0) + 3
    below = at + 4 * width
    top = texels[at] * (1.0 - fx) + texels[at + 4] * fx
    bottom = texels[below] * (1.0 - fx) + texels[below + 4] * fx
    return float((top * (1.0 - fy) + bottom * fy) / 255.0)


@nb.njit(cache=True)
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
        # Barycentric coordinates are affine in the sample's place: b = value at (left, top) plus steps.
        b_dx, b_dy = -(cy - ay) * -scale, (cx - ax) * -scale
        c_dx, c_dy = (by - ay) * -scale, -(bx - ax) * -scale
        b_row = b_dx * (left - ax) + b_dy * (top - ay)
        c_row = c_dx * (left - ax) + c_dy * (top - ay)
        holes = cutout[t]
        for y in range(top, bottom + 1):
            wb, wc = b_row, c_row
            for x in range(left, right + 1):
                wa = 1.0 - wb - wc
                if wa >= -EDGE and wb >= -EDGE and wc >= -EDGE:
                    z = wa * za + wb * zb + wc * zc
                    if z > nearest[y, x]:
                        visible = True
                        if holes:
                            pa, pb, pc = wa * za / z, wb * zb / z, wc * zc / z
                            u = pa * uv[a, 0] + pb * uv[b, 0] + pc * uv[c, 0]
                            v = pa * uv[a, 1] + pb * uv[b, 1] + pc * uv[c, 1]
                            k = part[t]
                            threshold = 0.5
                            if samples == 2:
                                threshold = 0.15 + 0.7 * ((2 * (x & 1) + 3 * (y & 1)) % 4 + 0.0) / 3.0
                            visible = (
                                _opacity(u, v, texels, textures[k, 0], textures[k, 1], textures[k, 2]) > threshold
                            )
                        if visible:
                            nearest[y, x] = z
                            shown[y, x] = t
                wb += b_dx
                wc += c_dx
            b_row += b_dy
            c_row += c_dy


@nb.njit(cache=True)
def corner_weights(x: float, y: float, screen: F32, inverse_depth: F32, a: int, b: int, c: int) -> tuple[float, float, float]:
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
