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
_CLOTH, _GLASS, _EAR = int(Kind.CLOTH), int(Kind.GLASS), int(Kind.EAR)


@nb.njit(cache=True)
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
    wrap = np.empty(3)
    for v in range(points.shape[0]):
        kind = vertex_kind[v]
        nx, ny, nz = normals[v, 0], normals[v, 1], normals[v, 2]
        px, py, pz = points[v, 0], points[v, 1], points[v, 2]
        far = np.sqrt(px * px + py * py + pz * pz) + 1e-6
        ex, ey, ez = -px / far, -py / far, -pz / far
        facing = nx * ex + ny * ey + nz * ez
        wrap[:] = 0.15
        power, gloss = 10.0, 0.02
        if kind == _SKIN or kind == _EAR:
            wrap[0], wrap[1], wrap[2] = 0.42, 0.32, 0.27
            power, gloss = 14.0, 0.11
        elif kind == _EYE:
            wrap[:] = 0.6
        elif kind == _MOUTH:
            wrap[:] = 0.4
            power, gloss = 40.0, 0.03
        elif kind == _GLASS:
            power, gloss = 40.0, 0.5
        elif kind == _HAIR:
            wrap[:] = 0.35
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
                if kind == _SKIN or kind == _EAR:  # pale fuzz along the outline
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


@nb.njit(cache=True)
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
    eye_shade: F32,
    background: U8,
    image: U8,
    coverage: F32,
) -> None:
    """Shade each part once in every pixel it shows in and mix by samples. `shown` is 2H x 2W; light is squared display."""
    height, width = image.shape[:2]
    ids = np.empty(4, np.int64)
    colour = np.empty(3)
    for y in range(height):
        for x in range(width):
            ids[0], ids[1] = shown[2 * y, 2 * x], shown[2 * y, 2 * x + 1]
            ids[2], ids[3] = shown[2 * y + 1, 2 * x], shown[2 * y + 1, 2 * x + 1]
            if ids[0] < 0 and ids[1] < 0 and ids[2] < 0 and ids[3] < 0:
                for c in range(3):
                    image[y, x, c] = background[y, x, c]
                coverage[y, x] = 0.0
                continue
            red, green, blue, bare = 0.0, 0.0, 0.0, 0.0
            done = 0
            for i in range(4):
                if done >> i & 1:
                    continue
                t = ids[i]
                if t < 0:
                    done |= 1 << i
                    bare += 0.25
                    red += 0.25 * background[y, x, 0] ** 2
                    green += 0.25 * background[y, x, 1] ** 2
                    blue += 0.25 * background[y, x, 2] ** 2
                    continue
                p = part[t]
                share, sx, sy = 0.0, 0.0, 0.0
                for j in range(i, 4):
                    if not (done >> j & 1) and ids[j] >= 0 and part[ids[j]] == p:
                        done |= 1 << j
                        share += 0.25
                        sx += 0.5 * (j & 1) - 0.25
                        sy += 0.5 * (j >> 1) - 0.25
                at_x, at_y = x + sx * 0.25 / share, y + sy * 0.25 / share
                a, b, c3 = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                wa, wb, wc = corner_weights(at_x, at_y, screen, inverse_depth, a, b, c3)
                wa, wb = min(max(wa, -0.3), 1.3), min(max(wb, -0.3), 1.3)
                wc = 1.0 - wa - wb
                u = wa * uv[a, 0] + wb * uv[b, 0] + wc * uv[c3, 0]
                v = wa * uv[a, 1] + wb * uv[b, 1] + wc * uv[c3, 1]
                tw, th = textures[p, 1], textures[p, 2]
                tx = min(max(u * tw - 0.5, 0.0), tw - 1.001)
                ty = min(max(v * th - 0.5, 0.0), th - 1.001)
                x0, y0 = int(tx), int(ty)
                fx, fy = tx - x0, ty - y0
                at = textures[p, 0] + 4 * (y0 * tw + x0)
                below = at + 4 * tw
                w00, w10, w01, w11 = (1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy
                gloss = 1.0
                if kind[p] == _SKIN:
                    gloss = (
                        w00 * texels[at + 3] + w10 * texels[at + 7] + w01 * texels[below + 3] + w11 * texels[below + 7]
                    ) / 128.0
                for c in range(3):
                    texel = (
                        w00 * texels[at + c] + w10 * texels[at + 4 + c] + w01 * texels[below + c] + w11 * texels[below + 4 + c]
                    )
                    lit = wa * light[a, c] + wb * light[b, c] + wc * light[c3, c]
                    colour[c] = texel * texel * lit
                if kind[p] == _EYE:
                    nx = wa * light[a, 3] + wb * light[b, 3] + wc * light[c3, 3]
                    ny = wa * light[a, 4] + wb * light[b, 4] + wc * light[c3, 4]
                    nz = wa * light[a, 5] + wb * light[b, 5] + wc * light[c3, 5]
                    length = np.sqrt(nx * nx + ny * ny + nz * nz) + 1e-6
                    seen = wa * eye_shade[a] + wb * eye_shade[b] + wc * eye_shade[c3]
                    for k in range(glints.shape[0]):
                        half = (nx * glints[k, 0] + ny * glints[k, 1] + nz * glints[k, 2]) / length
                        if half > 0.9:
                            spot = half**420.0 * 130000.0 * seen
                            for c in range(3):
                                colour[c] += spot * glint_colours[k, c]
                else:
                    if kind[p] == _HAIR:  # pale strands shine, dark ones between them do not
                        gloss = 0.22 + 2.2 * (w00 * texels[at + 1] + w10 * texels[at + 5] + w01 * texels[below + 1] + w11 * texels[below + 5]) / 255.0
                    for c in range(3):
                        colour[c] += gloss * 65025.0 * (wa * light[a, 3 + c] + wb * light[b, 3 + c] + wc * light[c3, 3 + c])
                red += share * colour[0]
                green += share * colour[1]
                blue += share * colour[2]
            image[y, x, 0] = np.uint8(min(np.sqrt(max(red, 0.0)) + 0.5, 255.0))
            image[y, x, 1] = np.uint8(min(np.sqrt(max(green, 0.0)) + 0.5, 255.0))
            image[y, x, 2] = np.uint8(min(np.sqrt(max(blue, 0.0)) + 0.5, 255.0))
            coverage[y, x] = 1.0 - bare
