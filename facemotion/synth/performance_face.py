"""What a face does besides talking: blinks, glances, smiles, frowns and brows."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from facemotion.synth.easing import Keys

MIN_BLINKS_PER_MINUTE: Final = 8.0
MAX_BLINKS_PER_MINUTE: Final = 25.0


@dataclass(frozen=True)
class Blink:
    """Lids start to close at `start`, are down for `hold` seconds, and open again more slowly than they closed."""

    start: float
    close: float
    hold: float
    open: float
    left: float  # how far each lid closes, 0..1
    right: float

    @property
    def end(self) -> float:
        return self.start + self.close + self.hold + self.open


def blink_times(rng: np.random.Generator, until: float) -> list[Blink]:
    """Blinks at a human rate, irregular, now and then double, half or with one eye."""
    rate = float(np.clip(np.exp(rng.normal(np.log(15.0), 0.3)), MIN_BLINKS_PER_MINUTE + 1, MAX_BLINKS_PER_MINUTE - 4))
    mean = 60.0 / rate
    sigma = 0.55
    time = float(rng.uniform(0.1, 1.0)) * mean
    blinks: list[Blink] = []
    while time < until:
        kind = rng.random()
        left = right = 1.0
        if kind < 0.08:
            left = right = float(rng.uniform(0.45, 0.75))
        elif kind < 0.10:
            left, right = (1.0, 0.12) if rng.random() < 0.5 else (0.12, 1.0)
        close, hold, opening = rng.uniform((0.055, 0.045, 0.10), (0.095, 0.075, 0.22))
        blinks.append(Blink(time, float(close), float(hold), float(opening), left, right))
        double = rng.random() < 0.06
        gap = float(rng.lognormal(np.log(mean) - sigma**2 / 2, sigma))
        time = blinks[-1].end + (float(rng.uniform(0.12, 0.3)) if double else max(0.5, gap - 0.3))
    return blinks


def lids(blinks: list[Blink]) -> Keys:
    """Closing of the (left, right) lid by blinks alone."""
    keys = Keys((0.0, 0.0))
    for blink in blinks:
        down = (blink.left, blink.right)
        keys.hold_until(blink.start)
        keys.add(blink.start + blink.close, down)
        keys.add(blink.start + blink.close + blink.hold, down)
        keys.add(blink.end, (0.0, 0.0))
    return keys


def glances(rng: np.random.Generator, until: float) -> Keys:
    """(gaze_x, gaze_y) of fixations joined by saccades of some hundredths of a second."""
    wander = rng.uniform(0.7, 1.3)
    keys = Keys(rng.normal((0.0, 0.0), (0.05, 0.03)))
    time = float(rng.uniform(0.2, 1.5))
    while time < until:
        keys.hold_until(time)
        away = rng.random() < 0.45
        spread = np.array((0.38, 0.22)) * wander if away else np.array((0.07, 0.05))
        target = np.clip(rng.normal((0.0, 0.04), spread), -0.9, 0.9)
        duration = 0.028 + 0.045 * float(np.linalg.norm(target - keys.last))
        keys.add(time + duration, target)
        time += duration + float(np.clip(rng.lognormal(np.log(0.6 if away else 1.1), 0.5), 0.25, 4.0))
    return keys


# Columns of a mood: what it adds at full strength.
MOOD: Final = ("smile", "frown", "brow_inner_up", "brow_outer_up", "brow_down", "squint", "cheek_puff")
_MOODS: Final[dict[str, tuple[float, dict[str, float]]]] = {
    "smile": (0.30, {"smile": 1.0, "squint": 0.45, "brow_outer_up": 0.10}),
    "half smile": (0.20, {"smile": 0.45, "squint": 0.10}),
    "frown": (0.12, {"frown": 0.8, "brow_down": 0.55, "squint": 0.2}),
    "worry": (0.10, {"brow_inner_up": 0.9, "frown": 0.35}),
    "surprise": (0.08, {"brow_inner_up": 0.8, "brow_outer_up": 0.9}),
    "doubt": (0.10, {"brow_down": 0.7, "squint": 0.5}),
    "puff": (0.03, {"cheek_puff": 0.7}),
    "calm": (0.07, {}),
}


def moods(rng: np.random.Generator, liveliness: float, until: float) -> Keys:
    """Envelopes over MOOD, one mood at a time, each of one to several seconds."""
    weights = np.array([weight for weight, _ in _MOODS.values()])
    shapes = [shape for _, shape in _MOODS.values()]
    rest = np.zeros(len(MOOD))
    rest[MOOD.index("smile")] = rng.uniform(0.0, 0.2)
    keys = Keys(rest)
    time = float(rng.uniform(0.0, 2.5))
    while time < until:
        shape = shapes[int(rng.choice(len(shapes), p=weights / weights.sum()))]
        strength = float(np.clip(rng.uniform(0.5, 1.0) * (0.6 + 0.4 * liveliness), 0.0, 1.0))
        target = np.array([shape.get(name, 0.0) for name in MOOD]) * strength
        attack, hold, release = rng.uniform((0.25, 0.3, 0.35), (0.6, 2.2, 0.9))
        keys.hold_until(time)
        keys.add(time + attack, np.maximum(target, rest * 0.5))
        keys.add(time + attack + hold, keys.last)
        time += float(attack + hold + release)
        keys.add(time, rest)
        time += float(rng.exponential(2.2 / liveliness) + 0.1)
    return keys


def brow_flashes(rng: np.random.Generator, liveliness: float, until: float) -> Keys:
    """(inner, outer) raise of the brows on stressed words: short and often."""
    keys = Keys((0.0, 0.0))
    time = float(rng.uniform(0.0, 2.0))
    while time < until:
        height = float(rng.uniform(0.2, 0.75)) * min(1.0, 0.5 + 0.5 * liveliness)
        inner, outer = height * rng.uniform(0.6, 1.0, 2)
        up, hold, down = rng.uniform((0.12, 0.04, 0.18), (0.22, 0.35, 0.40))
        keys.hold_until(time)
        keys.add(time + up, (inner, outer))
        keys.add(time + up + hold, (inner, outer))
        time += float(up + hold + down)
        keys.add(time, (0.0, 0.0))
        time += float(rng.exponential(2.6 / liveliness) + 0.15)
    return keys
