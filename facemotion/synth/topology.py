"""The one canonical triangulation of the head: where its vertices lie, and rings of them around eyes and mouth."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.spatial import Delaunay

from facemotion.synth.headform import (
    EYE_CENTRE,
    EYE_RADIUS,
    MOUTH_Y,
    NECK_END,
    base_point,
    bump,
    domain_of,
    head_point,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

EYE_COLUMNS: Final = 32  # around an opening; 0 is the inner corner, 16 the outer, the upper lid between
EYE_RINGS: Final = 7  # back of the margin, lash line, lid, crease, orbit, outer orbit, guard
LIP_COLUMNS: Final = 21  # from the middle of a lip to a corner and mirrored: columns of one half, middle included
LIP_RINGS: Final = 5  # inside, contact, body, edge, skin
LID_SKIN: Final = 0.13  # thickness of a lid over the ball, cm

_UPPER_LID: Final = PchipInterpolator(
    [1.97, 2.1, 2.45, 2.9, 3.35, 3.8, 4.25, 4.52, 4.62], [0.2, 0.02, -0.29, -0.50, -0.56, -0.50, -0.31, -0.09, 0.02]
)
_LOWER_LID: Final = PchipInterpolator(
    [1.97, 2.1, 2.45, 2.9, 3.4, 3.85, 4.25, 4.52, 4.62], [0.2, 0.27, 0.36, 0.41, 0.44, 0.41, 0.29, 0.12, 0.02]
)
_CREASE: Final = PchipInterpolator([1.9, 2.2, 2.8, 3.4, 4.0, 4.5, 4.8], [0.1, 0.16, 0.26, 0.30, 0.30, 0.24, 0.14])
# Lip lines by distance from the midline: edge of the upper lip, contact, edge of the lower lip.
_LIP_X: Final = (0.0, 0.35, 0.69, 1.1, 1.6, 2.1, 2.5)
_UPPER_EDGE: Final = PchipInterpolator(_LIP_X, (6.42, 6.3, 6.24, 6.37, 6.59, 6.85, 7.08))
_CONTACT: Final = PchipInterpolator(_LIP_X, (7.14, 7.12, 7.08, 7.07, 7.07, 7.07, 7.08))
_LOWER_EDGE: Final = PchipInterpolator(_LIP_X, (8.18, 8.17, 8.12, 7.99, 7.72, 7.39, 7.08))


@dataclass(frozen=True)
class Topology:
    """position: the mean head in the head frame, cm; domain: (azimuth, level) where textures and triangles live.
    Rings index vertices: eyes [side, ring, column], lips [upper/lower, ring, column from the image's left]."""

    position: Array
    domain: Array
    triangles: NDArray[np.int32]
    seam: Ints  # pairs of vertices that are one point at the back
    mirror: Ints  # the vertex opposite each
    eyes: Ints
    lips: Ints


def lid_line(x: Array, upper: bool) -> Array:
    return np.asarray((_UPPER_LID if upper else _LOWER_LID)(x))


def _on_ball(p: Array, margin: Array | float) -> Array:
    """Push points out of the (left-right symmetric, x >= 0) eyeball to the given margin over it."""
    d = p - np.array(EYE_CENTRE)
    r = np.linalg.norm(d, axis=-1)
    wanted = EYE_RADIUS + np.asarray(margin)
    return np.where((r < wanted)[..., None], EYE_CENTRE + d * (wanted / r)[..., None], p)


def _eye_rings() -> tuple[Array, Array]:
    """(domain, position) of the rings around the eye at x > 0, [ring, column, 2 | 3]."""
    half = EYE_COLUMNS // 2
    x_up = 1.97 + (4.62 - 1.97) * (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, half + 1)))
    upper = np.stack([x_up, lid_line(x_up, True)], -1)[:-1]
    lower = np.stack([x_up[::-1], lid_line(x_up[::-1], False)], -1)[:-1]
    line = np.concatenate([upper, lower])
    is_upper = np.arange(EYE_COLUMNS) < half
    centre = np.array([3.28, -0.08])
    outward = line - centre
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    angle = np.arctan2(line[:, 1] - centre[1], line[:, 0] - centre[0])
    rise = np.where(is_upper, _CREASE(line[:, 0]), 0.26)
    crease = line + outward * 0.12 + np.stack([0 * rise, np.where(is_upper, -rise, rise)], -1)
    blend = (0.12 + 0.88 * np.abs(np.sin(angle)))[:, None]
    crease = line + outward * 0.16 + (crease - line - outward * 0.12) * blend
    turn = np.pi + np.arange(EYE_COLUMNS) * (2 * np.pi / EYE_COLUMNS)
    orbit, outer, guard = (
        centre + np.stack([rx * np.cos(turn), ry * np.sin(turn)], -1) for rx, ry in ((1.82, 1.12), (2.12, 1.42), (2.36, 1.66))
    )
    seen = np.stack([line, line, 0.5 * (line + crease), crease, orbit, outer, guard])
    # In the domain the opening is squeezed to a slit, so that a lid has texture to unroll when it closes.
    mid = 0.5 * (lid_line(line[:, 0], True) + lid_line(line[:, 0], False))
    slit = np.stack([line[:, 0], mid + 0.55 * (line[:, 1] - mid)], -1)
    lash = slit + (outward * [0.06, 0.09])
    drawn = np.stack([slit, lash, 0.45 * lash + 0.55 * crease, crease, orbit, outer, guard])
    domain = np.stack(domain_of(drawn[..., 0], drawn[..., 1]), -1)
    where = np.stack(domain_of(seen[..., 0], seen[..., 1]), -1)
    position = head_point(where[..., 0], where[..., 1])
    position[..., :2] = seen
    margins = np.array([0.01, LID_SKIN, LID_SKIN + 0.02, LID_SKIN, 0.0, 0.0, 0.0])[:, None]
    onto = EYE_CENTRE[2] - np.sqrt(
        np.maximum((EYE_RADIUS + margins) ** 2 - ((seen - np.array(EYE_CENTRE[:2])) ** 2).sum(-1), 0.05)
    )
    position[:3, :, 2] = np.minimum(onto[:3], position[:3, :, 2] + 0.2)  # corners are no pits
    position[3, :, 2] = np.minimum(position[3, :, 2], onto[3])
    return domain, position


