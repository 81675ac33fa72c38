"""The one canonical triangulation of the head: where its vertices lie, and rings of them around eyes and mouth."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from facemotion.synth.headform import NECK_END, base_point, bump, head_point
from facemotion.synth.rings import (
    EYE_COLUMNS,
    EYE_RINGS,
    LID_SKIN,
    LIP_COLUMNS,
    LIP_RINGS,
    eye_rings,
    lip_rings,
    on_ball,
)

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


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
    eye_domain, eye_position = eye_rings()
    lip_domain, lip_position = lip_rings()
    n_eye, n_lip = eye_domain[..., 0].size, lip_domain[..., 0].size
    eye = np.arange(n_eye).reshape(EYE_RINGS, EYE_COLUMNS)
    lip = n_eye + np.arange(n_lip).reshape(2, LIP_RINGS, LIP_COLUMNS)
    ring_domain = np.concatenate([eye_domain.reshape(-1, 2), lip_domain.reshape(-1, 2)])
    eye_edge = eye_domain[-2]  # the guard ring outside of it keeps Delaunay to its edges
    mouth_edge = np.concatenate([lip_domain[0, -1], lip_domain[1, -1, ::-1]])
    loose = _fill(np.random.default_rng(7))
    metric = np.array([7.3, 1.0])
    grown = [
        c + (q - c) * 1.04
        for q in (eye_domain[-1], mouth_edge)
        for c in [q.mean(0) if q is not mouth_edge else [0.0, 7.2]]
    ]
    away = np.ones(len(loose), bool)
    for polygon in grown:
        away &= ~_inside(loose, polygon)
    gaps = np.linalg.norm((loose[:, None] - ring_domain[None]) * metric, axis=-1).min(1)
    loose = loose[away & (gaps > 0.2)]
    domain = np.concatenate([ring_domain, loose])
    position = np.concatenate([eye_position.reshape(-1, 3), lip_position.reshape(-1, 3), head_point(*loose.T)])
    position[n_eye + n_lip :] = on_ball(position[n_eye + n_lip :], LID_SKIN)
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
