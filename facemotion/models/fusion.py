"""Several references, one frame: how far each of them is believed, pixel by pixel. One strategy a switch.

Every reference comes with its own flow; what is seen through it is weighed, and decoded once. The published comparison
of such strategies does not tell enough to be rebuilt: the learned ones are ours. All of them are blind to the order of
the references, take any number of them and count a picture that is given twice once.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.models import affine, grid
from facemotion.models.blocks import Seen
from facemotion.models.config import ModelConfig
from facemotion.models.dense_motion import FlowField
from facemotion.models.keypoints import Keypoints
from facemotion.models.layers import norm, zeroed
from facemotion.models.many import by_frame

MOST: Final = 8  # references
# Pictures that differ by less than this, on average, are one picture given twice: a fifth of a step of eight bits, far
# less than two frames of a still face, whose grain alone differs by several steps.
SAME: Final = 1e-3
NEVER: Final = -1e4  # a logit whose softmax is zero
READ: Final = 8  # channels that are read of a reference's features, to tell good ones from bad
SIGNS: Final = 5  # maps that tell how far a flow can be right
KEYS: Final = 16  # channels of what attention compares
# Log odds by which a reference is believed less that is e times as far away in pose as the nearest one.
POSE: Final = 1.0
NEAREST: Final = 0.002  # of `pose_gaps`; what is nearer is as good as that
AGREEING: Final = 0.1  # difference of colours at which two references hardly agree


class Evidence(NamedTuple):
    """What is known of N references of each of B frames, all at the weights' size."""

    occlusion: Tensor  # logits [B, N, 1, h, h] of the finest flow
    signs: Tensor  # [B, N, SIGNS, h, h]
    cues: Tensor  # [B, N, 3 + READ, h, h]: colours and features, seen through the flow
    far: Tensor  # [B, N]: log of how much further away in pose than the nearest
    kept: Tensor  # [B, N]: false where a reference was given before
    driving: Tensor  # keypoints [B, K, 2]


class Mixture(NamedTuple):
    """Weights [B, N, 1, h, h] that sum to one over the references; with `greatest` features are not averaged."""

    weights: Tensor
    kept: Tensor
    greatest: bool

    def features(self, seen: Seen) -> Seen:
        """Of [B * N, C, n, n] those [B, C, n, n] that go on, with their trust."""
        if not self.greatest:
            return self.picture(seen)
        features, trust = (by_frame(part, self.kept.shape[1]) for part in seen)
        trust = trust * self.kept[..., None, None, None]
        most = trust.amax(1)
        return Seen((features * trust).amax(1) / most, most)

    def picture(self, seen: Seen) -> Seen:
        """The mean by weight and trust: what is not trusted is not seen where something else is."""
        features, trust = (by_frame(part, self.kept.shape[1]) for part in seen)
        parts = self._at(features) * trust
        whole = parts.sum(1)
        return Seen(weighed(features, parts / whole[:, None]), whole)

    def mean(self, maps: Tensor) -> Tensor:
        """Of [B * N, C, n, n]."""
        of_each = by_frame(maps, self.kept.shape[1])
        return weighed(of_each, self._at(of_each))

    def _at(self, like: Tensor) -> Tensor:
        weights = grid.resize_image(self.weights.flatten(0, 1), like.shape[-1])
        return by_frame(weights, self.kept.shape[1]).to(like.dtype)


def weighed(maps: Tensor, weights: Tensor) -> Tensor:
    """Of [B, N, C, n, n] and [B, N, 1, n, n] the sum [B, C, n, n], one reference at a time: the product of all of them,
    the largest tensor of a frame, is never made."""
    whole = maps[:, 0] * weights[:, 0]
    for own, weight in zip(maps.unbind(1)[1:], weights.unbind(1)[1:], strict=True):
        whole = torch.addcmul(whole, own, weight)
    return whole


