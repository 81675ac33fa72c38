"""Tensors of N references of each of B frames, [B * N, ...]: a frame's references one after the other."""

from typing import Any

from torch import Tensor

from facemotion.models.keypoints import Keypoints


def each(tensor: Tensor, count: int) -> Tensor:
    """What is of a frame [B, ...], for each of its references [B * count, ...]."""
    return tensor if count == 1 else tensor.repeat_interleave(count, 0)


def by_frame(tensor: Tensor, count: int) -> Tensor:
    """[B * count, ...] as [B, count, ...]."""
    return tensor.reshape(-1, count, *tensor.shape[1:])


def keypoints_of_each(keypoints: Keypoints, count: int) -> Keypoints:
    return Keypoints(*(each(part, count) for part in keypoints))


def of_frames(tree: Any, frames: int) -> Any:
    """All tensors of nested tuples, of one frame or of its references, for so many frames; what there is one of is not
    copied."""
    match tree:
        case Tensor():
            if len(tree) == 1:
                return tree.expand(frames, *tree.shape[1:])
            return tree.expand(frames, *tree.shape).flatten(0, 1)
        case tuple():
            parts = [of_frames(part, frames) for part in tree]
            return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return tree
