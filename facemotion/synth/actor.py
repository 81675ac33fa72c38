"""A person in a pose before a camera: where every vertex of their mesh is."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.blend import JAW_DEGREES, displacements
from facemotion.synth.controls import INDEX
from facemotion.synth.deform import close_lids, express, meet_lips, place, project, turn_jaw
from facemotion.synth.headform import JAW_HINGE
from facemotion.synth.person import Body, Person
from facemotion.synth.rings import LID_SKIN
from facemotion.synth.topology import topology

F32 = NDArray[np.float32]
Array = NDArray[np.float64]

NECK_PIVOT: Final = np.array([0.0, 4.6, 1.2])  # the head turns about this point of the head frame
BODY_PIVOT: Final = np.array([0.0, 19.0, 2.0])
GAZE_DEGREES: Final = (30.0, 25.0)
_BODY_TURN: Final = (0.22, 0.10, 0.14)  # shares of yaw, pitch, roll that the shoulders follow
_BODY_SHIFT: Final = np.array([0.7, 0.7, 1.0])


@dataclass(frozen=True)
class View:
    """A pinhole camera, looking along +z, principal point at the picture's centre; fov_y in degrees."""

    width: int
    height: int
    fov_y: float = 24.0

    @property
    def focal(self) -> float:
        return 0.5 * self.height / float(np.tan(np.radians(self.fov_y) / 2))


@dataclass(frozen=True, eq=False)
class Actor:
    """anchor: pixel where the middle of the face (brow to chin) lies with no translation; face_px: its height there."""

    person: Person
    expression: F32
    pose: F32
    anchor: tuple[float, float]
    face_px: float


@dataclass(frozen=True, eq=False)
class Posed:
    """All vertices of an actor: at the head's own frame, in the camera frame (cm) and on the screen (pixels)."""

    body: Body
    expression: F32
    local: F32
    points: F32
    screen: F32
    inverse_depth: F32
    head: F32  # 3x4, head frame to camera frame


def rotation(yaw: float, pitch: float, roll: float) -> Array:
    """Degrees to a matrix of the camera frame: pitch first, then yaw, then roll; signs as in controls.POSE."""
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(tilt @ turn @ nod)


def _about(turn: Array, pivot: Array, to: Array) -> F32:
    """3x4 transform: turn about the pivot, then move by `to`."""
    return np.concatenate([turn, (pivot - turn @ pivot + to)[:, None]], 1).astype(np.float32)


def transforms(view: View, actor: Actor) -> tuple[F32, F32]:
    """Head frame to camera frame for the head and for the body, 3x4, cm."""
    body = actor.person.body
    depth = view.focal * body.face_height / actor.face_px
    x = (actor.anchor[0] - 0.5 * (view.width - 1)) * depth / view.focal
    y = (actor.anchor[1] - 0.5 * (view.height - 1)) * depth / view.focal
    origin = np.array([x, y, depth]) - body.centre
    yaw, pitch, roll = (float(v) for v in actor.pose[:3])
    shift = np.asarray(actor.pose[3:], np.float64) * body.face_height
    head = _about(rotation(yaw, pitch, roll), NECK_PIVOT, origin + shift)
    share = _BODY_TURN
    torso = _about(
        rotation(share[0] * yaw, share[1] * pitch, share[2] * roll), BODY_PIVOT, origin + shift * _BODY_SHIFT
    )
    return head, torso


def lid_values(expression: F32) -> tuple[tuple[float, float], tuple[float, float]]:
    """(upper, lower) closure of the left and the right eye: lids also go with gaze, squint and smile."""
    squint = 0.9 * float(expression[INDEX["squint"]]) + 0.25 * float(expression[INDEX["smile"]])
    down = float(expression[INDEX["gaze_y"]])
    rest = 0.30 * max(down, 0.0) - 0.30 * max(-down, 0.0) + 0.24 * squint
    out = []
    for name in ("lid_left", "lid_right"):
        closed = float(np.clip(expression[INDEX[name]], 0.0, 1.0))
        low = min(0.72 * squint, 0.8) - 0.08 * max(down, 0.0)
        out.append((closed + (1 - closed) * rest, closed + (1 - closed) * low))
    return out[0], out[1]


def gaze_matrix(expression: F32) -> Array:
    x = float(expression[INDEX["gaze_x"]]) * GAZE_DEGREES[0]
    y = float(expression[INDEX["gaze_y"]]) * GAZE_DEGREES[1]
    return rotation(x, y, 0.0)


def local_points(body: Body, expression: F32) -> F32:
    """Every vertex in the head frame under an expression, before the head's pose."""
    top = topology()
    mesh = body.mesh
    out = mesh.position.copy()
    skin = slice(0, mesh.starts[1])
    weights = np.asarray(expression, np.float32)
    out[skin] = express(mesh.position[skin], displacements(), weights)
    turn_jaw(out, mesh.jaw_share, float(np.radians(JAW_DEGREES) * weights[INDEX["jaw_open"]]), *JAW_HINGE)
    slide = 0.75 * weights[INDEX["jaw_side"]]
    inner = slice(mesh.starts[3], mesh.starts[7])
    out[inner, 0] += slide * mesh.jaw_share[inner]
    turn = gaze_matrix(weights).astype(np.float32)
    for side, (upper, lower) in enumerate(lid_values(weights)):
        close_lids(out[skin], mesh.position[skin], top.eyes[side], upper, lower, body.eyes[side], LID_SKIN)
        ball = slice(mesh.starts[1 + side], mesh.starts[2 + side])
        out[ball] = (mesh.position[ball] - body.eyes[side, :3]) @ turn.T + body.eyes[side, :3]
    meet_lips(out[skin], top.lips)
    return out


def pose_actor(view: View, actor: Actor) -> Posed:
    body = actor.person.body
    head, torso = transforms(view, actor)
    local = local_points(body, actor.expression)
    points = place(local, body.mesh.head_share, head, torso)
    screen, inverse = project(points, view.focal, view.width, view.height)
    return Posed(body, actor.expression, local, points, screen, inverse, head)
