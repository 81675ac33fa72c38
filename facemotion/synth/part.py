"""One piece of a person's mesh and how pieces join into a single one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]


class Kind(IntEnum):
    """What a piece is made of: decides its shading and its label in masks."""

    SKIN = 0
    EYE = 1
    MOUTH = 2
    HAIR = 3
    CLOTH = 4
    GLASS = 5
    EAR = 6


@dataclass(frozen=True)
class Part:
    """position: head frame at rest, cm; uv in 0..1 of the part's own RGBA texture (opacity matters where `cutout`)."""

    kind: Kind
    position: F32
    triangles: I32
    uv: F32
    texture: U8
    head_share: F32  # 1 follows the head, 0 the body
    jaw_share: F32
    cutout: bool = False
    strand: I32 | None = None  # hair: the next vertex along a strand, for its sheen
    seam: I32 = field(default_factory=lambda: np.zeros((0, 2), np.int32))


@dataclass(frozen=True)
class Mesh:
    """All parts in one set of arrays; starts[k]:starts[k + 1] are the vertices of part k."""

    position: F32
    triangles: I32
    uv: F32
    part: I32  # of each triangle
    vertex_part: I32
    kind: I32  # of each part
    cutout: NDArray[np.bool_]  # of each triangle
    head_share: F32
    jaw_share: F32
    strand: I32
    seam: NDArray[np.int64]
    starts: NDArray[np.int64]


def join(parts: Sequence[Part]) -> Mesh:
    starts = np.concatenate([[0], np.cumsum([len(p.position) for p in parts])]).astype(np.int64)
    strands = [(np.arange(len(p.position)) if p.strand is None else p.strand) + starts[k] for k, p in enumerate(parts)]
    # Drawn first: what lies outermost, so that less is shaded and tested behind it.
    order = sorted(
        range(len(parts)), key=lambda k: (parts[k].kind != Kind.HAIR, parts[k].kind not in (Kind.CLOTH, Kind.GLASS), -k)
    )
    return Mesh(
        position=np.concatenate([p.position for p in parts]).astype(np.float32),
        triangles=np.concatenate([parts[k].triangles + starts[k] for k in order]).astype(np.int32),
        uv=np.concatenate([p.uv for p in parts]).astype(np.float32),
        part=np.concatenate([np.full(len(parts[k].triangles), k) for k in order]).astype(np.int32),
        vertex_part=np.concatenate([np.full(len(p.position), k) for k, p in enumerate(parts)]).astype(np.int32),
        kind=np.array([int(p.kind) for p in parts], np.int32),
        cutout=np.concatenate([_has_holes(parts[k]) for k in order]),
        head_share=np.concatenate([p.head_share for p in parts]).astype(np.float32),
        jaw_share=np.concatenate([p.jaw_share for p in parts]).astype(np.float32),
        strand=np.concatenate(strands).astype(np.int32),
        seam=np.concatenate([p.seam + starts[k] for k, p in enumerate(parts)]).astype(np.int64),
        starts=starts,
    )


def _has_holes(part: Part) -> NDArray[np.bool_]:
    """Which triangles of a cutout part are not opaque all over."""
    if not part.cutout:
        return np.zeros(len(part.triangles), bool)
    low, _ = opacity_range(part.texture, part.uv, part.triangles)
    return low < 250


def opacity_range(texture: U8, uv: F32, triangles: I32) -> tuple[U8, U8]:
    """Least and greatest opacity of a texture around each triangle: over a box that holds it."""
    height, width = texture.shape[:2]
    corners = uv[triangles] * np.array([width, height], np.float32)
    middle = 0.5 * (corners.min(1) + corners.max(1))
    reach = np.ceil((corners.max(1) - corners.min(1)).max(0) + 2).astype(int)
    box = np.ones((reach[1], reach[0]), np.uint8)
    x = np.clip(middle[:, 0].astype(int), 0, width - 1)
    y = np.clip(middle[:, 1].astype(int), 0, height - 1)
    opacity = np.ascontiguousarray(texture[..., 3])
    return cv2.erode(opacity, box)[y, x], cv2.dilate(opacity, box)[y, x]


def grid_triangles(rows: int, columns: int, flip: bool = False) -> I32:
    """Triangles of a rows x columns grid of vertices in reading order."""
    i = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = i[:-1, :-1].ravel(), i[:-1, 1:].ravel(), i[1:, 1:].ravel(), i[1:, :-1].ravel()
    out = np.concatenate([np.stack([a, c, b], -1), np.stack([a, d, c], -1)])
    return (out[:, ::-1] if flip else out).astype(np.int32)


def faced(position: NDArray[np.float64], triangles: I32, centre: NDArray[np.float64]) -> I32:
    """The triangles with corners ordered so that normals point away from the centre."""
    a, b, c = (position[triangles[:, k]] for k in range(3))
    inward = (np.cross(b - a, c - a) * ((a + b + c) / 3 - centre)).sum(-1) < 0
    out = triangles.copy()
    out[inward] = out[inward][:, ::-1]
    return out
