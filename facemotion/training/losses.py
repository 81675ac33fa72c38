"""What a model is trained for, term by term: each named, weighed by the settings and logged apart.

Nothing here knows anything of the footage but its pixels and, for two of the terms, the landmarks found in it."""

import logging
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facemotion.dataset.augmentation import Batch, told
from facemotion.errors import FacemotionError
from facemotion.models import affine, grid
from facemotion.models.animator import Animator, Appearance, Motion
from facemotion.models.closeups import LOOKED_FOR
from facemotion.models.dense_motion import FlowField
from facemotion.models.keypoints import Keypoints
from facemotion.models.landmark_keypoints import head_motion
from facemotion.models.many import each
from facemotion.training import adversarial, perceptual, photometric, regions
from facemotion.training.config import Losses
from facemotion.training.transforms import Warps

log = logging.getLogger(__name__)

# Pairs of which one has its equivariance checked.
EVERY: Final = 4
# Pixels a side below which lips and eyes are hardly one.
LEAST_WITH_PARTS: Final = 32
# Difference of colours that tells background from foreground.
TELLING: Final = 0.03


class Trainee(nn.Module):
    """A model together with all that it takes to train it: from a batch to the terms of its loss. `weights`: a folder
    in which those of others' networks may lie."""

    def __init__(self, model: Animator, losses: Losses, precision: str, weights: Path | None = None) -> None:
        super().__init__()
        self.model, self.losses, self.precision = model, losses, precision
        self.critic = adversarial.PatchCritic() if losses.adversarial else None
        self.features: nn.Module | None = None
        if losses.perceptual:
            vgg = losses.features == "vgg19"
            self.features = perceptual.Vgg19Features(losses.vgg19, weights) if vgg else perceptual.RandomFeatures()

    def check_all_can_learn(self) -> None:
        """Once it stands which weights are frozen."""
        refiner = self.model.refiner
        if refiner is not None and refiner.lean and self._coarse_learns() and not self.losses.warped:
            raise FacemotionError(
                "under a refiner the coarse flow learns by losses.warped alone: give it a weight, or coarse_rate 0"
            )
        looks = self.model.config.motion == "keypoints" and refiner is not None and learns(refiner.closeups)
        if looks and self.model.config.told_openings and not self.losses.closeups:
            log.warning(
                "losses.closeups is 0: nothing teaches the points by which mouths and lids that open are painted; set "
                "model.refiner.closeups to null to do without them"
            )

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        device = batch.driving.device.type
        with torch.autocast(device, torch.bfloat16, enabled=self.precision == "bf16"):
            frame, appearance, motion = self.model(*told(batch))
            terms = self._motion_terms(batch, appearance, motion)
        # Of several references none is the one to tell it by.
        alone = motion.fields[0].foreground is not None and batch.references == 1
        if self.losses.foreground and alone and self._coarse_learns():
            head = head_motion(appearance.source.keypoints, motion.driving)
            terms["foreground"] = foreground_error(motion.fields[0], head, motion.background.coarse, batch)
        if batch.references == 1:
            # One reference asks no fusion, but processes that learn together expect a gradient of every weight.
            idle = list(self.model.fusion.parameters()) if self.model.fusion is not None else []
            frame = frame + 0 * sum(weight.sum() for weight in idle)
        terms |= self._image_terms(frame.float(), batch)
        terms |= self._flow_terms(motion, batch)
        return terms

    def weights(self) -> dict[str, float]:
        """Of all terms there can be."""
        losses = self.losses
        names = ("l1", "gradient", "ssim", "census", "regions", "perceptual", "points", "jacobians", "closeups",
                 "background", "foreground", "occlusion", "warped", "flows", "adversarial")  # fmt: skip
        return {name: getattr(losses, name) for name in names} | {"critic": float(losses.adversarial > 0)}

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        weights = self.weights()
        return torch.stack([weights[name] * value for name, value in terms.items()]).sum()

    def _image_terms(self, frame: Tensor, batch: Batch) -> dict[str, Tensor]:
        losses, terms = self.losses, {}
        ours = photometric.pyramid(frame, losses.scales)
        theirs = photometric.pyramid(batch.driving, losses.scales)
        for name in ("l1", "gradient", "ssim", "census"):
            if getattr(losses, name):
                terms[name] = photometric.over_pyramid(getattr(photometric, name), ours, theirs)
        if losses.regions:
            where = regions.mask(batch.driving_points, frame.shape[-1])
            terms["regions"] = regions.mean((frame - batch.driving).abs(), where)
        if self.features is not None:
            terms["perceptual"] = perceptual.difference(self.features, ours, theirs)
        if self.critic is not None:
            terms["adversarial"], terms["critic"] = adversarial.terms(self.critic, frame, batch.driving)
        return terms

    def _motion_terms(self, batch: Batch, appearance: Appearance, motion: Motion) -> dict[str, Tensor]:
        """Of keypoints and background, as far as they still learn."""
        losses, coarse, terms = self.losses, self.model.coarse, {}
        closer = self.model.refiner is not None and learns(self.model.refiner.closeups)
        looks = coarse.keypoints is not None and (self._coarse_learns() or closer)
        if (losses.points or losses.jacobians) and looks:
            terms["points"], terms["jacobians"] = self._equivariance(batch, motion.driving.part(coarse.looked))
        if losses.closeups and closer:
            pairs = (
                (appearance.source.keypoints, told(batch)[2].flatten(0, 1)),
                (motion.driving, batch.driving_points),
            )
            first = self.model.config.coarse_count
            apart = [closeup_error(found.points[:, first:], points) for found, points in pairs]
            terms["closeups"] = torch.stack(apart).mean()
        if losses.background and coarse.background is not None and self._coarse_learns():
            reference, driving = (grid.resize_image(image, coarse.size) for image in (batch.reference, batch.driving))
            there = coarse.background(coarse.background.encode(reference), driving)
            back = coarse.background(coarse.background.encode(driving), reference)
            terms["background"] = cycle(there, back)
        return terms

    def _coarse_learns(self) -> bool:
        return learns(self.model.coarse)

    def _equivariance(self, batch: Batch, original: Keypoints) -> tuple[Tensor, Tensor]:
        """Of one pair in `EVERY`, which is enough and costs little. Which ones they are, and what they count, does not
        depend on how a batch is divided among processes."""
        chosen = torch.nonzero(batch.index % EVERY == 0)[:, 0]
        if not len(chosen):
            return original.points.sum() * 0, original.jacobians.sum() * 0
        warps = Warps.random(batch.normals[chosen])
        found = self.model.look(warps.images(batch.driving[chosen]))
        assert found is not None
        apart = equivariance(warps, found, Keypoints(original.points[chosen], original.jacobians[chosen]))
        share = EVERY * len(chosen) / len(batch.index)
        return share * apart[0], share * apart[1]

    def _flow_terms(self, motion: Motion, batch: Batch) -> dict[str, Tensor]:
        losses, terms = self.losses, {}
        coarse, *refined = motion.fields
        if losses.occlusion:
            terms["occlusion"] = 1 - torch.sigmoid(motion.fields[-1].occlusion.float()).mean()
        # Without a refiner the frame itself tells the coarse flow of lips and eyes.
        parts = losses.regions if refined else 0.0
        if losses.warped and self._coarse_learns():
            terms["warped"] = warp_error(coarse.flow, batch, parts)
        if losses.flows and refined and learns(self.model.refiner):
            weights = [losses.decay ** (len(refined) - 1 - i) for i in range(len(refined))]
            # Parts of a pixel decide about lips and eyes: the last flow answers for the photos' own pixels.
            errors = [warp_error(field.flow, batch, parts, sharp=field is refined[-1]) for field in refined]
            terms["flows"] = torch.stack([w * e for w, e in zip(weights, errors, strict=True)]).sum() / sum(weights)
        return terms


