"""What moves a synthetic person: expression controls and head pose. A performance is these over time,
apart from who performs it, so any person can perform any performance."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Each runs 0..1 (0 = neutral) but those in SIGNED, which run -1..1.
# "left" and "right" are sides of the image of an unturned face, as in landmarks/layout.py.
EXPRESSIONS: Final = (
    "jaw_open",
    "jaw_side",  # +1: towards the image's right
    "corner_left",  # the corner pulled outwards
    "corner_right",
    "smile",
    "frown",
    "pucker",
    "funnel",
    "press",
    "upper_lip",  # raised
    "lower_lip",  # lowered
    "cheek_puff",
    "brow_inner_up",
    "brow_outer_up",
    "brow_down",
    "lid_left",  # 1 = closed
    "lid_right",
    "squint",
    "gaze_x",  # +1: eyes towards the image's right, 30 degrees
    "gaze_y",  # +1: eyes down, 25 degrees
)
SIGNED: Final = frozenset({"jaw_side", "gaze_x", "gaze_y"})
INDEX: Final = {name: i for i, name in enumerate(EXPRESSIONS)}
N_EXPRESSIONS: Final = len(EXPRESSIONS)

MAX_YAW: Final = 45.0
MAX_PITCH: Final = 25.0
MAX_ROLL: Final = 20.0

# Columns of a pose array. Angles in degrees: yaw > 0 turns the nose towards the image's right,
# pitch > 0 lowers the nose, roll > 0 tilts clockwise as the viewer sees it. Translations in face heights
# (brow to chin): x right, y down, z away from the camera.
POSE: Final = ("yaw", "pitch", "roll", "tx", "ty", "tz")


@dataclass(frozen=True)
class Performance:
    """expression [T, N_EXPRESSIONS] and pose [T, 6] at a constant frame rate."""

    expression: Floats
    pose: Floats

    def __len__(self) -> int:
        return len(self.pose)


def neutral_expression() -> Floats:
    return np.zeros(N_EXPRESSIONS, np.float32)
