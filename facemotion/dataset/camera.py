"""How the camera moved in a clip: the similarity that carries each frame's background to that of the first.

Landmarks tell nothing of it, so that it travels beside them. Rows are (a, b, x, y) of models/alignment, normalised."""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facemotion.dataset.images import Image
from facemotion.models import affine, alignment, beliefs, grid, landmark_shape

# Where a person is: places in the frame of the usual face, over head, neck and chest.
PERSON: Final = (
    (0.0, -0.4), (-0.5, 0.2), (0.5, 0.2), (-0.4, 0.8), (0.4, 0.8), (0.0, 1.3), (0.0, 1.9), (-0.7, 2.0), (0.7, 2.0),
    (-1.4, 2.5), (1.4, 2.5), (-0.7, 2.8), (0.7, 2.8), (0.0, 2.7),
)  # fmt: skip
# Radius about each of them, in distances of the outer corners of the eyes.
REACH: Final = 0.4
# Frames are looked at no larger than this.
SEEN: Final = 128
# Landmarks that tell where a person is.
LEAST: Final = 3
# Frames aligned at a time: in so few a camera does not get far.
TOGETHER: Final = 8


@torch.no_grad()
def track(frames: Iterable[Image], points: NDArray[np.floating]) -> NDArray[np.float32]:
    """[T, 4] of a clip's frames, RGB uint8 [H, H, 3], and their landmarks [T, 70, 2] in pixels.

    Where no face was found the person is where they were last."""
    first: tuple[Tensor, ...] | None = None
    before: tuple[Tensor, ...] = ()
    found = [torch.zeros(1, 4)]
    for images, belief in _together(frames, points):
        if first is None:
            first = before = alignment.view(images[:1], belief[:1])
        # From the last frame before these, which is much like them, and from there to the first, which keeps small
        # errors from adding up.
        still = torch.zeros(len(images), 4)
        moved = _aligned(before, images, belief, still)
        reached = alignment.followed(found[-1][-1:].expand(len(images), -1), moved)
        found.append(_aligned(first, images, belief, reached))
        before = alignment.view(images[-1:], belief[-1:])
    rows = torch.cat(found)[1:]
    rows[:1] = 0
    return np.asarray(rows.numpy(), np.float32)


def _aligned(known: tuple[Tensor, ...], images: Tensor, belief: Tensor, guess: Tensor) -> Tensor:
    flow = affine.affine_flow(alignment.maps(guess), belief.shape[-1])
    same = tuple(level.expand(len(images), -1, -1, -1) for level in known)
    return alignment.similarity(same, images, belief, flow, sure=True)


def _together(frames: Iterable[Image], points: NDArray[np.floating]) -> Iterator[tuple[Tensor, Tensor]]:
    """A few frames at a time: pictures [B, 3, n, n], and how much each pixel [B, 1, m, m] is thought background."""
    belief = torch.ones(1, 1, SEEN // 2, SEEN // 2)
    waiting: list[tuple[Tensor, Tensor]] = []
    for frame, landmarks in zip(frames, points, strict=True):
        image = torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255
        if np.isfinite(landmarks).all(-1).sum() >= LEAST:
            seen = torch.tensor(landmarks[None], dtype=torch.float32)
            belief = _belief(grid.to_normalised(seen, image.shape[-1], image.shape[-2]))
        waiting.append((grid.resize_image(image, min(SEEN, image.shape[-1])), belief))
        if len(waiting) == TOGETHER:
            yield torch.cat([image for image, _ in waiting]), torch.cat([belief for _, belief in waiting])
            waiting = []
    if waiting:
        yield torch.cat([image for image, _ in waiting]), torch.cat([belief for _, belief in waiting])


def _belief(points: Tensor) -> Tensor:
    """How much each pixel [1, 1, n, n] is thought to be background, of landmarks [1, 70, 2]."""
    head = landmark_shape.head(points, landmark_shape.usual(points))
    scale = float(head.matrix.square().sum() / 2) ** 0.5
    return beliefs.background(head.of(torch.tensor([PERSON])), SEEN // 2, REACH * scale)
