"""A closer look at eyes and mouth: finer keypoints, found in windows that the coarse keypoints carry with the face.

Eyes and lips are few pixels of a frame, and a few keypoints spread over all of it cannot tell of a blink. The finer
ones learn where lids and lips are from the landmarks found in the clips they are trained on; no landmark is needed to
animate. Ours; MRFA refines by the coarse keypoints alone.
"""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.landmarks.layout import N_POINTS
from facemotion.models import affine, grid
from facemotion.models.config import CloseupSizes, ModelConfig
from facemotion.models.face_parts import CLOSE
from facemotion.models.keypoints import Keypoints, expected_points, layout, strained
from facemotion.models.landmark_shape import USUAL
from facemotion.models.layers import LeanUNet, zeroed

# Middles of the windows in a face-centred crop, normalised, and their sides relative to each other: eyes and mouth.
WINDOWS: Final = ((-0.27, -0.25), (0.27, -0.25), (0.0, 0.36))
SIDES: Final = (0.8, 0.8, 1.3)
# Where such a crop has what lies between the eyes of the usual face, and the distance of their outer corners.
BETWEEN_EYES: Final = (0.0, -0.25)
UNIT: Final = 0.75
# How far finer keypoints lightly stray from their first places, where the usual face has them, in half windows.
LEASH: Final = 0.3
# Landmarks, in the order of the finer keypoints.
LOOKED_FOR: Final = tuple(point for own in CLOSE for point in own)
# Of the coarse keypoints, the first ones lie on the face; they carry the windows. The ridge keeps a few points, or such
# as lie on a line, from bending them.
CARRIERS: Final = 12
RIDGE: Final = 0.1


class Closeups(nn.Module):
    """One network looks into all windows, told by an image of its own which one it is; each has heads of its own."""

    inside: Tensor
    leash: Tensor
    middles: Tensor
    reach: Tensor
    places: Tensor
    solve: Tensor

    def __init__(self, config: ModelConfig, sizes: CloseupSizes) -> None:
        super().__init__()
        self.sizes, self.temperature = sizes, config.keypoints.temperature
        # A photo is shrunk, areas averaged, before a window takes fewer pixels of it than it has there.
        self.seen = config.image_size
        while self.seen * max(SIDES) * sizes.reach >= 2 * sizes.size:
            self.seen //= 2
        self.whose = nn.Parameter(torch.zeros(len(WINDOWS), 3, sizes.size, sizes.size))
        self.backbone = LeanUNet(3, sizes.widths)
        width = self.backbone.out_channels
        heads = [nn.Conv2d(width, len(own), 1) for own in CLOSE]
        self.strain = nn.ModuleList(zeroed(nn.Conv2d(width, 4 * len(own), 1)) for own in CLOSE)
        for head in heads:
            head.weight.data.mul_(0.1)
        self.heat = nn.ModuleList(heads)
        middles, reach = torch.tensor(WINDOWS), sizes.reach * torch.tensor(SIDES)
        inside = torch.tensor([window for window, own in enumerate(CLOSE) for _ in own])
        usual = torch.tensor([USUAL[point] for own in CLOSE for point in own])
        places = (torch.tensor(BETWEEN_EYES) + UNIT * usual - middles[inside]) / reach[inside, None]
        around = grid.identity(sizes.size, places) - places[..., None, None]
        self.register_buffer("leash", around.square().sum(1) / (-2 * LEASH**2), persistent=False)
        self.register_buffer("inside", inside, persistent=False)
        self.register_buffer("middles", middles, persistent=False)
        self.register_buffer("reach", reach, persistent=False)
        self.register_buffer("places", layout(min(CARRIERS, config.keypoints.count)), persistent=False)
        whole = F.pad(self.places, (0, 1), value=1.0)
        normal = whole.T @ whole + RIDGE * torch.diag(torch.tensor([1.0, 1.0, 0.0]))
        self.register_buffer("solve", torch.linalg.solve(normal, whole.T), persistent=False)

    def forward(self, image: Tensor, keypoints: Keypoints) -> Keypoints:
        """The given keypoints of an image [B, 3, H, H], followed by the finer ones, window by window."""
        batch = len(image)
        # Where it looks is the coarse keypoints' business: they learn by what they carry, not by what is seen there.
        turn, shift = self._face(keypoints.points.detach())
        middles = affine.transform(turn[:, None], self.middles) + shift[:, None]
        around = self.reach[:, None, None, None] * affine.apply(turn, grid.identity(self.sizes.size, shift))[:, None]
        windows = self._windows(image, middles[..., None, None] + around)
        features = self.backbone(windows - 0.5 + self.whose.repeat(batch, 1, 1, 1))
        features = features.reshape(batch, len(WINDOWS), -1, *features.shape[2:]).unbind(1)
        heat, strain = (
            torch.cat([head(own) for head, own in zip(heads, features, strict=True)], 1)
            for heads in (self.heat, self.strain)
        )
        logits = heat.float() / self.temperature + self.leash
        heatmaps = F.softmax(logits.flatten(2), -1).view_as(logits)
        places = affine.transform(turn[:, None], expected_points(heatmaps))
        points = middles[:, self.inside] + self.reach[self.inside, None] * places
        jacobians = affine.product(turn[:, None], strained(heatmaps, strain))
        return Keypoints(torch.cat((keypoints.points, points), 1), torch.cat((keypoints.jacobians, jacobians), 1))

    def _face(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """The affine map, matrices [B, 2, 2] and shifts [B, 2], that takes the first places of the keypoints nearest to
        where they are."""
        moved = points[:, : len(self.places)] - self.places
        with grid.exactly(points):
            change = (self.solve @ moved).transpose(1, 2)
        return torch.eye(2, device=points.device) + change[..., :2], change[..., 2]

    def _windows(self, image: Tensor, where: Tensor) -> Tensor:
        """What is seen through the flows [B, windows, 2, size, size]: [B * windows, 3, size, size]."""
        size = self.sizes.size
        # All windows of a photo, one above the other, are one picture: so no photo is copied.
        tall = grid.warp(grid.resize_image(image.float(), self.seen), where.transpose(1, 2).flatten(2, 3))
        return tall.reshape(len(image), 3, -1, size, size).transpose(1, 2).flatten(0, 1)


def points_of(found: Keypoints, coarse: int) -> Tensor:
    """As landmarks [B, 70, 2], those that are looked for where they were found, after so many coarse keypoints; the
    others anywhere."""
    order = [0] * N_POINTS
    for place, point in enumerate(LOOKED_FOR):
        order[point] = coarse + place
    return found.points[:, order]
