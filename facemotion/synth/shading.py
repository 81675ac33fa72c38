"""Light on vertices and the picture from samples: soft diffuse with a warm terminator for skin, sheen for hair."""

import numba as nb
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.part import Kind
from facemotion.synth.raster import corner_weights

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]

CHANNELS = 6  # per vertex: diffuse RGB, then RGB of gloss; an eye keeps its normal in place of the gloss
_SKIN, _EYE, _MOUTH, _HAIR = int(Kind.SKIN), int(Kind.EYE), int(Kind.MOUTH), int(Kind.HAIR)
_EAR = int(Kind.EAR)
# By kind: how far light (red, green, blue) creeps past the terminator; exponent and strength of the sheen.
_WRAP = np.full((len(Kind), 3), 0.15)
_WRAP[_SKIN] = _WRAP[_EAR] = 0.42, 0.32, 0.27
_WRAP[_EYE], _WRAP[_MOUTH], _WRAP[_HAIR] = 0.6, 0.4, 0.35
_POWER = np.full(len(Kind), 10.0)
_GLOSS = np.full(len(Kind), 0.02)
_POWER[_SKIN], _GLOSS[_SKIN] = _POWER[_EAR], _GLOSS[_EAR] = 14.0, 0.11
_POWER[_MOUTH], _GLOSS[_MOUTH] = 40.0, 0.03
_POWER[int(Kind.GLASS)], _GLOSS[int(Kind.GLASS)] = 40.0, 0.5


@nb.njit(cache=True, error_model="numpy")
def light_vertices(
    points: F32,
    normals: F32,
    strand: I32,
    vertex_kind: I32,
    shade: F32,
    reach: F32,
    ambient: F32,
    directions: F32,
    colours: F32,
    sky: F32,
    ground: F32,
) -> F32:
    """Light at each vertex, camera frame; directions point to the lights.

    shade multiplies all, ambient the surroundings' light, reach [light, vertex] each lamp's."""
    out = np.empty((points.shape[0], CHANNELS), np.float32)
    for v in range(points.shape[0]):
        kind = vertex_kind[v]
        nx, ny, nz = normals[v, 0], normals[v, 1], normals[v, 2]
        px, py, pz = points[v, 0], points[v, 1], points[v, 2]
        far = np.sqrt(px * px + py * py + pz * pz) + 1e-6
        ex, ey, ez = -px / far, -py / far, -pz / far
        facing = nx * ex + ny * ey + nz * ez
        wrap, power, gloss = _WRAP[kind], _POWER[kind], _GLOSS[kind]
        up = 0.5 - 0.5 * ny
        for c in range(3):
            out[v, c] = (ground[c] + (sky[c] - ground[c]) * up) * ambient[v]
            out[v, 3 + c] = 0.0
        tx, ty, tz = 0.0, 0.0, 0.0
        if kind == _HAIR:
            w = strand[v]
            tx, ty, tz = points[w, 0] - px, points[w, 1] - py, points[w, 2] - pz
            length = np.sqrt(tx * tx + ty * ty + tz * tz) + 1e-6
            tx, ty, tz = tx / length, ty / length, tz / length
        for k in range(directions.shape[0]):
            lx, ly, lz = directions[k, 0], directions[k, 1], directions[k, 2]
            lambert = nx * lx + ny * ly + nz * lz
            hx, hy, hz = lx + ex, ly + ey, lz + ez
            length = np.sqrt(hx * hx + hy * hy + hz * hz) + 1e-6
            if kind == _HAIR:
                along = (tx * hx + ty * hy + tz * hz) / length
                shine = max(1.0 - along * along, 0.0) ** 24.0 * 0.16 * min(max(lambert * 2.0 + 0.6, 0.0), 1.0)
            else:
                half = (nx * hx + ny * hy + nz * hz) / length
                shine = gloss * max(half, 0.0) ** power * min(max(4.0 * lambert, 0.0), 1.0)
                if kind in (_SKIN, _EAR):  # pale fuzz along the outline
                    shine += 0.05 * (1.0 - max(facing, 0.0)) ** 4 * max(lambert + 0.3, 0.0)
            for c in range(3):
                diffuse = (lambert + wrap[c]) / (1.0 + wrap[c])
                if diffuse > 0.0:
                    out[v, c] += colours[k, c] * diffuse * reach[k, v]
                out[v, 3 + c] += colours[k, c] * shine * reach[k, v]
        for c in range(3):
            out[v, c] *= shade[v]
            out[v, 3 + c] *= shade[v]
        if kind == _EYE:
            out[v, 3], out[v, 4], out[v, 5] = nx, ny, nz
    return out


