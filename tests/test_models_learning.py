"""Gradients do the right thing: a few dozen steps on toy faces already beat repeating the reference by far."""

import torch
import torch.nn.functional as F
from torch import Tensor

from facemotion.models import affine, grid
from facemotion.models.animator import Animator
from facemotion.models.presets import preset


def waves(generator: torch.Generator, size: int = 64) -> Tensor:
    rough = torch.rand(1, 3, 8, 8, generator=generator)
    return F.interpolate(rough, (size, size), mode="bicubic").clamp(0, 1)


def toy_pairs(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """References and driving frames: a textured disc that moves, turns and grows before a textured wall that stays."""
    generator = torch.Generator().manual_seed(seed)
    pairs = []
    for _ in range(count):
        wall, skin = waves(generator), waves(generator)
        frames = []
        for _ in range(2):
            noise = torch.rand(2, 3, generator=generator) - 0.5
            look = affine.affine_flow((torch.eye(2, 3) + noise * torch.tensor([0.2, 0.2, 0.6]))[None], 64)
            mask = torch.sigmoid(40 * (0.55 - look.norm(dim=1, keepdim=True)))
            frames.append(mask * grid.warp(skin, look) + (1 - mask) * wall)
        pairs.append(torch.stack(frames))
    together = torch.cat(pairs, 1)
    return together[0], together[1]


def train(model: Animator, references: Tensor, driving: Tensor, steps: int) -> float:
    """Image-pyramid L1 only; the last mean absolute difference."""
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 2e-3, betas=(0.9, 0.99))
    for _ in range(steps):
        frame, _, motion = model(references[:, None], driving)
        loss = sum((F.avg_pool2d(frame, k) - F.avg_pool2d(driving, k)).abs().mean() for k in (1, 2, 4, 8))
        for field in motion.fields[1:]:
            seen = grid.warp(references, grid.resize(field.flow, 64))
            loss = loss + 0.5 * (seen - driving).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return float((model(references[:, None], driving)[0] - driving).abs().mean())


def test_a_model_learns_the_motion_of_toy_faces() -> None:
    torch.manual_seed(0)
    references, driving = toy_pairs(2)
    repeating = float((references - driving).abs().mean())
    assert train(Animator(preset("tiny")), references, driving, 25) < 0.6 * repeating
