"""Landmarks of a driver carried over to the face of a reference, as the cross-identity protocol asks for them."""

import torch
from torch import Tensor

from facemotion.landmarks.retarget import retargeted
from facemotion.models.face import Face


def carried(reference: Face, start: Face, driving: Face) -> Tensor:
    """Where the landmarks of the one reference go [B, 70, 2], normalised, from the driver's start on.

    As far as the driver's go, whatever the faces' sizes: answers are framed as the driver is."""
    points = (one.points.double().cpu().numpy() for one in (reference, start, driving))
    own, zero, moved = points
    found = retargeted(own[0], zero[0], moved, scale="off")
    return torch.from_numpy(found).to(driving.points)
