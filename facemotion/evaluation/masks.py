"""How well a model's masks agree with the true ones: intersection over union, on pixels where the truth is known."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation.images import SCALE
from facemotion.evaluation.true_areas import Mask

HALF: Final = 0.5

Map = NDArray[np.floating]


def occlusion_iou(logits: Map, seen: Mask, known: Mask) -> float:
    """Of what the reference does not show, against where the warp is trusted less than half; `logits` [h, h] or
    [1, h, h] at any size, high where it is trusted. NaN where nothing is hidden and nothing said to be."""
    trust = 1 / (1 + np.exp(-np.clip(np.asarray(logits, np.float64), -50, 50)))
    return iou(at_scale(trust) < HALF, ~seen, known)


def foreground_iou(predicted: Map, own: Mask, known: Mask) -> float:
    """Of the clip's person; `predicted` [h, h] or [1, h, h] in 0..1 at any size. Other people, who move too but are not
    driven, are to be left out of `known`."""
    return iou(at_scale(predicted) >= HALF, own, known)


def iou(predicted: Mask, true: Mask, known: Mask) -> float:
    whole = int(((predicted | true) & known).sum())
    return int((predicted & true & known).sum()) / whole if whole else float("nan")


def at_scale(values: Map) -> NDArray[np.float32]:
    """A square map at SCALE: bilinear where it grows, areas where it shrinks."""
    plane = np.asarray(values, np.float32).reshape(values.shape[-2], values.shape[-1])
    how = cv2.INTER_AREA if plane.shape[0] > SCALE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, (SCALE, SCALE), interpolation=how), np.float32)
