"""Coarse motion told by landmarks alone, in the spirit of Sparse to Dense: what the head and each part of the face did
follows in closed form, a network chooses between them pixel by pixel, and adds what they leave out."""

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import BROWS, GROUPS, N_POINTS
from facemotion.models import affine, beliefs, grid, landmark_keypoints, landmark_shape, thin_plate
from facemotion.models.bells import Bells, bells_about
from facemotion.models.config import ModelConfig
from facemotion.models.dense_motion import TRUST, FlowField, seen_through
from facemotion.models.face_parts import BEHIND, MOVING, ORDER, PARTS
from facemotion.models.keypoints import KeypointDetector, Keypoints
from facemotion.models.landmark_keypoints import points_of
from facemotion.models.layers import LeanUNet, zeroed
from facemotion.models.many import each, keypoints_of_each
from facemotion.models.motion_source import MotionSource
from facemotion.models.thin_plate import ThinPlate
from facemotion.models.updates import QUARTER_PIXEL

# Weight of the head's own motion among the points of a part, whose bells have height 1.
FLOOR: Final = 0.02
# Radius about its stiff points, in distances of the outer corners of the eyes, in which the head is at first believed
# to move all.
HEAD_REACH: Final = 0.8
LEAST: Final = 1e-3
# How much less, as a logit, what lies behind the face is believed.
DOUBTED: Final = 1.5
# What is around a face, from whose points its oval is told; how much of that, so as not to reach past a cheek, in radii
# squared; how sharp its edge is, and how little, as a logit, what lies far behind a face is believed in within.
OUTLINE: Final = GROUPS["jaw"] + BROWS
WITHIN: Final = 0.75
SHARP: Final = 8.0
HIDDEN: Final = 10.0
# A thin plate through all points goes with the head this far around it, in the frame of the usual face from the middle
# of its stiff points. How readily points that disagree give way; how much, as logits, the plate is believed within
# a face and without.
AROUND: Final = tuple((1.7 * math.cos(angle * math.pi / 4), 1.7 * math.sin(angle * math.pi / 4)) for angle in range(8))
BEND_RIDGE: Final = 1e-3
BENT: Final = 3.0
BENDS_NOT: Final = 7.0
# How much, as logits, the network may change of what is presumed.
SAY: Final = 4.0
TOLD: Final = len(PARTS) + len(BEHIND)


