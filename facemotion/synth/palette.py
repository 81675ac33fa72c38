"""Colours of skin, hair and irises, and how they are drawn for a person."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SKIN: Final = ("#f3d3c0", "#ecc5ab", "#e2b291", "#d6a27f", "#bf8a66", "#a06e4c", "#7d5238", "#5c3a28", "#46291d")
_HAIR: Final = {
    "black": "#16120f",
    "dark brown": "#2c1d14",
    "brown": "#4a3020",
    "light brown": "#73502f",
    "auburn": "#6b3018",
    "ginger": "#8f4c22",
    "dark blond": "#94703f",
    "blond": "#c6a162",
    "platinum": "#dfcba0",
}
_IRIS: Final = {
    "dark": "#3a2314",
    "brown": "#5d3a1c",
    "hazel": "#7b6030",
    "green": "#647748",
    "blue": "#5d86a8",
    "grey": "#7d8b93",
}


def rgb(colour: str) -> NDArray[np.float64]:
    """'#rrggbb' to display values 0..1."""
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0


def hex_of(colour: NDArray[np.float64]) -> str:
    return "#" + "".join(f"{int(v):02x}" for v in np.clip(np.round(colour * 255), 0, 255))


def pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    values = np.array(list(weights.values()))
    return list(weights)[int(rng.choice(len(values), p=values / values.sum()))]


def skin_colour(rng: np.random.Generator, tone: float) -> NDArray[np.float64]:
    place = tone * (len(_SKIN) - 1)
    low = min(int(place), len(_SKIN) - 2)
    colour = rgb(_SKIN[low]) * (low + 1 - place) + rgb(_SKIN[low + 1]) * (place - low)
    under = rng.normal(0, 0.016)
    return np.asarray(np.clip(colour * np.array([1 + under, 1.0, 1 - 1.5 * under]), 0, 1))


def hair_colour(rng: np.random.Generator, fair: bool, old: float) -> NDArray[np.float64]:
    if fair:
        choice = {
            "black": 0.5,
            "dark brown": 1.6,
            "brown": 1.8,
            "light brown": 1.3,
            "auburn": 0.5,
            "ginger": 0.4,
            "dark blond": 1.2,
            "blond": 0.9,
            "platinum": 0.2,
        }
    else:
        choice = {"black": 2.4, "dark brown": 1.2, "brown": 0.25}
    colour = rgb(_HAIR[pick(rng, choice)]) * rng.uniform(0.88, 1.12)
    grey = float(np.clip(old * 1.3 - rng.uniform(0.1, 0.9), 0, 1))
    return np.asarray(colour * (1 - grey) + np.array([0.74, 0.73, 0.72]) * grey)


def iris_colour(rng: np.random.Generator, fair: bool) -> NDArray[np.float64]:
    if fair:
        choice = {"dark": 1.0, "brown": 1.0, "hazel": 0.6, "green": 0.35, "blue": 0.9, "grey": 0.4}
    else:
        choice = {"dark": 1.5, "brown": 1.0, "hazel": 0.12}
    return np.asarray(rgb(_IRIS[pick(rng, choice)]) * rng.uniform(0.85, 1.15, 3))
