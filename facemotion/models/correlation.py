"""The structure correlation volume, <driving_q, reference_s> / sqrt(C), and the look-up of a window around a flow.

Averaging the volume over its driving or its reference axes is the same as averaging the features, so a level has its
volume made of features of its size: the full one is made only where a level is as fine as the structure maps.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def pyramid(features: Tensor, scales: int) -> tuple[Tensor, ...]:
    """The reference's features [B, C, h, h] at 1, 1/2, 1/4, ... of their size."""
    levels = [features]
    for _ in range(scales - 1):
        levels.append(F.avg_pool2d(levels[-1], 2))
    return tuple(levels)


def volumes(driving: Tensor, reference: tuple[Tensor, ...]) -> list[Tensor]:
    """For each scale of the reference's `pyramid` [B, C, h, h] the volume [B, n * n, h, h]; `driving` [B, C, n, n]."""
    queries = driving.flatten(2).transpose(1, 2) / driving.shape[1] ** 0.5
    shape = queries.shape[:2]
    return [torch.bmm(queries, features.flatten(2)).view(*shape, *features.shape[2:]) for features in reference]


def look_up(volumes: list[Tensor], flow: Tensor, radius: int) -> Tensor:
    """Windows [B, scales * (2 radius + 1)^2, n, n], float32 or better, around where `flow` [B, 2, n, n] looks.

    `flow` is normalised. A window's steps are pixels of its scale, rows before columns; outside the volume is zero."""
    where = flow.flatten(2).transpose(1, 2)
    windows = torch.cat([_windows(volume, where, radius) for volume in volumes], -1).transpose(1, 2)
    return windows.reshape(*windows.shape[:2], *flow.shape[2:])


def _windows(volume: Tensor, where: Tensor, radius: int) -> Tensor:
    """Bilinear samples of each query's map of `volume` [B, Q, h, h] around its normalised point `where` [B, Q, 2].

    All samples of a window have the same fraction: one patch with a pixel to spare is gathered and blended twice."""
    size, dtype = volume.shape[-1], torch.promote_types(volume.dtype, where.dtype)
    corner = ((where + 1) * size - 1) / 2 - radius
    first = corner.floor()
    fraction = (corner - first).to(dtype)[..., None, None]
    steps = torch.arange(2 * radius + 2, device=where.device)
    # Far outside every window is empty; the clamp only keeps the integers in range.
    xy = first.detach().clamp(-2 * radius - 3, size + 1).long()[..., None] + steps
    inside = (xy >= 0) & (xy < size)
    xy = xy.clamp(0, size - 1)
    index = xy[..., 1, :, None] * size + xy[..., 0, None, :]
    mask = inside[..., 1, :, None] & inside[..., 0, None, :]
    patch = volume.flatten(2).gather(2, index.flatten(2)).view(index.shape).to(dtype) * mask
    rows = torch.lerp(patch[..., :-1, :], patch[..., 1:, :], fraction[..., 1, :, :])
    return torch.lerp(rows[..., :-1], rows[..., 1:], fraction[..., 0, :, :]).flatten(2)