def _lip_rings() -> tuple[Array, Array]:
    """(domain, position) of the rings of both lips for x >= 0, [lip, ring, column, 2 | 3]; the last column is the corner."""
    x = 2.5 * (1.0 - (1.0 - np.linspace(0, 1, LIP_COLUMNS)) ** 1.35)
    taper = np.sqrt(1.0 - (x / 2.5) ** 2)
    domain, position = [], []
    for upper in (True, False):
        sign = -1.0 if upper else 1.0
        edge = (_UPPER_EDGE if upper else _LOWER_EDGE)(x)
        contact = _CONTACT(x)
        body = contact + 0.5 * (edge - contact)
        skin_x = np.minimum(x * 1.04 + 0.10 * (1 - taper), 2.78)
        skin = edge + sign * (0.30 * taper + 0.10)
        skin[-1] = edge[-1] + sign * 0.12
        seen = np.stack([contact + sign * 0.16, contact, body, edge, skin])
        xs = np.stack([x * 0.96, x, x, x, skin_x])
        reach = edge - contact
        drawn = np.stack([*(contact + part * reach for part in (0.14, 0.30, 0.62, 1.0)), skin])
        drawn[:, -1] = 7.08 + sign * np.array([0.004, 0.014, 0.03, 0.06, 0.14])
        dx = np.stack([x, x + 0.0, x, x, skin_x])
        dx[:, -1] = 2.5 + np.array([0.0, 0.03, 0.06, 0.10, 0.26])
        place = np.stack(domain_of(xs, seen), -1)
        p = head_point(place[..., 0], place[..., 1])
        p[..., 0], p[..., 1] = xs, seen
        full = 0.30 if upper else 0.40
        bulge = np.stack([-0.55 - 0 * taper, -0.10 - 0 * taper, full * taper**1.6, 0.10 * taper, 0 * taper])
        bulge[1] = 0.08 * taper - 0.08
        bulge[0] = bulge[1] - 0.12 - 0.4 * taper
        p[..., 2] -= bulge
        domain.append(np.stack(domain_of(dx, drawn), -1))
        position.append(p)
    return np.stack(domain), np.stack(position)