@nb.njit(cache=True, error_model="numpy", inline="always")
def _surface(
    t: int,
    x: float,
    y: float,
    triangles: I32,
    part: I32,
    kind: I32,
    screen: F32,
    inverse_depth: F32,
    uv: F32,
    light: F32,
    textures: I64,
    texels: U8,
    glints: F32,
    glint_colours: F32,
    mirror: F32,
) -> tuple[float, float, float]:
    """Squared display colour of a triangle at a pixel place."""
    a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
    wa, wb, wc = corner_weights(x, y, screen, inverse_depth, a, b, c)
    wa, wb = min(max(wa, -0.3), 1.3), min(max(wb, -0.3), 1.3)
    wc = 1.0 - wa - wb
    p = part[t]
    wide, high = textures[p, 1], textures[p, 2]
    tx = min(max((wa * uv[a, 0] + wb * uv[b, 0] + wc * uv[c, 0]) * wide - 0.5, 0.0), wide - 1.001)
    ty = min(max((wa * uv[a, 1] + wb * uv[b, 1] + wc * uv[c, 1]) * high - 0.5, 0.0), high - 1.001)
    x0, y0 = int(tx), int(ty)
    fx, fy = tx - x0, ty - y0
    at = textures[p, 0] + 4 * (y0 * wide + x0)
    low = at + 4 * wide
    w00, w10, w01, w11 = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
    red = w00 * texels[at] + w10 * texels[at + 4] + w01 * texels[low] + w11 * texels[low + 4]
    green = w00 * texels[at + 1] + w10 * texels[at + 5] + w01 * texels[low + 1] + w11 * texels[low + 5]
    blue = w00 * texels[at + 2] + w10 * texels[at + 6] + w01 * texels[low + 2] + w11 * texels[low + 6]
    last = w00 * texels[at + 3] + w10 * texels[at + 7] + w01 * texels[low + 3] + w11 * texels[low + 7]
    shine_r = wa * light[a, 3] + wb * light[b, 3] + wc * light[c, 3]
    shine_g = wa * light[a, 4] + wb * light[b, 4] + wc * light[c, 4]
    shine_b = wa * light[a, 5] + wb * light[b, 5] + wc * light[c, 5]
    gloss = 65025.0
    if kind[p] == _EYE:
        length = np.sqrt(shine_r * shine_r + shine_g * shine_g + shine_b * shine_b) + 1e-6
        nx, ny, nz = shine_r / length, shine_g / length, shine_b / length
        shine_r, shine_g, shine_b = 0.0, 0.0, 0.0
        seen = 2.0 * (wa * mirror[a] + wb * mirror[b] + wc * mirror[c])
        for k in range(glints.shape[0]):
            half = nx * glints[k, 0] + ny * glints[k, 1] + nz * glints[k, 2]
            if half > 0.97:
                spot = half**420.0 * seen
                shine_r += spot * glint_colours[k, 0]
                shine_g += spot * glint_colours[k, 1]
                shine_b += spot * glint_colours[k, 2]
    elif kind[p] == _SKIN:
        gloss *= last / 128.0
    elif kind[p] == _HAIR:  # pale strands shine, dark ones between them do not
        gloss *= 0.22 + 2.2 * green / 255.0
    red = red * red * (wa * light[a, 0] + wb * light[b, 0] + wc * light[c, 0]) + gloss * shine_r
    green = green * green * (wa * light[a, 1] + wb * light[b, 1] + wc * light[c, 1]) + gloss * shine_g
    blue = blue * blue * (wa * light[a, 2] + wb * light[b, 2] + wc * light[c, 2]) + gloss * shine_b
    return red, green, blue


@nb.njit(cache=True, error_model="numpy")
def resolve(
    shown: I32,
    triangles: I32,
    part: I32,
    kind: I32,
    screen: F32,
    inverse_depth: F32,
    uv: F32,
    light: F32,
    textures: I64,
    texels: U8,
    glints: F32,
    glint_colours: F32,
    mirror: F32,
    background: U8,
    image: U8,
    coverage: F32,
) -> None:
    """Shade each part once in every pixel it shows in and mix by samples. `shown` is 2H x 2W.

    glints: half-way vectors of lamps that eyes mirror where `mirror` (by vertex) lets them. Squares are mixed."""
    height, width = image.shape[:2]
    ids = np.empty(4, np.int64)
    for y in range(height):
        for x in range(width):
            ids[0], ids[1] = shown[2 * y, 2 * x], shown[2 * y, 2 * x + 1]
            ids[2], ids[3] = shown[2 * y + 1, 2 * x], shown[2 * y + 1, 2 * x + 1]
            if ids[0] < 0 and ids[1] < 0 and ids[2] < 0 and ids[3] < 0:
                image[y, x, 0], image[y, x, 1], image[y, x, 2] = (
                    background[y, x, 0],
                    background[y, x, 1],
                    background[y, x, 2],
                )
                coverage[y, x] = 0.0
                continue
            red, green, blue, bare = 0.0, 0.0, 0.0, 0.0
            done = 0
            for i in range(4):
                if done >> i & 1:
                    continue
                t = ids[i]
                if t < 0:
                    bare += 0.25
                    continue
                count, across, down = 0, 0, 0
                for j in range(i, 4):
                    if ids[j] >= 0 and part[ids[j]] == part[t]:
                        done |= 1 << j
                        count += 1
                        across += 2 * (j & 1) - 1
                        down += 2 * (j >> 1) - 1
                r, g, b = _surface(
                    t,
                    x + 0.25 * across / count,
                    y + 0.25 * down / count,
                    triangles,
                    part,
                    kind,
                    screen,
                    inverse_depth,
                    uv,
                    light,
                    textures,
                    texels,
                    glints,
                    glint_colours,
                    mirror,
                )
                red, green, blue = red + 0.25 * count * r, green + 0.25 * count * g, blue + 0.25 * count * b
            coverage[y, x] = 1.0 - bare
            if bare > 0.0:
                red += bare * float(background[y, x, 0]) ** 2
                green += bare * float(background[y, x, 1]) ** 2
                blue += bare * float(background[y, x, 2]) ** 2
            image[y, x, 0] = np.uint8(min(np.sqrt(max(red, 0.0)) + 0.5, 255.0))
            image[y, x, 1] = np.uint8(min(np.sqrt(max(green, 0.0)) + 0.5, 255.0))
            image[y, x, 2] = np.uint8(min(np.sqrt(max(blue, 0.0)) + 0.5, 255.0))
