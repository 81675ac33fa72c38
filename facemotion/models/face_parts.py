"""Landmarks as models take them: in parts, and those of fine motion first."""

from typing import Final

from facemotion.landmarks.layout import EYES, GROUPS, LIPS, N_POINTS, RIGID

# Each has an affine map of its own; the first is the head's.
PARTS: Final[tuple[tuple[int, ...], ...]] = (
    RIGID, GROUPS["jaw"][:6], GROUPS["jaw"][6:11], GROUPS["jaw"][11:], GROUPS["brow_left"], GROUPS["brow_right"],
    GROUPS["nose"], GROUPS["eye_left"], GROUPS["eye_right"], LIPS,
)  # fmt: skip
# What moves with the head but lies behind the face, and slides against it as the head turns: places in the frame of the
# usual face, z towards the camera, and whether they turn with the head or, the neck, are merely carried along.
BEHIND: Final[tuple[tuple[tuple[float, float, float], bool], ...]] = (
    ((0.0, -0.4, -0.5), True), ((0.0, -0.4, -1.1), True), ((0.0, 1.75, -1.1), False),
)  # fmt: skip
# Lids, lips and pupils, which finer motion is about, before all others.
DETAIL: Final = EYES + GROUPS["pupils"] + LIPS
# What is looked for in windows at eyes and mouth: lids and pupil; the lips' inner edge, then most of the outer one.
CLOSE: Final[tuple[tuple[int, ...], ...]] = (
    (*GROUPS["eye_left"], 68), (*GROUPS["eye_right"], 69), (60, 61, 62, 63, 64, 65, 66, 67, 50, 51, 52, 56, 57, 58),
)  # fmt: skip
ORDER: Final = DETAIL + tuple(point for point in range(N_POINTS) if point not in DETAIL)
# Parts that move by themselves, each a candidate of the coarse motion: (points, how far around one of them its motion
# is believed, in distances of the outer corners of the eyes).
MOVING: Final[tuple[tuple[tuple[int, ...], float], ...]] = (
    (GROUPS["jaw"], 0.2), (GROUPS["brow_left"], 0.12), (GROUPS["brow_right"], 0.12), (GROUPS["nose"], 0.12),
    (GROUPS["eye_left"], 0.06), (GROUPS["eye_right"], 0.06), (GROUPS["pupils"][:1], 0.05), (GROUPS["pupils"][1:], 0.05),
    (LIPS, 0.08),
)  # fmt: skip
