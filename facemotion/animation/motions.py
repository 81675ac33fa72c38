"""The options of motion that people know: whose face is meant, how much of it moves, and how far. Points [T, 70, 2] are
normalised in their crops."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from facemotion.errors import FacemotionError
from facemotion.landmarks.layout import BROWS, EYES, GROUPS, LIPS, N_IBUG, RIGID
from facemotion.landmarks.retarget import Scale, best_match, retargeted
from facemotion.landmarks.scores import LIDS, eye_distance, opening

Floats = NDArray[np.float64]
Way = Literal["auto", "relative", "absolute"]
Region = Literal["all", "lips", "eyes", "pose", "expression"]

CHIN: Final = GROUPS["jaw"][4:13]
LIDDED: Final = [*EYES, *GROUPS["pupils"]]
_EYES: Final = EYES + BROWS + GROUPS["pupils"]
# What moves by itself, by region; the rest goes with the head as it rests in the reference.
MOVES: Final[dict[str, tuple[int, ...]]] = {
    "lips": LIPS + CHIN,
    "eyes": _EYES,
    "expression": LIPS + CHIN + _EYES,
}
# What tells how the head is turned.
STIFF: Final = tuple(point for point in RIGID if point < N_IBUG)
HEAD: Final = GROUPS["nose"] + GROUPS["jaw"][:4] + GROUPS["jaw"][13:]
LID_EDGES: Final = ([37, 38], [40, 41]), ([43, 44], [46, 47])
# How open, in distances of the outer corners of the eyes, dlib finds an eye that is shut; what share of frames show
# less than a usual opening; how much of a blink the upper lid does.
SHUT: Final = 0.033
USUAL: Final = 60.0
UPPER: Final = 0.9
STRENGTHS: Final = (0.0, 3.0)


@dataclass(frozen=True)
class MotionOptions:
    """`way`: absolute takes the driver's landmarks as they lie in their crop; relative does to the reference what the
    driver did since a start; auto is relative, but absolute where the reference is of the driving video itself.
    `best_frame`: the start is the frame most like the reference, not the first. `smooth`: of the landmarks, 1 as in
    training, 0 off."""

    way: Way = "auto"
    scale: Scale = "auto"
    best_frame: bool = True
    strength: float = 1.0
    region: Region = "all"
    smooth: float = 1.0

    def __post_init__(self) -> None:
        if not STRENGTHS[0] <= self.strength <= STRENGTHS[1]:
            raise FacemotionError(f"strength is {self.strength:g}: say 0 to {STRENGTHS[1]:g}, 1 being as driven")
        if not 0 <= self.smooth <= 100:
            raise FacemotionError(f"smooth is {self.smooth:g}: say 0 (off) to 100, 1 being as in training")


def start_of(reference: Floats, driving: Floats, best_frame: bool) -> int:
    """The driver's frame that the reference [70, 2] stands for."""
    return best_match(reference, driving) if best_frame else 0


def moved(reference: Floats, driving: Floats, zero: int | None, options: MotionOptions) -> Floats:
    """Where the reference's points [70, 2] go in each of the driver's frames. `zero`: the driver's start, None for
    motion that is absolute."""
    wanted = driving
    if zero is not None:
        shutting = blinking(driving)
        wanted = retargeted(reference, shutting[zero], shutting, options.scale)
    if options.region != "all":
        wanted = _of_region(reference, wanted, options.region)
    if options.strength != 1.0:
        wanted = reference + options.strength * (wanted - reference)
    return np.asarray(wanted, np.float64)


def _of_region(reference: Floats, wanted: Floats, region: Region) -> Floats:
    """All else rests. The head's motion is an affine map, which also tells most of a turn."""
    matrix, shift = head(reference, wanted)
    if region == "pose":
        made = np.einsum("tij,kj->tki", matrix, reference) + shift[:, None]
        made[:, HEAD] = wanted[:, HEAD]
        return np.asarray(made, np.float64)
    there = np.einsum("tij,tkj->tki", np.linalg.inv(matrix), wanted - shift[:, None])
    made = np.repeat(reference[None], len(wanted), axis=0)
    which = list(MOVES[region])
    made[:, which] = there[:, which]
    return np.asarray(made, np.float64)


def eyes_at_rest(reference: Floats, wanted: Floats) -> Floats:
    """Eyes go with the head, as they are in the reference: where none can be seen, what is found of them is chance."""
    matrix, shift = head(reference, wanted)
    made = wanted.copy()
    made[:, LIDDED] = np.einsum("tij,kj->tki", matrix, reference[LIDDED]) + shift[:, None]
    return made


def head(reference: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """The affine map, matrix [T, 2, 2] and shift [T, 2], nearest to how the stiff points went."""
    start, now = reference[list(STIFF)], wanted[:, list(STIFF)]
    middle, there = start.mean(0), now.mean(1)
    matrix = np.einsum("tki,jk->tij", now - there[:, None], np.linalg.pinv(start - middle))
    return matrix, there - np.einsum("tij,j->ti", matrix, middle)


def blinking(driving: Floats) -> Floats:
    """The driver's points [T, 70, 2] with lids that shut where they do: landmarkers take a shut eye for one still a
    little open."""
    made = driving.copy()
    unit = np.maximum(eye_distance(driving), 1e-9)
    for lid, (upper, lower) in zip(LIDS, LID_EDGES, strict=True):
        open_now = opening(driving, lid) / unit
        usual = float(np.nanpercentile(open_now, USUAL)) if np.isfinite(open_now).any() else 0.0
        if usual < 2 * SHUT:
            continue
        wanted = usual * np.clip((open_now - SHUT) / (usual - SHUT), 0, None)
        line = driving[:, lid.corners[1]] - driving[:, lid.corners[0]]
        down = np.stack([-line[:, 1], line[:, 0]], 1) / np.maximum(np.linalg.norm(line, axis=1), 1e-9)[:, None]
        short = np.where(open_now < usual, (open_now - wanted) * unit, 0.0)
        # The upper lid does most of it.
        made[:, upper] += (UPPER * short)[:, None, None] * down[:, None]
        made[:, lower] -= ((1 - UPPER) * short)[:, None, None] * down[:, None]
    return made
