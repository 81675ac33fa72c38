"""face-alignment's 2-D landmarks: its network over our own crops, several faces at once, places to a fraction of a
heatmap's pixel."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from facemotion import weights
from facemotion.faces.boxes import Box, face_boxes
from facemotion.faces.interfaces import Colour, Found, Image, Running
from facemotion.faces.networks import device_of, filled, precision_of, short
from facemotion.faces.pupils import find_pupils
from facemotion.landmarks.layout import MIRROR, N_IBUG, N_POINTS

Floats = NDArray[np.float64]

# As the network was trained: the crop is 200/195 mean box sides wide, its middle 0.12 box heights above the box's.
CROP_PX: Final = 256
HEATMAP_PX: Final = 64
MODULES: Final = 4
WIDTH_PER_SIDE: Final = 200 / 195
LIFT: Final = 0.12
# Shifts across and down, in box sides, in opposite pairs: their errors differ, so that their mean is quieter.
SHIFTS: Final = (
    (0.0, 0.0), (0.02, 0.02), (-0.02, -0.02), (0.02, -0.02), (-0.02, 0.02),
    (0.04, 0.0), (-0.04, 0.0), (0.0, 0.04), (0.0, -0.04),
)  # fmt: skip


class FanLandmarker:
    """68 points and pupils. One prediction a face, or its mean with the mirrored face's, of one shift for every two
    that are to be averaged."""

    colour: Colour = "rgb"

    def __init__(self, averaged: int, running: Running) -> None:
        if not 1 <= averaged <= 2 * len(SHIFTS):
            raise ValueError(f"averaged is {averaged}, not 1 to {2 * len(SHIFTS)}")
        from face_alignment.models import FAN

        self.batch = running.batch
        self._device = device_of(running)
        self._precision = precision_of(running, self._device)
        self._net = filled(FAN(MODULES), weights.need(weights.FAN_2D, running.weights), self._device)
        self._mirrored = averaged > 1
        self._shifts = SHIFTS[: max(averaged // 2, 1)]
        self._order = list(MIRROR[:N_IBUG])

    def points(self, image: Image, box: Box) -> Found:
        return self.many([image], [box])[0]

    def follow(self, image: Image, previous: NDArray[np.float32]) -> Found:
        left, top, right, bottom = face_boxes(previous).tolist()
        return self.points(image, (left, top, right, bottom))

    def many(self, images: Sequence[Image], boxes: Sequence[Box]) -> list[Found]:
        squares = [[_square(box, *shift) for shift in self._shifts] for box in boxes]
        crops = [_cut(image, square) for image, own in zip(images, squares, strict=True) for square in own]
        places, scores = self._look(np.stack(crops))
        found = []
        for k, (image, own) in enumerate(zip(images, squares, strict=True)):
            here = slice(k * len(own), (k + 1) * len(own))
            left, top, width = np.array(own).T
            edges = np.stack([left, top], 1)[:, None] + places[here] * (width / HEATMAP_PX)[:, None, None]
            points, sure = np.empty((N_POINTS, 2)), np.empty(N_POINTS)
            points[:N_IBUG], sure[:N_IBUG] = edges.mean(axis=0) - 0.5, scores[here].mean(axis=0)
            points[N_IBUG:], sure[N_IBUG:] = find_pupils(image, points[:N_IBUG])
            found.append((points.astype(np.float32), np.clip(sure, 0, 1).astype(np.float32)))
        return found

    @torch.no_grad()
    def _look(self, crops: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        """Places [N, 68, 2] in pixel edges of the heatmaps, and scores [N, 68], of crops [N, 256, 256, 3]."""
        maps = []
        for first in range(0, len(crops), max(self.batch, 1)):
            inputs = torch.from_numpy(crops[first : first + max(self.batch, 1)]).to(self._device)
            inputs = inputs.permute(0, 3, 1, 2).float() / 255
            with short(self._device, self._precision):
                seen = self._net(inputs)[-1].float()
                if self._mirrored:
                    seen = (seen + self._net(inputs.flip(-1))[-1].float()[:, self._order].flip(-1)) / 2
            maps.append(seen.cpu().numpy())
        return peaks(np.concatenate(maps))


def peaks(maps: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Where heatmaps [..., H, W] are highest, [..., 2] in pixel edges, and how high: to a fraction of a pixel, by the
    parabola through the logarithms of a peak and its neighbours, which is exact where the peak is a Gaussian."""
    height, width = maps.shape[-2:]
    flat = np.asarray(maps, np.float64).reshape(-1, height, width)
    rows = np.arange(len(flat))
    top = flat.reshape(len(flat), -1).argmax(axis=1)
    y, x = np.divmod(top, width)
    logs = np.log(np.maximum(flat, 1e-4))

    def off(before: Floats, peak: Floats, after: Floats) -> Floats:
        bend = before - 2 * peak + after
        slope = (before - after) / 2
        return np.clip(np.divide(slope, bend, out=np.zeros_like(bend), where=bend < -1e-9), -0.5, 0.5)

    inner_x, inner_y = np.clip(x, 1, width - 2), np.clip(y, 1, height - 2)
    across = off(logs[rows, y, inner_x - 1], logs[rows, y, inner_x], logs[rows, y, inner_x + 1])
    down = off(logs[rows, inner_y - 1, x], logs[rows, inner_y, x], logs[rows, inner_y + 1, x])
    places = np.stack([x + 0.5 + across * (x == inner_x), y + 0.5 + down * (y == inner_y)], axis=-1)
    shape = maps.shape[:-2]
    return places.reshape(*shape, 2), flat[rows, y, x].reshape(shape)


def _square(box: Box, across: float, down: float) -> tuple[float, float, float]:
    """Left and top edge and width of the crop about a box, all in pixel edges of the image."""
    left, top, right, bottom = box
    side = (right - left + bottom - top) / 2
    width = max(WIDTH_PER_SIDE * side, 2.0)
    x = (left + right) / 2 + across * side
    y = (top + bottom) / 2 - LIFT * (bottom - top) + down * side
    return x - width / 2, y - width / 2, width


def _cut(image: Image, square: tuple[float, float, float]) -> NDArray[np.uint8]:
    rgb = image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
    left, top, width = square
    scale = CROP_PX / width
    # Pixel edges to pixel edges, written for pixel centres.
    forward = np.array([[scale, 0, (0.5 - left) * scale - 0.5], [0, scale, (0.5 - top) * scale - 0.5]])
    if scale < 0.5:  # bilinear sampling would skip pixels
        blur = 0.5 / scale
        rgb = cv2.GaussianBlur(rgb, (0, 0), blur / 2)
    return np.asarray(cv2.warpAffine(rgb, forward, (CROP_PX, CROP_PX), flags=cv2.INTER_LINEAR), np.uint8)
