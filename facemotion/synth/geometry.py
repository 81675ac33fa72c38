"""The truth about actors, from geometry alone: landmarks, openings, masks, and dense backward flow.

Pixel coordinates have (0, 0) at the centre of the top-left pixel."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from facemotion.landmarks.layout import (
    LID_PAIRS_LEFT,
    LID_PAIRS_RIGHT,
    LIP_PAIRS,
    MOUTH_CORNERS,
    N_IBUG,
    N_POINTS,
    OUTER_EYES,
)
from facemotion.synth.actor import Actor, Posed, View, local_points, pose_actor
from facemotion.synth.anchors import anchors
from facemotion.synth.flow import flow_of_surfaces, hidden_points
from facemotion.synth.part import Kind
from facemotion.synth.scene import draw, merge
from facemotion.synth.topology import topology

__all__ = [
    "Label",
    "Openings",
    "face_box",
    "face_mask",
    "flow",
    "foreground_mask",
    "head_box",
    "masks",
    "openings",
    "points",
]

F32 = NDArray[np.float32]
Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

ACTOR_STRIDE = 16  # masks hold label + ACTOR_STRIDE * actor


class Label(IntEnum):
    BACKGROUND = 0
    FACE = 1  # skin of the face, jaw included
    EYES = 2
    MOUTH = 3  # its inside
    HAIR = 4
    EARS = 5
    SKIN = 6  # neck and scalp
    BODY = 7
    GLASSES = 8


@dataclass(frozen=True)
class Openings:
    """Mean distances of facing lid or lip points, and of the mouth's corners, over that of the outer eye corners."""

    lid_left: float
    lid_right: float
    lips: float
    mouth_width: float


def _fixed_points(skin: F32) -> F32:
    a = anchors()
    return np.asarray(np.einsum("nk,nkd->nd", a.weights, skin[a.corners]), np.float32)


def _jaw_points(posed: Posed, view: View) -> tuple[F32, F32]:
    """Contour of the jaw as seen: (pixels [17, 2], camera frame [17, 3])."""
    a = anchors()
    curve = np.einsum("knc,kncd->knd", a.jaw_weights, posed.points[a.jaw_corners])
    seen = curve[..., :2] / curve[..., 2:] * view.focal
    roll = np.arctan2(posed.head[1, 0], posed.head[0, 0])
    c, s = np.cos(roll), np.sin(roll)
    outward = a.jaw_outward @ np.array([[c, s], [-s, c]])
    reach = np.einsum("knd,kd->kn", seen, outward)
    best = reach.argmax(1)
    at = np.clip(best, 1, reach.shape[1] - 2)
    k = np.arange(17)
    before, here, after = reach[k, at - 1], reach[k, at], reach[k, at + 1]
    bend = before - 2 * here + after
    shift = np.where((best == at) & (bend < -1e-9), 0.5 * (before - after) / np.where(bend < -1e-9, bend, 1.0), 0.0)
    place = np.where(best == at, at + np.clip(shift, -0.5, 0.5), best)
    low = np.clip(np.floor(place).astype(int), 0, reach.shape[1] - 2)
    t = (place - low)[:, None]
    world = curve[k, low] * (1 - t) + curve[k, low + 1] * t
    pixels = world[:, :2] / world[:, 2:] * view.focal + [0.5 * (view.width - 1), 0.5 * (view.height - 1)]
    return pixels.astype(np.float32), world.astype(np.float32)


def points(view: View, actor: Actor) -> tuple[F32, Bools]:
    """68 points and two pupils in pixels [70, 2], and which of them the head itself does not hide [70]."""
    posed = pose_actor(view, actor)
    return points_of(view, posed)


def points_of(view: View, posed: Posed) -> tuple[F32, Bools]:
    mesh = posed.body.mesh
    world = np.empty((N_POINTS, 3), np.float32)
    jaw_pixels, world[:17] = _jaw_points(posed, view)
    world[17:N_IBUG] = _fixed_points(posed.points[: mesh.starts[1]])
    world[N_IBUG:] = posed.points[mesh.starts[1:3]]
    pixels = world[:, :2] / world[:, 2:] * np.float32(view.focal)
    pixels += np.array([0.5 * (view.width - 1), 0.5 * (view.height - 1)], np.float32)
    pixels[:17] = jaw_pixels
    slack = np.full(N_POINTS, 0.45, np.float32)
    slack[:17] = 1.5
    slack[N_IBUG:] = 0.02
    hidden = hidden_points(pixels, world[:, 2], slack, posed.screen, posed.inverse_depth, topology().triangles)
    return pixels, ~hidden


def openings(actor: Actor) -> Openings:
    """From the head frame, so that neither pose nor camera changes them."""
    local = local_points(actor.person.body, actor.expression)
    fixed = np.full((N_IBUG, 3), np.nan, np.float32)
    fixed[17:] = _fixed_points(local)

    def gap(pairs: Sequence[tuple[int, int]]) -> float:
        return float(np.mean([np.linalg.norm(fixed[a] - fixed[b]) for a, b in pairs]))

    unit = gap([OUTER_EYES])
    return Openings(
        gap(LID_PAIRS_LEFT) / unit, gap(LID_PAIRS_RIGHT) / unit, gap(LIP_PAIRS) / unit, gap([MOUTH_CORNERS]) / unit
    )