def closeup_error(found: Tensor, points: Tensor) -> Tensor:
    """How far finer keypoints [B, F, 2] are from the landmarks [B, 70, 2] of lids and lips that were found."""
    wanted = points[:, LOOKED_FOR]
    return torch.where(wanted.isfinite(), found - wanted, 0).abs().mean()


def learns(module: nn.Module | None) -> bool:
    return module is not None and any(weight.requires_grad for weight in module.parameters())


def equivariance(warps: Warps, found: Keypoints, original: Keypoints) -> tuple[Tensor, Tensor]:
    """How far keypoints `found` in the warped image, taken back, are from the original's; and their Jacobians."""
    points = (warps.points(found.points) - original.points).abs().mean()
    carried = affine.product(warps.jacobians(found.points), found.jacobians)
    relative = affine.product(affine.inverse(original.jacobians), carried)
    eye = torch.eye(2, device=relative.device)
    return points, (relative - eye).abs().mean()


def cycle(there: Tensor, back: Tensor) -> Tensor:
    """How far two affine maps [B, 2, 3], one after the other, are from doing nothing."""
    row = torch.tensor([0.0, 0.0, 1.0], device=there.device).expand(len(there), 1, 3)
    both = (torch.cat((there, row), 1)[..., None] * torch.cat((back, row), 1)[:, None]).sum(2)
    return (both - torch.eye(3, device=there.device)).abs().mean()


def foreground_error(field: FlowField, head: Tensor, background: Tensor | None, batch: Batch) -> Tensor:
    """Cross entropy of the foreground with what pictures tell of it: background is what the background's motion shows
    as well as any other does. Pixels count by how much that and the head's motion, affine [B, 2, 3], differ there."""
    assert field.foreground is not None
    size = field.foreground.shape[-1]
    reference, driving = (grid.resize_image(image, size) for image in (batch.reference, batch.driving))
    with torch.no_grad():
        behind = grid.identity(size, driving).expand(len(driving), -1, -1, -1)
        if background is not None:
            behind = affine.affine_flow(background.float(), size)
        flows = behind, affine.affine_flow(head.float(), size), grid.resize(field.flow.float(), size)
        still, by_head, moved = ((grid.warp(reference, flow) - driving).abs().mean(1, keepdim=True) for flow in flows)
        told = torch.sigmoid((still - torch.minimum(by_head, moved)) / TELLING - 1)
        weight = (still - by_head).abs()
    error = F.binary_cross_entropy_with_logits(field.foreground.float(), told, reduction="none")
    return (weight * error).mean() / TELLING


def warp_error(flow: Tensor, batch: Batch, parts: float, sharp: bool = False) -> Tensor:
    """L1 and gradient between each reference seen through its flow and the driving frame, at the flow's size or, if
    `sharp`, in the photos' own pixels; lips and eyes, where they are large enough to be seen, weigh `parts` on top."""
    flow = grid.resize(flow.float(), batch.sharp.shape[-1]) if sharp else flow
    size, count = flow.shape[-1], len(flow) // len(batch.driving)
    references = torch.cat((batch.reference[:, None], batch.others), 1)[:, :count].flatten(0, 1)
    seen = grid.warp_picture(grid.resize_image(references, size), flow.float())
    wanted = each(grid.resize_image(batch.sharp, size), count)
    error = F.l1_loss(seen, wanted) + photometric.gradient(seen, wanted)
    if parts and size >= LEAST_WITH_PARTS:
        error = error + parts * regions.mean(
            (seen - wanted).abs(), each(regions.mask(batch.driving_points, size), count)
        )
    return error
