"""Flows as colours: the hue says whereto in the reference a pixel looks, the saturation how far."""

from typing import Final

import cv2
import numpy as np
from torch import Tensor

from facemotion.evaluation.flows import in_pixels
from facemotion.evaluation.images import SCALE
from facemotion.evaluation.intervals import Floats
from facemotion.video import Image

LEAST_FULL: Final = 4.0  # pixels at SCALE: where nothing moves further, colours stay pale
FULL_SHARE: Final = 0.98  # of the pixels whose colours are told apart
WHEEL: Final = 96  # pixels a side


def offsets(flow: Tensor) -> Floats:
    """How far from itself each pixel looks [SCALE, SCALE, 2], (x, y) in pixels, of a normalised flow [2, h, h]."""
    here = np.stack(np.meshgrid(np.arange(float(SCALE)), np.arange(float(SCALE))), axis=-1)
    return np.asarray(in_pixels(flow[None])[0] - here, np.float64)


def reach(flows: list[Floats]) -> float:
    """The distance at which colours are full, for flows that are shown together."""
    far = float(np.quantile(np.linalg.norm(np.stack(flows), axis=-1), FULL_SHARE))
    return max(round(far, 1), LEAST_FULL)


def colours(offsets: Floats, full: float) -> Image:
    """RGB [H, W, 3] of offsets [H, W, 2]: white where nothing moves."""
    angle = np.degrees(np.arctan2(offsets[..., 1], offsets[..., 0])) % 360
    far = np.minimum(np.linalg.norm(offsets, axis=-1) / full, 1)
    hsv = np.stack([angle / 2, 255 * far, np.full_like(far, 255)], axis=-1)
    return np.asarray(cv2.cvtColor(np.rint(hsv).astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def wheel() -> Image:
    """What the colours mean: each place shows the colour of the offset from the middle to it."""
    there = (np.arange(WHEEL) + 0.5) / WHEEL * 2 - 1
    around = np.stack(np.meshgrid(there, there), axis=-1)
    image = colours(around, 1.0)
    image[np.linalg.norm(around, axis=-1) > 1] = 255
    return image


def png(image: Image) -> bytes:
    done, data = cv2.imencode(".png", image[..., ::-1])
    if not done:
        raise ValueError(f"a picture of shape {image.shape} cannot be written as PNG")
    return data.tobytes()