def _label_of_triangles(actor: Actor) -> NDArray[np.uint8]:
    mesh = actor.person.body.mesh
    of_kind = {
        Kind.SKIN: Label.SKIN,
        Kind.EYE: Label.EYES,
        Kind.MOUTH: Label.MOUTH,
        Kind.HAIR: Label.HAIR,
        Kind.CLOTH: Label.BODY,
        Kind.GLASS: Label.GLASSES,
        Kind.EAR: Label.EARS,
    }
    out = np.array([of_kind[Kind(k)] for k in mesh.kind], np.uint8)[mesh.part]
    top = topology()
    middle = top.domain[top.triangles].mean(1)
    face = (
        (np.abs(middle[:, 0]) < 1.5)
        & (middle[:, 1] < 11.8)
        & (middle[:, 1] > -6.3 + 2.4 * np.abs(middle[:, 0]) ** 2 / 1.5)
    )
    out[np.flatnonzero(mesh.part == 0)[face]] = Label.FACE
    return out


def masks(view: View, actors: Sequence[Actor]) -> NDArray[np.uint8]:
    """Label of each pixel's centre, plus ACTOR_STRIDE times the actor's index; 0 is background."""
    if not actors:
        return np.zeros((view.height, view.width), np.uint8)
    _, shown = draw(merge(actors, [pose_actor(view, a) for a in actors]), view, 1)
    labels = np.concatenate([_label_of_triangles(a) + np.uint8(ACTOR_STRIDE * k) for k, a in enumerate(actors)])
    return np.where(shown >= 0, labels[np.maximum(shown, 0)], 0).astype(np.uint8)


def face_mask(labels: NDArray[np.uint8], actor: int = 0) -> Bools:
    """Skin of the face, eyes and mouth of one actor."""
    return np.isin(labels, [int(k) + ACTOR_STRIDE * actor for k in (Label.FACE, Label.EYES, Label.MOUTH)])


def foreground_mask(labels: NDArray[np.uint8]) -> Bools:
    return labels > 0


def flow(
    view: View,
    actors_to: Sequence[Actor],
    actors_from: Sequence[Actor],
    background_shift: Array | Sequence[float] = (0.0, 0.0),
) -> tuple[F32, Bools]:
    """Backward flow: for each pixel of the frame `to`, the offset [H, W, 2] to where its surface point lies in `from`,
    and whether it is seen there [H, W].

    background_shift: the background's offset from `to` to `from`, or a 2x3 affine from pixels of `to` to `from`."""
    if [a.person.seed for a in actors_to] != [a.person.seed for a in actors_from]:
        raise ValueError("flow: both frames must hold the same actors in the same order")
    shift = np.asarray(background_shift, np.float64)
    affine = np.array([[1, 0, shift[0]], [0, 1, shift[1]]]) if shift.shape == (2,) else shift
    if affine.shape != (2, 3):
        raise ValueError(f"flow: background_shift must be 2 offsets or a 2x3 affine, not of shape {shift.shape}")
    if not actors_to:
        empty = np.zeros((0, 3), np.float32)
        none = np.full((view.height, view.width), -1, np.int32)
        depth = np.zeros(none.shape, np.float32)
        triangles = np.zeros((0, 3), np.int32)
        out = flow_of_surfaces(none, empty[:, :2], empty[:, 0], triangles, empty, depth, none, affine, view.focal)
        return out[0], out[1]
    to = merge(actors_to, [pose_actor(view, a) for a in actors_to])
    back = merge(actors_from, [pose_actor(view, a) for a in actors_from])
    _, shown = draw(to, view, 1)
    depth, behind = draw(back, view, 1)
    out = flow_of_surfaces(
        shown, to.screen, to.inverse_depth, to.triangles, back.points, depth, behind, affine, view.focal
    )
    return out[0], out[1]


def face_box(face_points: F32) -> tuple[float, float, float, float]:
    """Tight box (left, top, right, bottom) of the 68 points in pixel edges."""
    low, high = face_points[:N_IBUG].min(0), face_points[:N_IBUG].max(0)
    return float(low[0] + 0.5), float(low[1] + 0.5), float(high[0] + 0.5), float(high[1] + 0.5)


def head_box(view: View, actor: Actor) -> tuple[float, float, float, float]:
    """Box of the bare head with ears, above the neck, in pixel edges, not clipped to the picture."""
    posed = pose_actor(view, actor)
    mesh = posed.body.mesh
    ears = np.flatnonzero(mesh.kind[mesh.vertex_part] == Kind.EAR)
    level = topology().domain[:, 1]
    seen = posed.screen[np.concatenate([np.flatnonzero(level < 11.8), ears])]
    low, high = seen.min(0) + 0.5, seen.max(0) + 0.5
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
