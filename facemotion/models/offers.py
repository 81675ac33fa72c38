"""What the refiner may take at each pixel instead of its flow: the background's motion, or a finer keypoint's."""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from facemotion.models import affine, beliefs
from facemotion.models.keypoints import Keypoints

# Log weight, before anything is learnt, of leaving the flow as it is; a finer keypoint's is 0 in its middle.
LEAVE: Final = -0.5


class Offers:
    """Of one batch. `count`: how many of the keypoints are coarse, the others are finer; `background`: [B, 2, 3],
    driving to reference. `reach` and `near`: radii in which coarse and finer keypoints are believed, all normalised."""

    def __init__(
        self, reference: Keypoints, driving: Keypoints, background: Tensor, count: int, reach: float, near: float
    ) -> None:
        maps = affine.local_maps(reference, driving)
        self.of_coarse, self.of_fine, self.background = maps[:, :count], maps[:, count:], background
        self.coarse, self.fine = driving.points[:, :count], driving.points[:, count:]
        self.reach, self.near = reach, near

    def suggestions(self, flow: Tensor) -> Tensor:
        """What coarse keypoints, finer ones and the background would each change about a flow: [B, 6, n, n]."""
        size = flow.shape[-1]
        offered = [affine.mixed_flow(F.softmax(beliefs.near(self.coarse, size, self.reach), 1), self.of_coarse)]
        if self.of_fine.shape[1]:
            offered.append(affine.mixed_flow(F.softmax(beliefs.near(self.fine, size, self.near), 1), self.of_fine))
        else:
            offered.append(flow)
        offered.append(affine.affine_flow(self.background, size))
        return torch.cat([offer - flow for offer in offered], 1)

    def taken(self, choice: Tensor, flow: Tensor) -> Tensor:
        """The change of a flow [B, 2, n, n] by a choice [B, 2 + F, n, n]: logits of leaving it, of the background's
        motion and of each finer keypoint's, on top of what is believed without looking."""
        size = flow.shape[-1]
        believed = torch.cat(
            (beliefs.log_background(self.coarse, size, self.reach), beliefs.near(self.fine, size, self.near)), 1
        )
        weights = F.softmax(choice.float() + F.pad(believed, (0, 0, 0, 0, 1, 0), value=LEAVE), 1)[:, 1:]
        mixed = affine.mixed_flow(weights, torch.cat((self.background[:, None], self.of_fine), 1))
        return mixed - weights.sum(1, keepdim=True) * flow
