"""Bytes of decoded frames to planes of a model's size in [0, 1], seen through affine moves, and coloured.

On a CPU a few frames at a time go all the way, so that they stay in its cache: memory is what it waits for."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

try:
    import cv2
except ImportError:  # moving frames on a CPU then takes several times as long
    cv2 = None  # type: ignore[assignment]

# Pixels that a CPU makes at a time.
PIECE: Final = 2**18


class Colours(NamedTuple):
    """Of each frame: its shares of a colour and of the three that make grey, and what is added; bytes to [0, 1]."""

    kept: Tensor  # [N]
    grey: Tensor  # [N, 3]
    added: Tensor  # [N]


def plain(images: Tensor, size: int) -> Tensor:
    """Bytes [N, H, H, 3] as planes [N, 3, size, size], areas averaged."""
    return _resized(images, size).permute(0, 3, 1, 2).contiguous() / 255


def augmented(images: Tensor, moves: Tensor, colours: Colours, size: int) -> Tensor:
    """The same, seen through affine maps [N, 2, 3] of normalised points, new image to decoded one, and coloured."""
    planes = moves.new_empty(len(images), 3, size, size)
    step = max(PIECE // size**2, 1) if images.device.type == "cpu" else len(images)
    for start in range(0, len(images), step):
        some = slice(start, start + step)
        _move(images[some], moves[some], planes[some])
        _colour(planes[some], Colours(*(part[some] for part in colours)))
    return planes


def _move(images: Tensor, moves: Tensor, planes: Tensor) -> None:
    """Fills the planes, 0 to 255. What is merely mirrored, or not moved, stays sharp."""
    size = planes.shape[-1]
    still = (moves.abs() == torch.eye(2, 3, device=moves.device)).flatten(1).all(1)
    mirrored = moves[:, 0, 0] < 0
    ways: tuple[tuple[Tensor, Callable[[Tensor, Tensor], Tensor]], ...] = (
        (still & ~mirrored, lambda own, _: _resized(own, size)),
        (still & mirrored, lambda own, _: _resized(own.flip(2), size)),
        (~still, lambda own, through: _look_through(own, through, size)),
    )
    for which, look in ways:
        if len(rows := which.nonzero()[:, 0]):
            seen = look(images.index_select(0, rows), moves.index_select(0, rows))
            for row, one in zip(rows.tolist(), seen.permute(0, 3, 1, 2), strict=True):
                # Bytes are laid out as planes in half the time that floats take.
                planes[row] = one.contiguous()


def _resized(images: Tensor, size: int) -> Tensor:
    """Bytes [N, H, H, 3] at a size: themselves, or floats from 0 to 255."""
    edge = images.shape[1]
    if edge % size == 0:
        return _averaged(images, edge // size)
    planes = images.permute(0, 3, 1, 2).contiguous().float()
    return F.interpolate(planes, (size, size), mode="bilinear", antialias=True).permute(0, 2, 3, 1)


def _averaged(images: Tensor, factor: int) -> Tensor:
    """Means over squares of pixels. Adding up lines of short integers, laid out as decoding left them, takes a fifth of
    the time of pooling planes of floats."""
    if factor == 1:
        return images
    count, edge = images.shape[:2]
    size = edge // factor
    short = torch.int16 if 255 * factor**2 < 2**15 else torch.int32
    enough = images.dtype if images.is_floating_point() else short
    sums = images.reshape(count, size, factor, 3 * edge).sum(2, dtype=enough)
    columns = sums.view(count, size, size, factor, 3)
    total = columns[:, :, :, 0] + columns[:, :, :, 1]
    for column in range(2, factor):
        total += columns[:, :, :, column]
    return total / factor**2


def _look_through(images: Tensor, moves: Tensor, size: int) -> Tensor:
    """Sampled at twice the size where there is that much, and averaged: detail is neither lost nor aliased."""
    fine = 2 * size if images.shape[1] >= 2 * size else size
    known = _resized(images, fine)
    sampled = _warped if cv2 is not None and known.device.type == "cpu" else _sampled
    return _averaged(sampled(known, moves), fine // size)


def _sampled(images: Tensor, moves: Tensor) -> Tensor:
    """Images [N, S, S, 3] through the moves, pixels beyond the border like those on it."""
    size = images.shape[1]
    centres = (2 * torch.arange(size, device=moves.device, dtype=torch.float32) + 1) / size - 1
    across = centres[None, None, :, None] * moves[:, None, None, :, 0]
    down = centres[None, :, None, None] * moves[:, None, None, :, 1] + moves[:, None, None, :, 2]
    planes = images.permute(0, 3, 1, 2).float()
    return F.grid_sample(planes, across + down, padding_mode="border", align_corners=False).permute(0, 2, 3, 1)


def _warped(images: Tensor, moves: Tensor) -> Tensor:
    """The same on a CPU, bytes rounded to bytes. OpenCV fetches all colours of a pixel at once, four of them twice as
    fast as three; grid_sample fetches each colour on its own."""
    size = images.shape[1]
    linear, offset = moves[:, :, :2].double(), moves[:, :, 2:].double()
    # What the moves are between pixels, (0, 0) the centre of the top-left one.
    shift = (size * offset + (size - 1) * (1 - linear.sum(2, keepdim=True))) / 2
    pixels = torch.cat((linear, shift), 2).numpy()
    warped = np.empty((*images.shape[:3], 4), np.float32 if images.is_floating_point() else np.uint8)
    for known, move, seen in zip(images.contiguous().numpy(), pixels, warped, strict=True):
        four = cv2.cvtColor(known, cv2.COLOR_RGB2RGBA)
        cv2.warpAffine(four, move, (size, size), seen, cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE)
    return torch.from_numpy(warped)[..., :3]


def _colour(planes: Tensor, colours: Colours) -> None:
    flat = planes.flatten(2)
    grey = torch.baddbmm(colours.added[:, None, None], colours.grey[:, None], flat)
    torch.addcmul(grey, flat, colours.kept[:, None, None], out=flat).clamp_(0, 1)
