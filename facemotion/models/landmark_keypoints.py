"""Keypoints of landmarks: groups of points with the affine map of each, then the points one by one.

A Jacobian tells how the usual face is turned and stretched there. So motion between two faces, structure maps and
offers work on landmarks as on keypoints that were learnt."""

from typing import Final

import torch
from torch import Tensor

from facemotion.landmarks.layout import N_POINTS
from facemotion.models import affine, landmark_shape
from facemotion.models.face_parts import BEHIND, ORDER, PARTS
from facemotion.models.keypoints import Keypoints
from facemotion.models.landmark_shape import HeadMap

# What keeps a part's map near the head's, in squared units of the usual face: lids that meet must not be flattened to
# nothing, which could not be undone.
RIDGE: Final = 0.01


def keypoints(points: Tensor) -> tuple[Keypoints, HeadMap]:
    """Of complete points [B, 70, 2]: [B, PARTS + BEHIND + 70], and the map of the usual face to them."""
    usual = landmark_shape.usual(points)
    head = landmark_shape.head(points, usual)
    rest = points - head.of(usual)
    places, jacobians = [], []
    for number, part in enumerate(PARTS):
        own, around = list(part), usual[:, list(part)]
        around = around - around.mean(1, keepdim=True)
        places.append(points[:, own].mean(1))
        if number == 0:
            jacobians.append(head.matrix)
            continue
        moved = rest[:, own] - rest[:, own].mean(1, keepdim=True)
        even = torch.full_like(around[..., 0], 1 / len(own))
        jacobians.append(head.matrix + landmark_shape.stretched(moved, around, even, RIDGE))
    turn = landmark_shape.turn(points)
    for place, turns in BEHIND:
        places.append(turn.of(place))
        still = torch.eye(2, device=points.device, dtype=points.dtype).expand(len(points), -1, -1)
        jacobians.append(turn.matrix[..., :2] if turns else still)
    singly = head.matrix[:, None].expand(-1, N_POINTS, -1, -1)
    found = torch.cat((torch.stack(places, 1), points[:, list(ORDER)]), 1)
    return Keypoints(found, torch.cat((torch.stack(jacobians, 1), singly), 1)), head


def head_motion(reference: Keypoints, driving: Keypoints) -> Tensor:
    """Affine map [B, 2, 3] of normalised points by which the head went, driving to reference."""
    return affine.local_maps(reference.first(1), driving.first(1))[:, 0]


def points_of(found: Keypoints) -> Tensor:
    """The landmarks [B, 70, 2] in their own order."""
    back = [0] * N_POINTS
    for place, point in enumerate(ORDER):
        back[point] = place
    return found.points[:, -N_POINTS:][:, back]
