"""An optional critic of patches: it learns to tell painted frames from filmed ones, and the model to please it."""

import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from facemotion.models.layers import ConvNormAct


class PatchCritic(nn.Module):
    """A logit per patch of 16 pixels or so; high for filmed."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            ConvNormAct(width, 2 * width, stride=2),
            ConvNormAct(2 * width, 4 * width, stride=2),
            nn.Conv2d(4 * width, 1, 3, padding=1),
        )

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.body(images - 0.5)
        return logits


def terms(critic: PatchCritic, painted: Tensor, filmed: Tensor) -> tuple[Tensor, Tensor]:
    """(how little the frames please the critic, how badly it tells the two apart). One backward pass serves both: the
    first sees the critic's weights as constants, the second the frames."""
    constants = {name: weight.detach() for name, weight in critic.named_parameters()}
    displeased = F.softplus(-functional_call(critic, constants, (painted,))).mean()
    mistaken = F.softplus(critic(painted.detach())).mean() + F.softplus(-critic(filmed)).mean()
    return displeased, mistaken
