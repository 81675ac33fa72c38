"""face-alignment's detector S3FD: its network over several images at once, its boxes decoded as arrays."""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facemotion import weights
from facemotion.faces.boxes import iou_matrix
from facemotion.faces.interfaces import Colour, Face, Image, Running
from facemotion.faces.networks import device_of, filled, precision_of, short
from facemotion.faces.scaling import scaled

FACE_PX: Final = 32.0  # the smallest wanted face is scaled to this; the network sees faces of 16 pixels and more
MEAN: Final = (104.0, 117.0, 123.0)  # of blue, green, red
STRIDES: Final = (4, 8, 16, 32, 64, 128)  # of the six maps; an anchor is four strides wide
VARIANCES: Final = (0.1, 0.2)
USUAL: Final = 0.5  # least score where no other is asked for
SAME: Final = 0.3  # overlap at which two boxes are one face
MOST: Final = 2000  # boxes of an image that are compared with each other


class SfdDetector:
    colour: Colour = "rgb"

    def __init__(self, min_face_px: float, running: Running) -> None:
        from face_alignment.detection.sfd.net_s3fd import s3fd

        self.batch = running.batch
        self._device = device_of(running)
        self._precision = precision_of(running, self._device)
        self._net = filled(s3fd(), weights.need(weights.SFD, running.weights), self._device)
        self._scale = min(FACE_PX / min_face_px, 1.0)

    def detect(self, image: Image, *, weakest: float | None = None, least: float | None = None) -> list[Face]:
        return self.detect_many([image], weakest=weakest)[0]

    def detect_many(self, images: Sequence[Image], *, weakest: float | None = None) -> list[list[Face]]:
        least = USUAL if weakest is None else weakest
        small = [scaled(_rgb(image), self._scale, int(FACE_PX)) for image in images]
        maps = self._look(np.stack([image for image, _ in small]))
        return [_faces(boxes, ratio) for boxes, (_, ratio) in zip(_boxes(maps, least), small, strict=True)]

    @torch.no_grad()
    def _look(self, images: NDArray[np.uint8]) -> list[Tensor]:
        inputs = torch.from_numpy(images).to(self._device).flip(-1).permute(0, 3, 1, 2).float()
        inputs = inputs - torch.tensor(MEAN, device=self._device)[:, None, None]
        with short(self._device, self._precision):
            return [found.float().cpu() for found in self._net(inputs)]


def _rgb(image: Image) -> Image:
    return image if image.ndim == 3 else np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), np.uint8)


def _boxes(maps: list[Tensor], least: float) -> list[NDArray[np.float64]]:
    """Of each image the boxes and their scores [K, 5], best first."""
    rows: list[list[NDArray[np.float64]]] = [[] for _ in maps[0]]
    for stride, classes, offsets in zip(STRIDES, maps[::2], maps[1::2], strict=True):
        sure = classes.softmax(dim=1)[:, 1].numpy()
        image, y, x = np.nonzero(sure > least)
        off = offsets.numpy()[image, :, y, x].astype(np.float64)
        anchor = 4.0 * stride
        centre = np.stack([x, y], axis=1) * stride + stride / 2 + off[:, :2] * VARIANCES[0] * anchor
        half = anchor * np.exp(np.minimum(off[:, 2:] * VARIANCES[1], 20)) / 2
        found = np.column_stack([centre - half, centre + half, sure[image, y, x]])
        for k, own in enumerate(rows):
            own.append(found[image == k])
    return [_once(np.concatenate(own)) for own in rows]


def _once(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of boxes that overlap, the surest."""
    left = boxes[np.argsort(-boxes[:, 4], kind="stable")[:MOST]]
    kept = []
    while len(left):
        kept.append(left[0])
        left = left[1:][iou_matrix(left[:1, :4], left[1:, :4])[0] <= SAME]
    return np.array(kept).reshape(-1, 5)


def _faces(boxes: NDArray[np.float64], ratio: tuple[float, float]) -> list[Face]:
    x, y = ratio
    return [
        Face((left / x, top / y, right / x, bottom / y), score) for left, top, right, bottom, score in boxes.tolist()
    ]
