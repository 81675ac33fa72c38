"""Lights of a shot: a key, a fill opposite, sometimes a rim, sky and ground; bounded, so that faces stay faces."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


def _towards(azimuth: float, elevation: float) -> tuple[float, float, float]:
    """Unit direction to a light: degrees right of and above the camera, seen from the face (camera frame)."""
    a, e = np.radians(azimuth), np.radians(elevation)
    return float(np.sin(a) * np.cos(e)), float(-np.sin(e)), float(-np.cos(a) * np.cos(e))


@dataclass(frozen=True)
class Lighting:
    """directions [L, 3] point from the scene to each light (camera frame); colours [L, 3] are linear; key first."""

    directions: F32
    colours: F32
    sky: F32
    ground: F32

    @classmethod
    def studio(cls) -> Self:
        """Soft and frontal."""
        return cls._of(((-28.0, 30.0, 0.50), (35.0, 10.0, 0.24), (150.0, 30.0, 0.20)), np.ones(3), np.ones(3), 0.40)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Self:
        side = rng.choice([-1.0, 1.0])
        key, fill, ambient = (float(rng.uniform(*r)) for r in ((0.36, 0.56), (0.20, 0.34), (0.32, 0.46)))
        rim = float(rng.choice([0.0, rng.uniform(0.1, 0.45)]))
        warm = rng.normal(0.0, 0.045)
        cool = -0.6 * warm + rng.normal(0.0, 0.025)
        # However the lamps share it out, the face ends up about equally bright and not burnt out.
        exposure = float(rng.uniform(0.86, 1.04)) / (0.85 * key + 0.75 * fill + 0.85 * ambient)
        lamps = (
            (side * rng.uniform(5, 42), rng.uniform(12, 42), key * exposure),
            (-side * rng.uniform(20, 55), rng.uniform(-5, 20), fill * exposure),
            (-side * rng.uniform(125, 165), rng.uniform(10, 45), rim * exposure),
        )
        tint = np.array([1 + warm, 1.0, 1 - 1.2 * warm])
        return cls._of(lamps, tint, np.array([1 + cool, 1.0, 1 - 1.2 * cool]), ambient * exposure)

    @classmethod
    def _of(
        cls,
        lamps: tuple[tuple[float, float, float], ...],
        tint: NDArray[np.float64],
        other: NDArray[np.float64],
        ambient: float,
    ) -> Self:
        directions = np.array([_towards(a, e) for a, e, _ in lamps], np.float32)
        colours = np.array([p * (tint if i == 0 else other) for i, (_, _, p) in enumerate(lamps)], np.float32)
        sky = (ambient * other).astype(np.float32)
        return cls(directions, colours, sky, (0.62 * sky * [1.03, 0.98, 0.95]).astype(np.float32))
