"""The one convention of space: where pixels lie, how flows are made, resized, composed, inverted and looked through.

Normalised points run -1..1 over pixel edges (align_corners=False). A flow is [B, 2, H, W], (x, y) first: for each pixel
of the output, the normalised point of the reference to look at. A displacement is a flow minus the identity flow.
"""

from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor


def exactly(like: Tensor) -> AbstractContextManager[object]:
    """Matrix products of geometry must not be rounded to bfloat16; the meta device knows no autocast."""
    return nullcontext() if like.is_meta else torch.autocast(like.device.type, enabled=False)


def to_normalised(pixels: Tensor, width: int, height: int) -> Tensor:
    """Points [..., 2] in pixels, (0, 0) the centre of the top-left pixel, to normalised ones."""
    size = pixels.new_tensor([width, height])
    return (2 * pixels + 1) / size - 1


def to_pixels(points: Tensor, width: int, height: int) -> Tensor:
    """Normalised points [..., 2] to pixels, (0, 0) the centre of the top-left pixel."""
    size = points.new_tensor([width, height])
    return ((points + 1) * size - 1) / 2


def identity(size: int, like: Tensor) -> Tensor:
    """The flow [1, 2, size, size] that looks where it stands: the normalised centres of the pixels of a square.

    At least float32 whatever `like` is: bfloat16 cannot tell neighbouring pixels apart."""
    dtype = torch.promote_types(like.dtype, torch.float32)
    centres = (2 * torch.arange(size, device=like.device, dtype=dtype) + 1) / size - 1
    return torch.stack((centres[None, :].expand(size, size), centres[:, None].expand(size, size)))[None]


def warp(image: Tensor, flow: Tensor) -> Tensor:
    """What one sees of `image` [B, C, h, w] through a normalised `flow` [B, 2, H, W]; its border goes on outside."""
    return _sampled(image, flow, "bilinear")


def warp_picture(image: Tensor, flow: Tensor) -> Tensor:
    """`warp` of colours in [0, 1], by cubic interpolation: a linear one blurs all that moves by parts of a pixel. An
    image several times as large as the flow is looked at in its own pixels, whose areas are then averaged."""
    size = flow.shape[-1]
    sharp = image.shape[-1] if image.shape[-1] % size == 0 else size
    return resize_image(_sampled(image, resize(flow, sharp), "bicubic").clamp(0, 1), size)


def _sampled(image: Tensor, flow: Tensor, mode: str) -> Tensor:
    dtype = torch.promote_types(image.dtype, flow.dtype)
    where = flow.to(dtype).permute(0, 2, 3, 1)
    seen = F.grid_sample(image.to(dtype), where, mode=mode, padding_mode="border", align_corners=False)
    return seen.to(image.dtype)


def resize_image(image: Tensor, size: int) -> Tensor:
    """A square image or map [B, C, H, W] at another size: areas averaged when shrinking, bilinear when growing."""
    if image.shape[-1] == size:
        return image
    if image.shape[-1] % size == 0:
        return F.avg_pool2d(image, image.shape[-1] // size)
    shrinking = image.shape[-1] > size
    return F.interpolate(image, (size, size), mode="bilinear", align_corners=False, antialias=shrinking)


def resize(flow: Tensor, size: int) -> Tensor:
    """A normalised flow [B, 2, h, w] at another size; resizing displacements keeps the identity exact at the border."""
    if flow.shape[-1] == size:
        return flow
    return identity(size, flow) + resize_image(flow - identity(flow.shape[-1], flow), size)


def compose(outer: Tensor, inner: Tensor) -> Tensor:
    """The normalised flow that looks through `outer` and then through `inner`: warp(warp(image, inner), outer)."""
    return outer + warp(inner - identity(inner.shape[-1], inner), outer)


def invert(flow: Tensor, iterations: int = 20) -> Tensor:
    """The normalised flow that undoes `flow`, by fixed-point iteration; right where displacements are contractions."""
    here = identity(flow.shape[-1], flow)
    displacement = flow - here
    inverse = here - displacement
    for _ in range(iterations):
        inverse = here - warp(displacement, inverse)
    return inverse