def _spacing(x: Array, y: Array) -> Array:
    """Wanted distance of vertices in the domain (cm), by place on the face."""
    fine = np.maximum(bump(x, y, 0.9, 3.6, 1.9, 1.9), bump(x, y, 0.0, 6.6, 3.2, 2.2))
    fine = np.maximum(fine, bump(x, y, 3.1, -0.8, 2.6, 2.3))
    fine = np.maximum(fine, 0.65 * bump(x, y, 0.0, 10.2, 3.0, 2.0))
    return np.asarray(0.80 - 0.57 * np.clip(1.25 * fine, 0.0, 1.0))


def _fill(rng: np.random.Generator) -> Array:
    """Scattered (azimuth, level) of the half head x >= 0 with the wanted spacing, borders included."""
    raw = np.stack([rng.uniform(0, np.pi, 60000), rng.uniform(-11.3, NECK_END, 60000)], -1)
    p = base_point(raw[:, 0], raw[:, 1])
    far = np.abs(raw[:, 0]) > 1.35
    gap = np.where(far, 1.0, _spacing(p[:, 0], raw[:, 1]))
    gap = np.where(raw[:, 1] > 12.5, 1.2, gap)
    metric = raw * [7.3, 1.0]
    kept = np.zeros((0, 2))
    order = np.argsort(gap, kind="stable")
    border = [(0.0, v) for v in _midline()] + [(np.pi, v) for v in np.linspace(-11.3, NECK_END, 24)]
    border += [(u, e) for e in (-11.45, NECK_END) for u in np.linspace(0, np.pi, 17)[1:-1]]
    rows = np.array(border)
    kept = rows * [7.3, 1.0]
    cells: dict[tuple[int, int], list[Array]] = {}
    size = 1.2

    def near(q: Array) -> list[Array]:
        i, j = int(q[0] // size), int(q[1] // size)
        return [c for a in (i - 1, i, i + 1) for b in (j - 1, j, j + 1) for c in cells.get((a, b), [])]

    for q in kept:
        cells.setdefault((int(q[0] // size), int(q[1] // size)), []).append(q)
    out = list(rows)
    for k in order:
        q = metric[k]
        if all((q[0] - c[0]) ** 2 + (q[1] - c[1]) ** 2 > gap[k] ** 2 for c in near(q)):
            cells.setdefault((int(q[0] // size), int(q[1] // size)), []).append(q)
            out.append(raw[k])
    return np.array(out)


def _midline() -> Array:
    face = np.concatenate([np.arange(-2.5, 6.0, 0.25), np.arange(8.6, 12.0, 0.3)])
    rest = np.concatenate([np.arange(-11.3, -2.5, 0.7), np.arange(12.3, 20.1, 0.7)])
    return np.asarray(np.concatenate([rest, face]))


def _strip(a: Ints, b: Ints, closed: bool) -> list[tuple[int, int, int]]:
    """Triangles between two rings of equal length."""
    n = len(a)
    out = []
    for i in range(n if closed else n - 1):
        j = (i + 1) % n
        out += [(a[i], b[i], b[j]), (a[i], b[j], a[j])]
    return out


def _inside(points: Array, polygon: Array) -> NDArray[np.bool_]:
    x, y = points[:, 0], points[:, 1]
    inside = np.zeros(len(points), bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, 0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        inside ^= crosses & (x < (x1 - x0) * (y - y0) / np.where(y1 == y0, 1e-12, y1 - y0) + x0)
    return inside


@lru_cache(maxsize=1)
def topology() -> Topology:
    """Build the head once: a half, mirrored."""
    eye_domain, eye_position = _eye_rings()
    lip_domain, lip_position = _lip_rings()
    n_eye, n_lip = eye_domain[..., 0].size, lip_domain[..., 0].size
    eye = np.arange(n_eye).reshape(EYE_RINGS, EYE_COLUMNS)
    lip = n_eye + np.arange(n_lip).reshape(2, LIP_RINGS, LIP_COLUMNS)
    ring_domain = np.concatenate([eye_domain.reshape(-1, 2), lip_domain.reshape(-1, 2)])
    eye_edge = eye_domain[-2]  # the guard ring outside of it keeps Delaunay to its edges
    mouth_edge = np.concatenate([lip_domain[0, -1], lip_domain[1, -1, ::-1]])
    loose = _fill(np.random.default_rng(7))
    metric = np.array([7.3, 1.0])
    grown = [c + (q - c) * 1.04 for q in (eye_domain[-1], mouth_edge) for c in [q.mean(0) if q is not mouth_edge else [0.0, 7.2]]]
    away = np.ones(len(loose), bool)
    for polygon in grown:
        away &= ~_inside(loose, polygon)
    gaps = np.linalg.norm((loose[:, None] - ring_domain[None]) * metric, axis=-1).min(1)
    loose = loose[away & (gaps > 0.2)]
    domain = np.concatenate([ring_domain, loose])
    position = np.concatenate([eye_position.reshape(-1, 3), lip_position.reshape(-1, 3), head_point(*loose.T)])
    position[n_eye + n_lip :] = _on_ball(position[n_eye + n_lip :], LID_SKIN)
    mesh = Delaunay(domain * metric).simplices
    centre = domain[mesh].mean(1)
    hole = _inside(centre, eye_edge) | _inside(centre, mouth_edge)
    triangles = [tuple(t) for t in mesh[~hole]]
    for r in range(EYE_RINGS - 2):
        triangles += _strip(eye[r], eye[r + 1], closed=True)
    for side in range(2):
        for r in range(LIP_RINGS - 1):
            triangles += _strip(lip[side, r], lip[side, r + 1], closed=False)
    for r in range(LIP_RINGS - 1):
        triangles += _strip(lip[:, r, -1], lip[:, r + 1, -1], closed=False)
    return _mirrored(position, domain, np.array(triangles), eye, lip)


def _mirrored(position: Array, domain: Array, triangles: Ints, eye: Ints, lip: Ints) -> Topology:
    n = len(position)
    on_midline = domain[:, 0] < 1e-9
    position[on_midline, 0] = 0.0
    twin = np.where(on_midline, np.arange(n), 0)
    twin[~on_midline] = n + np.arange((~on_midline).sum())
    flip = np.array([-1.0, 1.0, 1.0])
    position = np.concatenate([position, position[~on_midline] * flip])
    all_domain = np.concatenate([domain, domain[~on_midline] * [-1, 1]])
    triangles = np.concatenate([triangles, twin[triangles]])
    mirror = np.concatenate([twin, np.flatnonzero(~on_midline)])
    back = np.flatnonzero(domain[:, 0] > np.pi - 1e-9)
    eyes = np.stack([twin[eye], eye])
    left = twin[lip][:, :, :0:-1]
    return Topology(
        position=position,
        domain=all_domain,
        triangles=_outward(all_domain, triangles).astype(np.int32),
        seam=np.stack([back, twin[back]], -1),
        mirror=mirror,
        eyes=eyes,
        lips=np.concatenate([left, lip], axis=2),
    )


def _outward(domain: Array, triangles: Ints) -> Ints:
    """Order corners so that the normal (b - a) x (c - a) leaves the head; drop triangles without area."""
    a, b, c = (domain[triangles[:, i]] for i in range(3))
    area = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    out = np.where((area > 0)[:, None], triangles[:, ::-1], triangles)
    return np.asarray(out[np.abs(area) > 1e-9])
