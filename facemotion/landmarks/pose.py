"""A rough head pose from the points of one frame: a stiff generic face under weak perspective."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Millimetres on an average adult face; x to the image's right, y down, z towards the camera. From general
# anthropometry: distances of eye corners, nose bridge and tip, wings, mouth corners.
MODEL: Final[dict[int, tuple[float, float, float]]] = {
    36: (-45.0, 0.0, -14.0), 39: (-16.5, 1.5, 0.0), 42: (16.5, 1.5, 0.0), 45: (45.0, 0.0, -14.0),
    27: (0.0, -5.0, 14.0), 28: (0.0, 10.0, 20.0), 29: (0.0, 24.0, 28.0), 30: (0.0, 37.0, 35.0), 33: (0.0, 48.0, 20.0),
    31: (-14.0, 44.0, 9.0), 35: (14.0, 44.0, 9.0), 48: (-26.0, 75.0, 3.0), 54: (26.0, 75.0, 3.0),
}  # fmt: skip
_INDEX: Final = tuple(MODEL)
_CENTRED: Final = np.array([MODEL[k] for k in _INDEX]) - np.mean([MODEL[k] for k in _INDEX], axis=0)
_SOLVE: Final = np.linalg.pinv(_CENTRED)


def head_pose(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Degrees (yaw, pitch, roll) [..., 3] of points [..., 68 or 70, 2] in pixels: yaw to the image's right, pitch down
    and roll clockwise are positive."""
    seen = np.asarray(points, np.float64)[..., _INDEX, :]
    seen = seen - seen.mean(axis=-2, keepdims=True)
    rows = np.einsum("kn,...nc->...ck", _SOLVE, seen)  # [..., 2, 3]: the first two rows of scale x rotation
    right, down = rows[..., 0, :], rows[..., 1, :]
    forward = np.cross(right, down)
    forward /= np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-12)
    scale = np.maximum((np.linalg.norm(right, axis=-1) + np.linalg.norm(down, axis=-1)) / 2, 1e-12)
    yaw = np.arctan2(right[..., 2] / scale, forward[..., 2])
    pitch = np.arcsin(np.clip(down[..., 2] / scale, -1, 1))
    roll = np.arctan2(down[..., 0] - right[..., 1], right[..., 0] + down[..., 1])
    return np.asarray(np.degrees(np.stack([yaw, pitch, roll], axis=-1)), np.float64)