class Scorer(nn.Module):
    """Every reference's own evidence beside what all have in common: how far each differs from the others."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        cues, width = 3 + READ, config.fuser.width
        self.first = nn.Conv2d(3 * cues + SIGNS + 2, width, 1)
        self.norm = norm(width)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.head = zeroed(nn.Conv2d(width, 1, 1))

    def forward(self, evidence: Evidence) -> Tensor:
        mean, spread = consensus(evidence.cues, evidence.kept)
        common = spread[:, None].expand_as(evidence.cues)
        own = (evidence.cues, evidence.cues - mean[:, None], common, evidence.signs, agreement(evidence))
        x = F.relu(self.norm(self.first(torch.cat(own, 2).flatten(0, 1))))
        x = self.head(F.relu(x + self.second(x)))
        return by_frame(x.float(), evidence.kept.shape[1])


class Attention(nn.Module):
    """A query of the frame, from the driving keypoints and what the references have in common; a key of each."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        cues, width = 3 + READ, config.fuser.width
        self.size, self.variance = config.fuser.size, config.refiner.variance
        self.asked = nn.Conv2d(config.coarse_count + 2 * cues, width, 1)
        self.asked_norm = norm(width)
        self.query = zeroed(nn.Conv2d(width, KEYS, 3, padding=1))
        self.told = nn.Conv2d(2 * cues + SIGNS + 2, width, 1)
        self.told_norm = norm(width)
        self.key = nn.Conv2d(width, KEYS, 3, padding=1)

    def forward(self, evidence: Evidence) -> Tensor:
        mean, spread = consensus(evidence.cues, evidence.kept)
        bells = affine.gaussians(evidence.driving, self.size, self.variance)
        asked = self.asked(torch.cat((bells.to(mean.dtype), mean, spread), 1))
        query = self.query(F.relu(self.asked_norm(asked)))
        own = (evidence.cues, evidence.cues - mean[:, None], evidence.signs, agreement(evidence))
        told = F.relu(self.told_norm(self.told(torch.cat(own, 2).flatten(0, 1))))
        keys = by_frame(self.key(told), evidence.kept.shape[1])
        likeness: Tensor = (query[:, None] * keys).float().sum(2, keepdim=True)
        return likeness / KEYS**0.5


# Of what strategies learn; without one, a strategy has no weights.
LEARNT: Final[dict[str, Callable[[ModelConfig], nn.Module]]] = {"learned": Scorer, "attention": Attention}


