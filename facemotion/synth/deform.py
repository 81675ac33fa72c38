"""Moving the mesh, in compiled loops: blendshapes, jaw, lids over the ball, head and body in the camera's frame."""

import numba as nb
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]


@nb.njit(cache=True)
def express(neutral: F32, displacements: F32, weights: F32) -> F32:
    """neutral [V, 3] + sum of weighted displacements [C, V, 3]; head frame, cm."""
    out = neutral.copy()
    for k in range(displacements.shape[0]):
        w = weights[k]
        if w == 0.0:
            continue
        for v in range(out.shape[0]):
            for axis in range(3):
                out[v, axis] += w * displacements[k, v, axis]
    return out


@nb.njit(cache=True)
def turn_jaw(points: F32, share: F32, angle: float, hinge_y: float, hinge_z: float) -> None:
    """Turn points about the jaw's axis by angle (radians, opens when > 0) times their share, in place."""
    for v in range(points.shape[0]):
        if share[v] == 0.0:
            continue
        c, s = np.cos(angle * share[v]), np.sin(angle * share[v])
        y, z = points[v, 1] - hinge_y, points[v, 2] - hinge_z
        points[v, 1] = np.float32(hinge_y + c * y - s * z)
        points[v, 2] = np.float32(hinge_z + s * y + c * z)


@nb.njit(cache=True)
def _front_of_ball(dx: float, dy: float, radius: float) -> float:
    return float(np.sqrt(max(radius * radius - dx * dx - dy * dy, 0.04)))


@nb.njit(cache=True)
def close_lids(points: F32, rest: F32, rings: I64, upper: float, lower: float, ball: F32, skin: float) -> None:
    """Slide the lids of one eye over its ball (x, y, z, radius): 0 is as at rest (the neutral head), 1 is met.

    Rings as in topology.Topology.eyes, for one side. Lids keep their distance from the ball and never enter it."""
    columns = rings.shape[1]
    half = columns // 2
    follow = (1.0, 1.0, 0.6, 0.18, 0.03)
    for k in range(1, half):
        above, below = rings[1, k], rings[1, columns - k]
        y_above, y_below = points[above, 1], points[below, 1]
        meet = y_above + 0.86 * (y_below - y_above)
        for r in range(5):
            for i in range(2):
                v = rings[r, k] if i == 0 else rings[r, columns - k]
                change = (meet - y_above) * upper if i == 0 else (meet - y_below) * lower
                before = _front_of_ball(rest[v, 0] - ball[0], rest[v, 1] - ball[1], ball[3] + skin)
                points[v, 1] += np.float32(change * follow[r])
                after = _front_of_ball(points[v, 0] - ball[0], points[v, 1] - ball[1], ball[3] + skin)
                if r < 4:
                    points[v, 2] += np.float32((before - after) * min(1.0, follow[r] * 1.6))
    for k in range(columns):
        for r in range(4):
            v = rings[r, k]
            dx, dy = points[v, 0] - ball[0], points[v, 1] - ball[1]
            if r == 0:  # the back of the margin rests on the ball
                points[v, 2] = np.float32(ball[2] - _front_of_ball(dx, dy, ball[3] + 0.01))
            elif dx * dx + dy * dy < ball[3] * ball[3]:
                points[v, 2] = min(points[v, 2], np.float32(ball[2] - _front_of_ball(dx, dy, ball[3] + 0.8 * skin)))


@nb.njit(cache=True)
def meet_lips(points: F32, lips: I64) -> None:
    """Where the lower lip has risen through the upper one, both stop halfway; lips as in topology.Topology.lips."""
    for k in range(lips.shape[2]):
        above, below = lips[0, 1, k], lips[1, 1, k]
        overlap = points[above, 1] - points[below, 1]
        if overlap > 0.0:
            for r in range(4):
                points[lips[0, r, k], 1] -= np.float32(0.5 * overlap)
                points[lips[1, r, k], 1] += np.float32(0.5 * overlap)


@nb.njit(cache=True)
def place(points: F32, head_share: F32, head: F32, body: F32) -> F32:
    """Points of the head frame to the camera frame: a blend of two 3x4 transforms."""
    out = np.empty_like(points)
    for v in range(points.shape[0]):
        h = head_share[v]
        x, y, z = points[v, 0], points[v, 1], points[v, 2]
        for i in range(3):
            a = head[i, 0] * x + head[i, 1] * y + head[i, 2] * z + head[i, 3]
            b = body[i, 0] * x + body[i, 1] * y + body[i, 2] * z + body[i, 3]
            out[v, i] = h * a + (1.0 - h) * b
    return out


@nb.njit(cache=True)
def vertex_normals(points: F32, triangles: I32, seam: I64) -> F32:
    """Unit normals pointing out of the surface, averaged over the triangles of a vertex and over seams."""
    out = np.zeros_like(points)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = points[b, 0] - points[a, 0], points[b, 1] - points[a, 1], points[b, 2] - points[a, 2]
        vx, vy, vz = points[c, 0] - points[a, 0], points[c, 1] - points[a, 1], points[c, 2] - points[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for k in (a, b, c):
            out[k, 0] += nx
            out[k, 1] += ny
            out[k, 2] += nz
    for s in range(seam.shape[0]):
        a, b = seam[s, 0], seam[s, 1]
        for i in range(3):
            total = out[a, i] + out[b, i]
            out[a, i] = total
            out[b, i] = total
    for v in range(out.shape[0]):
        norm = np.sqrt(out[v, 0] ** 2 + out[v, 1] ** 2 + out[v, 2] ** 2)
        if norm > 0.0:
            for i in range(3):
                out[v, i] /= norm
    return out


@nb.njit(cache=True)
def project(points: F32, focal: float, width: int, height: int) -> tuple[F32, F32]:
    """Camera frame to pixels [V, 2] and inverse depth [V] (0 behind the camera)."""
    screen = np.empty((points.shape[0], 2), np.float32)
    inverse = np.empty(points.shape[0], np.float32)
    for v in range(points.shape[0]):
        z = points[v, 2]
        near = max(z, 1e-3)
        screen[v, 0] = focal * points[v, 0] / near + 0.5 * (width - 1)
        screen[v, 1] = focal * points[v, 1] / near + 0.5 * (height - 1)
        inverse[v] = 1.0 / z if z > 1.0 else 0.0
    return screen, inverse
