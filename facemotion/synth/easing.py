"""Motion through keys: each move starts and ends at rest, so sampled motion has no jitter at any frame rate."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

Times = NDArray[np.float64]


def minimum_jerk(u: Times) -> Times:
    """0..1 to 0..1 with no velocity and no acceleration at either end."""
    return u * u * u * (10.0 + u * (6.0 * u - 15.0))


def soft_limit(x: Times, limit: float) -> Times:
    """Nearly x up to half the limit, never beyond +-limit, and smooth in between."""
    return x / (1.0 + (x / limit) ** 4) ** 0.25


@dataclass
class Keys:
    """Values to be reached at given seconds. A hold is two keys of the same value."""

    start: ArrayLike
    times: list[float] = field(default_factory=list)
    values: list[NDArray[np.float64]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.times.append(-1.0)
        self.values.append(np.asarray(self.start, np.float64))

    @property
    def last(self) -> NDArray[np.float64]:
        return self.values[-1]

    def add(self, time: float, value: ArrayLike) -> None:
        if time <= self.times[-1]:
            raise ValueError(f"key at {time:.3f} s is not after the last one at {self.times[-1]:.3f} s")
        self.times.append(float(time))
        self.values.append(np.asarray(value, np.float64))

    def hold_until(self, time: float) -> None:
        """Stay at the last value until `time`; nothing where the last key is already later."""
        if time > self.times[-1]:
            self.add(time, self.last)

    def at(self, times: Times) -> Times:
        """Values [T, ...] at seconds [T]; beyond the last key its value stays."""
        if len(self.times) == 1:
            return np.repeat(self.last[None], len(times), axis=0)
        keys = np.asarray(self.times)
        values = np.stack(self.values)
        right = np.clip(np.searchsorted(keys, times, side="right"), 1, len(keys) - 1)
        span = keys[right] - keys[right - 1]
        u = minimum_jerk(np.clip((times - keys[right - 1]) / span, 0.0, 1.0))
        u = u.reshape(u.shape + (1,) * (values.ndim - 1))
        return values[right - 1] * (1.0 - u) + values[right] * u


@dataclass(frozen=True)
class Sway:
    """A slow wander: a few sines of unrelated periods."""

    amplitude: NDArray[np.float64]
    frequency: NDArray[np.float64]
    phase: NDArray[np.float64]

    @classmethod
    def sample(cls, rng: np.random.Generator, amplitude: float, frequencies: Sequence[float]) -> "Sway":
        """Root mean square `amplitude`; each frequency in hertz varies by a quarter."""
        n = len(frequencies)
        weights = rng.uniform(0.5, 1.0, n)
        weights *= amplitude * np.sqrt(2.0) / np.linalg.norm(weights)
        return cls(weights, np.asarray(frequencies) * rng.uniform(0.75, 1.25, n), rng.uniform(0, 2 * np.pi, n))

    def at(self, times: Times) -> Times:
        return np.sin(2 * np.pi * self.frequency * times[:, None] + self.phase) @ self.amplitude
