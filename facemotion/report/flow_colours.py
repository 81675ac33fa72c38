"""Flows as colours: the hue says whereto in the reference a pixel looks, the saturation how far."""

from typing import Final

import cv2
import numpy as np
from torch import Tensor

from facemotion.evaluation.flows import in_pixels
from facemotion.evaluation.images import SCALE
from facemotion.video import Image

FULL: Final = 32.0  # pixels at SCALE at which colours are full
WHEEL: Final = 96  # pixels a side


def painted(flow: Tensor) -> Image:
    """RGB of a normalised flow [2, h, h], at SCALE."""
    here = np.stack(np.meshgrid(np.arange(float(SCALE)), np.arange(float(SCALE))), axis=-1)
    return colours(in_pixels(flow[None])[0] - here)


def colours(offsets: np.ndarray) -> Image:
    """RGB [H, W, 3] of offsets [H, W, 2] in pixels, (x, y): white where nothing moves."""
    angle = np.degrees(np.arctan2(offsets[..., 1], offsets[..., 0])) % 360
    far = np.minimum(np.linalg.norm(offsets, axis=-1) / FULL, 1)
    hsv = np.stack([angle / 2, 255 * far, np.full_like(far, 255)], axis=-1)
    return np.asarray(cv2.cvtColor(np.rint(hsv).astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def wheel() -> Image:
    """What the colours mean: each place shows the colour of the offset from the middle to it."""
    there = (np.arange(WHEEL) + 0.5) / WHEEL * 2 - 1
    offsets = FULL * np.stack(np.meshgrid(there, there), axis=-1)
    image = colours(offsets)
    image[np.linalg.norm(offsets, axis=-1) > FULL] = 255
    return image


def png(image: Image) -> bytes:
    done, data = cv2.imencode(".png", image[..., ::-1])
    if not done:
        raise ValueError(f"a picture of shape {image.shape} cannot be written as PNG")
    return data.tobytes()
