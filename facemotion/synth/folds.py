"""Creases that come with an expression, as dimming of the light on the vertices they run through."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.controls import INDEX
from facemotion.synth.headform import bump, step
from facemotion.synth.topology import topology

F32 = NDArray[np.float32]

_CONTROLS: Final = ("smile", "frown", "brow_down", "squint", "upper_lip", "corner_left", "corner_right")


@lru_cache(maxsize=1)
def _fields() -> F32:
    top = topology()
    x, y, _ = top.position.T
    w = np.abs(x)
    front = np.cos(top.domain[:, 0]) > 0.2
    along = step(y, 4.0, 4.8) * (1 - step(y, 6.2, 7.6))
    cheek = np.exp(-(((w - 2.05 - 0.30 * (y - 4.3)) / 0.32) ** 2)) * along
    corner = bump(x, y, 3.05, 7.1, 0.35, 0.6)
    fields = {
        "smile": 0.24 * cheek + 0.20 * corner + 0.16 * bump(x, y, 3.4, 1.15, 1.2, 0.3),
        "frown": 0.24 * bump(x, y, 2.8, 7.9, 0.4, 0.6) + 0.2 * bump(x, y, 0.0, 8.9, 1.0, 0.35),
        "brow_down": 0.34 * bump(x, y, 0.55, -1.7, 0.22, 0.8) + 0.14 * bump(x, y, 2.4, -1.2, 1.4, 0.4),
        "squint": 0.26 * bump(x, y, 3.4, 1.0, 1.3, 0.3) + 0.2 * bump(x, y, 5.2, 0.1, 0.5, 0.5),
        "upper_lip": 0.26 * cheek,
        "corner_left": 0.26 * corner * (x < 0),
        "corner_right": 0.26 * corner * (x > 0),
    }
    return (np.stack([fields[name] for name in _CONTROLS]) * front).astype(np.float32)


def fold_shade(expression: F32) -> F32:
    """Factor on the light at each vertex of the skin."""
    weights = np.clip(np.array([expression[INDEX[name]] for name in _CONTROLS], np.float32), 0, 1)
    return np.asarray(1.0 - np.minimum(weights @ _fields(), 0.6))