class LandmarkMotion(nn.Module):
    """The background moves as the camera did, where that is known beside the landmarks, and rests where not. With
    `mixed`, keypoints that are learnt are candidates, too."""

    belongs: Tensor  # [MOVING, 70]: which points, in ORDER, are a part's
    reaches: Tensor  # [70]
    background = None

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.size, self.flow_size, self.count = config.coarse.size, config.landmarks.size, config.coarse_count
        self.reach = HEAD_REACH / 2
        self.keypoints = KeypointDetector(config) if config.motion == "mixed" else None
        self.learnt = 0 if self.keypoints is None else config.keypoints.count
        self.looked = slice(TOLD, TOLD + self.learnt)
        self.near = config.coarse.reach or HEAD_REACH / 2
        candidates = 3 + len(MOVING) + len(BEHIND) + self.learnt
        self.backbone = LeanUNet(3 * candidates + 2 * len(MOVING), config.coarse.widths)
        width = self.backbone.out_channels
        self.choice = nn.Conv2d(width, candidates, 3, padding=1)
        self.choice.weight.data.mul_(0.1)
        self.residual = zeroed(nn.Conv2d(width, 2, 3, padding=1))
        self.occlusion = zeroed(nn.Conv2d(width, 1, 3, padding=1))
        rows = [[float(point in points) for point in ORDER] for points, _ in MOVING]
        reaches = [next(reach for points, reach in MOVING if point in points) for point in ORDER]
        self.register_buffer("belongs", torch.tensor(rows), persistent=False)
        self.register_buffer("reaches", torch.tensor(reaches), persistent=False)

    def find(self, image: Tensor | None, points: Tensor | None, known: MotionSource | None = None) -> Keypoints:
        """Of landmarks [B, 70, 2]; those that were not found lie as in the reference that is `known`."""
        if points is None:
            raise FacemotionError("motion 'landmarks' is told by landmarks: give those of the frames")
        shape = landmark_shape.usual(points) if known is None else points_of(known.keypoints)
        found, _ = landmark_keypoints.keypoints(landmark_shape.complete(points, shape))
        if self.keypoints is None:
            return found
        if image is None:
            raise FacemotionError("motion 'mixed' also looks at pictures: give the frames with their landmarks")
        return found.inserted(TOLD, self.keypoints(image))

    def encode(self, image: Tensor, points: Tensor | None) -> MotionSource:
        keypoints = self.find(image, points)
        small = grid.resize_image(image, self.size)
        return MotionSource(small, keypoints, self._bells(keypoints, self.size).mixed(self.belongs), None)

    def belief(self, keypoints: Keypoints) -> Tensor:
        """How much each pixel [B, 1, h, h] is thought to be background."""
        return beliefs.background(keypoints.points[:, : len(PARTS)].detach(), self.size, self.reach)

    def background_between(self, source: MotionSource, driving: Tensor | None, camera: Tensor | None) -> Tensor | None:
        """Affine [B, 2, 3] of normalised points, driving to reference, where it is known how the camera moved: no
        picture is asked."""
        if source.camera is None or camera is None:
            return None
        return affine.chained(affine.undone(source.camera), camera)

    def forward(self, source: MotionSource, driving: Keypoints, background: Tensor | None) -> FlowField:
        size, fine = self.size, self.flow_size
        # What hangs on the driving frame alone is worked out once for all of its references.
        count = len(source.image) // len(driving.points)
        near = self._bells(driving, size).mixed(self.belongs)
        flows = self.candidates(source.keypoints, driving, background, fine)
        small = grid.resize_image(flows.detach().flatten(1, 2), size).reshape(len(flows), -1, 2, size, size)
        inputs = torch.cat((seen_through(source.image, small) - 0.5, each(near, count), source.bells), 1)
        features = self.backbone(inputs)
        # What points tell beyond doubt, no look at colours may overrule.
        said = SAY * torch.tanh(self.choice(features).float() / SAY)
        choice = said + each(self._belief(near, driving, size), count)
        weights = F.softmax(grid.resize_image(choice, fine), 1)
        residual = self.residual(features).float() * (QUARTER_PIXEL / size)
        flow = (weights[:, :, None] * flows).sum(1) + grid.resize_image(residual, fine)
        foreground = torch.logsumexp(choice[:, 1:], 1, keepdim=True) - choice[:, :1]
        occlusion = grid.resize_image(self.occlusion(features).float() + TRUST, fine)
        return FlowField(flow, occlusion, foreground)

    def candidates(self, reference: Keypoints, driving: Keypoints, background: Tensor | None, size: int) -> Tensor:
        """Flows [B, candidates, 2, n, n], the background's and the head's first, of B references."""
        count = len(reference.points) // len(driving.points)
        given, bells = keypoints_of_each(driving, count), self._bells(driving, size)
        head = affine.affine_flow(landmark_keypoints.head_motion(reference, given), size)
        if background is None:
            behind = grid.identity(size, head).expand(len(head), -1, -1, -1)
        else:
            behind = affine.affine_flow(background, size)
        # By how much each point moved otherwise than the head.
        maps = affine.local_maps(reference, given)[:, :1]
        points = given.points[:, -N_POINTS:]
        apart = reference.points[:, -N_POINTS:] - affine.transform(maps[..., :2], points) - maps[..., 2]
        moved = bells.of_each(count).mixed((self.belongs[:, None] * apart.mT[:, None]).flatten(1, 2))
        near = each(bells.mixed(self.belongs)[:, :, None], count)
        moved = moved.reshape(len(moved), -1, 2, size, size) / (near + FLOOR)
        others = slice(len(PARTS), TOLD + self.learnt)
        carried = affine.flows(affine.local_maps(reference.part(others), given.part(others)), size)
        bent = thin_plate.flow(_plate(reference, given), size, count)
        flows = [torch.stack((behind, head), 1), head[:, None] + moved, carried, bent[:, None]]
        return torch.cat(flows, 1)

    def _bells(self, keypoints: Keypoints, size: int) -> Bells:
        return bells_about(keypoints.points[:, -N_POINTS:], self.reaches * _scale(keypoints), size)

    def _belief(self, near: Tensor, driving: Keypoints, size: int) -> Tensor:
        """What is presumed of the candidates: logits [B, candidates, n, n]."""
        middle = driving.points[:, :1]
        head = affine.distances(middle, size) / (-2 * (HEAD_REACH * _scale(driving)).square()[..., None, None])
        # Where the driving face is nothing behind it can be seen, whatever the reference would show there.
        face = _face(driving, size)
        away = -(beliefs.BACKGROUND_FROM**2) / 2 - HIDDEN * face
        behind = affine.distances(driving.points[:, len(PARTS) : TOLD], size)
        behind = behind / (-2 * (HEAD_REACH * _scale(driving)).square()[..., None, None]) - DOUBTED
        behind = behind - HIDDEN * face * behind.new_tensor([min(-place[2], 1.0) for place, _ in BEHIND])[:, None, None]
        believed = [away, head, torch.log(near.clamp(max=1.0) + LEAST), behind]
        if self.learnt:
            believed.append(beliefs.near(driving.points[:, self.looked], size, self.near))
        believed.append(BENT * face - BENDS_NOT * (1 - face))
        return torch.cat(believed, 1)


def _plate(reference: Keypoints, driving: Keypoints) -> ThinPlate:
    """Through all points, driving to reference; around them it goes as the head did."""
    around = driving.points.new_tensor(AROUND)
    ends = []
    for own in (driving, reference):
        ring = own.points[:, :1] + affine.transform(own.jacobians[:, :1], around)
        ends.append(torch.cat((own.points[:, -N_POINTS:], ring), 1))
    return thin_plate.fit(ends[0], ends[1], BEND_RIDGE)


def _face(keypoints: Keypoints, size: int) -> Tensor:
    """1 within the face, 0 without: [B, 1, n, n]. Points all around an oval vary half as much as its radii squared."""
    outline = points_of(keypoints)[:, list(OUTLINE)]
    middle = outline.mean(1, keepdim=True)
    around = outline - middle
    x, y = around.unbind(-1)
    spread = torch.stack((x * x, x * y, x * y, y * y), -1).mean(1).reshape(-1, 2, 2)
    inverse = affine.inverse(spread + LEAST**2 * torch.eye(2, device=spread.device))
    across, down = (grid.identity(size, x) - middle[:, 0, :, None, None]).unbind(1)
    a, b, c = (inverse[:, k, m, None, None] for k, m in ((0, 0), (0, 1), (1, 1)))
    squared = (a * across * across + 2 * b * across * down + c * down * down) / 2
    return torch.sigmoid(SHARP * (WITHIN - squared))[:, None]


def _scale(keypoints: Keypoints) -> Tensor:
    """Normalised size [B, 1] of the distance of the outer corners of the eyes."""
    return (keypoints.jacobians[:, 0].square().sum((1, 2)) / 2 + LEAST**2).sqrt()[:, None]
