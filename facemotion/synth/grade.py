"""From rendered light to what a cheap camera keeps: white balance, exposure drift, vignette, softness, noise."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.easing import Sway

Image = NDArray[np.uint8]

_NOISE_SIZE: Final = 1 << 18


@dataclass(frozen=True)
class Grade:
    """How one shot is exposed. Noise and levels in 0..255 units, softness as the sigma of a blur in pixels."""

    seed: int
    white: tuple[float, float, float] = (1.0, 1.0, 1.0)
    exposure: float = 1.0
    drift: float = 0.0
    vignette: float = 0.0
    noise: float = 0.0
    softness: float = 0.0

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Grade":
        warmth = float(np.clip(rng.normal(0.0, 0.035), -0.08, 0.08))
        tint = float(np.clip(rng.normal(0.0, 0.012), -0.03, 0.03))
        return cls(
            seed=int(rng.integers(2**31)),
            white=(1.0 + warmth, 1.0 - tint, 1.0 - warmth),
            exposure=float(np.clip(rng.normal(1.0, 0.06), 0.85, 1.12)),
            drift=float(rng.uniform(0.0, 0.022)),
            vignette=float(rng.uniform(0.0, 0.22)),
            noise=float(np.clip(rng.lognormal(np.log(1.6), 0.5), 0.4, 4.5)),
            softness=float(rng.choice((0.0, 0.45, 0.6, 0.75), p=(0.35, 0.3, 0.2, 0.15))),
        )

    def exposure_at(self, time: float) -> float:
        """Exposure at `time` seconds of the shot: it wanders as automatic exposure does."""
        rng = np.random.default_rng([self.seed, 1])
        return self.exposure * (1.0 + float(Sway.sample(rng, self.drift, (0.08, 0.19)).at(np.array([time]))[0]))


@lru_cache(maxsize=1)
def _noise_table() -> NDArray[np.float32]:
    """Unit normal noise, read from a random place in every row, which costs less than drawing it afresh."""
    return np.random.default_rng(20_011).standard_normal(_NOISE_SIZE).astype(np.float32)


@numba.njit(cache=True)
def _develop(
    image: NDArray[np.uint8],
    gain: NDArray[np.float32],
    vignette: float,
    noise: NDArray[np.float32],
    sigma: float,
    offsets: NDArray[np.int64],
) -> None:
    height, width, _ = image.shape
    mask = len(noise) - 1
    half_width, half_height = 0.5 * (width - 1), 0.5 * (height - 1)
    # A dark pixel of a sensor is noisier after the gamma curve than a bright one.
    levels = np.empty(256, np.float32)
    for level in range(256):
        levels[level] = sigma * (1.25 - 0.6 * level / 255.0)
    columns = np.empty(width, np.float32)
    for x in range(width):
        columns[x] = 0.5 * vignette * ((x - half_width) / half_width) ** 2
    for y in range(height):
        row = 1.0 - 0.5 * vignette * ((y - half_height) / half_height) ** 2
        at = offsets[y]
        for x in range(width):
            shade = np.float32(row - columns[x])
            for channel in range(3):
                level = image[y, x, channel]
                value = level * gain[channel] * shade + levels[level] * noise[at & mask] + np.float32(0.5)
                at += 1
                image[y, x, channel] = np.uint8(min(max(value, np.float32(0.0)), np.float32(255.0)))


def develop(image: Image, grade: Grade, time: float, frame: int) -> Image:
    """The filmed frame number `frame` of a shot, `time` seconds into it, from the rendered `image`."""
    soft = cv2.GaussianBlur(image, (5, 5), grade.softness) if grade.softness > 0 else image.copy()
    gain = np.asarray(grade.white, np.float32) * np.float32(grade.exposure_at(time))
    offsets = np.random.default_rng([grade.seed, 2, frame]).integers(0, _NOISE_SIZE, len(image))
    _develop(soft, gain, grade.vignette, _noise_table(), grade.noise, offsets)
    return soft
