"""The camera of a shot: hand-held sway, a slow pan and a slow zoom, as a map from steady to filmed pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.easing import Sway, Times, soft_limit

Affine = NDArray[np.float64]  # [2, 3], pixels to pixels

# The furthest the picture may shift (of the frame's width) and zoom: backgrounds are painted this much larger.
MAX_SHIFT = 0.10
MAX_ZOOM = 0.10


@dataclass(frozen=True)
class Camera:
    """pan in frame widths a second, zoom in relative size a second, sway in root-mean-square frame widths."""

    seed: int
    pan_x: float = 0.0
    pan_y: float = 0.0
    zoom: float = 0.0
    sway: float = 0.0

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Camera":
        """A tripod, a hand, a slow pan or a slow zoom."""
        seed = int(rng.integers(2**31))
        kind = rng.choice(("tripod", "hand", "pan", "zoom"), p=(0.30, 0.35, 0.18, 0.17))
        if kind == "tripod":
            return cls(seed)
        sway = float(rng.uniform(0.0010, 0.0042)) if kind == "hand" else float(rng.uniform(0.0, 0.0010))
        pan_x = pan_y = zoom = 0.0
        if kind == "pan":
            pan_x = float(rng.choice((-1, 1)) * rng.uniform(0.006, 0.022))
            pan_y = float(rng.normal(0.0, 0.002))
        elif kind == "zoom":
            zoom = float(rng.choice((-1, 1)) * rng.uniform(0.006, 0.020))
        return cls(seed, pan_x, pan_y, zoom, sway)

    def affines(self, times: Times, width: int, height: int) -> Affine:
        """[T, 2, 3]: where a steady pixel (x, y) is filmed at each time. Zooms about the middle of the frame."""
        shift = np.stack((self.pan_x * times, self.pan_y * times), axis=1)
        rng = np.random.default_rng([self.seed, 0])
        for axis in range(2):
            shift[:, axis] += Sway.sample(rng, self.sway, (0.13, 0.31, 0.73, 1.6)).at(times)
        shift = soft_limit(shift, MAX_SHIFT) * width
        scale = 1.0 + soft_limit(self.zoom * times, MAX_ZOOM)
        centre = np.array(((width - 1) / 2, (height - 1) / 2))
        affines = np.zeros((len(times), 2, 3))
        affines[:, 0, 0] = affines[:, 1, 1] = scale
        affines[:, :, 2] = centre * (1.0 - scale[:, None]) + shift
        return affines


def apply(affine: Affine, point: Sequence[float]) -> tuple[float, float]:
    """A point (x, y) in pixels through a [2, 3] affine."""
    x, y = affine[:, :2] @ np.asarray(point, np.float64) + affine[:, 2]
    return float(x), float(y)


def between(to: Affine, source: Affine) -> Affine:
    """The affine from filmed pixels of frame `to` to filmed pixels of frame `source`: backward, as flow is."""
    inverse = np.linalg.inv(to[:, :2])
    linear = source[:, :2] @ inverse
    return np.column_stack((linear, source[:, 2] - linear @ to[:, 2]))
