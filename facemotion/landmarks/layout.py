"""The 68 points of the iBUG / dlib layout and two pupils (68 left in the image, 69 right), by group."""

from typing import Final

N_POINTS: Final = 70
N_IBUG: Final = 68

# "left" and "right" are sides of the image of an unturned face, as in the iBUG drawing:
# point 0 is the jaw's end at the image's left, that is, beside the person's own right ear.
GROUPS: Final[dict[str, tuple[int, ...]]] = {
    "jaw": tuple(range(0, 17)),
    "brow_left": tuple(range(17, 22)),
    "brow_right": tuple(range(22, 27)),
    "nose": tuple(range(27, 36)),
    "eye_left": tuple(range(36, 42)),
    "eye_right": tuple(range(42, 48)),
    "lips_outer": tuple(range(48, 60)),
    "lips_inner": tuple(range(60, 68)),
    "pupils": (68, 69),
}
BROWS: Final = GROUPS["brow_left"] + GROUPS["brow_right"]
EYES: Final = GROUPS["eye_left"] + GROUPS["eye_right"]
LIPS: Final = GROUPS["lips_outer"] + GROUPS["lips_inner"]

# Upper lid, lower lid, facing each other; the opening of an eye is their mean distance.
LID_PAIRS_LEFT: Final = ((37, 41), (38, 40))
LID_PAIRS_RIGHT: Final = ((43, 47), (44, 46))
# Inner upper lip, inner lower lip, facing each other.
LIP_PAIRS: Final = ((61, 67), (62, 66), (63, 65))
MOUTH_CORNERS: Final = (48, 54)

# The outer corners of the eyes: their distance is the unit of NME and of openings.
OUTER_EYES: Final = (36, 45)

# Points that neither speech nor blinks move: brows' ends excluded, jaw excluded.
RIGID: Final = (27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 39, 42, 45)

# What each point becomes when the image is mirrored.
MIRROR: Final[tuple[int, ...]] = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31), *range(35, 30, -1),
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    *range(54, 47, -1), *range(59, 54, -1),
    *range(64, 59, -1), *range(67, 64, -1),
    69, 68,
)  # fmt: skip
