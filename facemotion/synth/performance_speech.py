"""Speech-like mouths: phrases of syllables at 3 to 7 a second, and the pauses between them."""

from typing import Final

import numpy as np

from facemotion.synth.easing import Keys, Times

MOUTH: Final = (
    "jaw_open",
    "jaw_side",
    "corner_left",
    "corner_right",
    "pucker",
    "funnel",
    "press",
    "upper_lip",
    "lower_lip",
    "cheek_puff",
)
MIN_SYLLABLE_HZ: Final = 3.0
MAX_SYLLABLE_HZ: Final = 7.0

_REST: Final[dict[str, float]] = {}
# name: (how often, mouth). A vowel opens the mouth, a consonant closes or shapes it on the way.
_VOWELS: Final[dict[str, tuple[float, dict[str, float]]]] = {
    "ah": (0.24, {"jaw_open": 0.85, "lower_lip": 0.30, "upper_lip": 0.12}),
    "eh": (0.24, {"jaw_open": 0.52, "corner": 0.32, "lower_lip": 0.35, "upper_lip": 0.22}),
    "ee": (0.20, {"jaw_open": 0.24, "corner": 0.62, "lower_lip": 0.40, "upper_lip": 0.25}),
    "oh": (0.18, {"jaw_open": 0.58, "funnel": 0.55, "pucker": 0.25}),
    "oo": (0.14, {"jaw_open": 0.24, "funnel": 0.25, "pucker": 0.85}),
}
_CONSONANTS: Final[dict[str, tuple[float, dict[str, float]]]] = {
    "m": (0.24, {"press": 0.60}),
    "p": (0.08, {"press": 0.75, "cheek_puff": 0.30}),
    "f": (0.10, {"jaw_open": 0.07, "upper_lip": 0.30, "press": 0.25}),
    "t": (0.28, {"jaw_open": 0.12, "corner": 0.22, "lower_lip": 0.18}),
    "k": (0.16, {"jaw_open": 0.24, "lower_lip": 0.10}),
    "sh": (0.07, {"jaw_open": 0.12, "funnel": 0.55, "pucker": 0.20}),
    "w": (0.07, {"jaw_open": 0.10, "pucker": 0.80}),
}


def _mouth(shape: dict[str, float], amount: float, lopsided: float) -> Times:
    """A viseme as a vector over MOUTH; `lopsided` in -1..1 favours one corner."""
    row = np.zeros(len(MOUTH))
    for name, value in shape.items():
        if name == "corner":
            row[MOUTH.index("corner_left")] = value * (1.0 - 0.35 * lopsided)
            row[MOUTH.index("corner_right")] = value * (1.0 + 0.35 * lopsided)
        else:
            row[MOUTH.index(name)] = value
    row[MOUTH.index("jaw_side")] = 0.12 * lopsided * row[MOUTH.index("jaw_open")]
    return np.clip(row * amount, -1.0, 1.0)


def _pick(rng: np.random.Generator, table: dict[str, tuple[float, dict[str, float]]]) -> tuple[str, dict[str, float]]:
    weights = np.array([weight for weight, _ in table.values()])
    name = list(table)[int(rng.choice(len(weights), p=weights / weights.sum()))]
    return name, table[name][1]


class Speaker:
    """How one performer talks: how fast, how wide, how much."""

    def __init__(self, rng: np.random.Generator, liveliness: float) -> None:
        self.rng = rng
        self.rate = float(np.clip(rng.normal(4.7, 0.7), 3.4, 6.4))
        self.width = float(np.clip(rng.normal(0.82, 0.12) * (0.75 + 0.25 * liveliness), 0.55, 1.15))
        self.lopsided = float(rng.uniform(-1, 1))
        self.listens = bool(rng.random() < 0.12)

    def track(self, until: float) -> Keys:
        keys = Keys(_mouth(_REST, 0.0, 0.0))
        time = float(self.rng.uniform(1.0, 3.0) if self.listens else self.rng.uniform(0.05, 0.7))
        while time < until:
            keys.hold_until(time)
            time = self._phrase(keys, time)
            time += self._pause()
        return keys

    def _pause(self) -> float:
        if self.listens or self.rng.random() < 0.15:
            return float(self.rng.uniform(1.2, 3.0))
        return float(self.rng.uniform(0.18, 0.8))

    def _phrase(self, keys: Keys, time: float) -> float:
        """Add one phrase from `time` on; returns when the mouth is at rest again."""
        rng = self.rng
        rate = np.clip(self.rate * rng.lognormal(0.0, 0.12), MIN_SYLLABLE_HZ * 1.1, MAX_SYLLABLE_HZ / 1.1)
        # Fast speech does not reach its targets.
        reach = self.width * min(1.1, np.sqrt(4.7 / rate))
        for _ in range(int(rng.integers(3, 15))):
            period = 1.0 / np.clip(rate * rng.uniform(0.85, 1.18), MIN_SYLLABLE_HZ, MAX_SYLLABLE_HZ)
            stress = 1.2 if rng.random() < 0.3 else rng.uniform(0.65, 0.95)
            name, consonant = _pick(rng, _CONSONANTS)
            closing = 1.0 if name in ("m", "p") else reach
            keys.add(time + 0.30 * period, _mouth(consonant, closing, self.lopsided))
            if name in ("m", "p"):
                # Lips that meet stay together for a moment, long enough for one frame to see it.
                keys.add(time + 0.30 * period + 0.028, keys.last)
            _, vowel = _pick(rng, _VOWELS)
            keys.add(time + 0.72 * period, _mouth(vowel, reach * stress, self.lopsided))
            time += period
        rest = _mouth({"press": 0.35}, 1.0, 0.0) if rng.random() < 0.25 else _mouth(_REST, 0.0, 0.0)
        time += float(rng.uniform(0.10, 0.22))
        keys.add(time, rest)
        return time