class Fusion(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.strategy, self.size = config.fusion, config.fuser.size
        self.level = config.pyramid.index(self.size)
        self.learnt = LEARNT[self.strategy](config) if self.strategy in LEARNT else None
        self.read = nn.Conv2d(config.generator.widths[self.level], READ, 1) if self.learnt is not None else None

    def cues(self, image: Tensor, features: tuple[Tensor, ...]) -> Tensor:
        """Of the references [B * N, 3, H, H] and their features, once: what is looked at through the flows."""
        small = grid.resize_image(image, self.size) - 0.5
        return small if self.read is None else torch.cat((small, self.read(features[self.level]).to(small.dtype)), 1)

    def forward(self, cues: Tensor, kept: Tensor, gaps: Tensor, fields: list[FlowField], driving: Keypoints) -> Mixture:
        """`kept` and `gaps` [B, N], see `first_of_their_kind` and `pose_gaps`; `fields` of [B * N], coarse first."""
        occlusion = by_frame(grid.resize_image(fields[-1].occlusion, self.size), kept.shape[1])
        nearest = gaps.masked_fill(~kept, torch.inf).amin(1, keepdim=True)
        far = torch.log(gaps + NEAREST) - torch.log(nearest + NEAREST)
        match self.strategy:
            case "mean":
                logits = torch.zeros_like(occlusion)
            case "best_pose":
                logits = NEVER * (far > 0)[..., None, None, None] + torch.zeros_like(occlusion)
            case "occlusion":
                logits = occlusion
            case "max":
                trusted = occlusion.masked_fill(~kept[..., None, None, None], -torch.inf)
                logits = NEVER * (trusted < trusted.amax(1, keepdim=True))
            case _:
                logits = occlusion - POSE * far[..., None, None, None]
                if self.learnt is not None:
                    logits = logits + self.learnt(self._evidence(cues, kept, far, occlusion, fields, driving))
        weights = F.softmax(logits.masked_fill(~kept[..., None, None, None], 2 * NEVER), 1)
        return Mixture(weights, kept, self.strategy == "max")

    def _evidence(
        self, cues: Tensor, kept: Tensor, far: Tensor, occlusion: Tensor, fields: list[FlowField], driving: Keypoints
    ) -> Evidence:
        coarse, finest = (grid.resize(field.flow, self.size) for field in (fields[0], fields[-1]))
        changed = (finest - coarse).square().sum(1, keepdim=True).add(1e-8).sqrt() * self.size / 2
        outside = F.relu(finest.abs().amax(1, keepdim=True) - 1) * self.size / 2
        distance = far.flatten()[:, None, None, None].expand_as(changed)
        logit = occlusion.flatten(0, 1) / 4
        signs = torch.cat((logit, stretch(finest), torch.tanh(changed), torch.tanh(outside), distance), 1)
        seen = grid.warp(cues, finest)
        return Evidence(
            occlusion, by_frame(signs, kept.shape[1]), by_frame(seen, kept.shape[1]), far, kept, driving.points.detach()
        )


def first_of_their_kind(images: Tensor) -> Tensor:
    """Which of the references [B, N, 3, H, H] are not the same picture as one before them: [B, N]."""
    size = min(images.shape[-1], 32)
    small = by_frame(grid.resize_image(images.flatten(0, 1), size), images.shape[1]).flatten(2)
    apart = torch.stack([(small - one[:, None]).abs().mean(2) for one in small.unbind(1)], 1)
    earlier = torch.ones_like(apart[0], dtype=torch.bool).tril(-1)
    return ~((apart < SAME) & earlier).any(2)


def pose_gaps(references: Tensor, driving: Tensor) -> Tensor:
    """[B, N], from 0 to 1: how unlike the keypoints [B, N, K, 2] the driving ones [B, K, 2] are, whatever a shift, a
    turn in the picture and a change of size make of them."""
    a = references - references.mean(2, keepdim=True)
    b = (driving - driving.mean(1, keepdim=True))[:, None]
    along = (a * b).sum((2, 3))
    across = (a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]).sum(2)
    lengths = a.square().sum((2, 3)) * b.square().sum((2, 3))
    return (1 - (along.square() + across.square()) / lengths.clamp(min=1e-12)).clamp(0, 1)


def stretch(flow: Tensor) -> Tensor:
    """Log of how many pixels of the reference one of the frame stands for [B, 1, h, h]: little is known where a few
    are drawn out, nothing where the flow folds."""
    wide = F.pad(flow, (1, 1, 1, 1), mode="replicate") * flow.shape[-1] / 4
    right = wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2]
    down = wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]
    area = right[:, :1] * down[:, 1:] - right[:, 1:] * down[:, :1]
    return torch.log(area.clamp(0.05, 20))


def consensus(cues: Tensor, kept: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation [B, C, h, h] over the references [B, N, C, h, h] that are kept."""
    share = (kept / kept.sum(1, keepdim=True))[..., None, None, None].to(cues.dtype)
    mean = (share * cues).sum(1)
    return mean, (share * (cues - mean[:, None]).square()).sum(1).add(1e-6).sqrt()


def agreement(evidence: Evidence) -> Tensor:
    """[B, N, 2, h, h]: what share of the other references shows about the same colours at a pixel, and in the mean
    over the frame. It tells the one that is of someone else."""
    colours = evidence.cues[:, :, :3]
    apart = torch.stack([(colours - one[:, None]).abs().mean(2) for one in colours.unbind(1)], 1)
    count = apart.shape[1]
    others = evidence.kept[:, None, :] & ~torch.eye(count, dtype=torch.bool, device=apart.device)
    share = others / others.sum(2, keepdim=True).clamp(min=1)
    here = (torch.exp(apart / -AGREEING) * share[..., None, None]).sum(2)[:, :, None]
    return torch.cat((here, here.mean((-1, -2), keepdim=True).expand_as(here)), 2)
