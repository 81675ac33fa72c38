"""Frechet distance of two sets of images by what a network sees in them: over all frames together, not clip by clip.

Biased upwards where there are few frames: to be compared at equal counts only."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facemotion import weights
from facemotion.evaluation.inception import Inception

Floats = NDArray[np.float64]


def inception(own: Path | None = None) -> Inception | None:
    """None where its weights are not on this machine; they may be in a folder of one's own."""
    path = weights.find(weights.INCEPTION, own)
    return None if path is None else Inception.load(path)


class Moments:
    """Mean and covariance of features that come one after the other; sums of two parts add up."""

    def __init__(self, features: int) -> None:
        self.count, self._sum, self._products = 0, np.zeros(features), np.zeros((features, features))

    def add(self, features: NDArray[np.floating]) -> None:
        """[N, features]."""
        found = np.asarray(features, np.float64)
        self.count += len(found)
        self._sum += found.sum(axis=0)
        self._products += found.T @ found

    def merge(self, other: "Moments") -> None:
        self.count += other.count
        self._sum += other._sum
        self._products += other._products

    @property
    def mean(self) -> Floats:
        return np.asarray(self._sum / self.count, np.float64)

    @property
    def covariance(self) -> Floats:
        return np.asarray((self._products - self.count * np.outer(self.mean, self.mean)) / (self.count - 1), np.float64)


def frechet(one: Moments, other: Moments) -> float:
    """Of the normal distributions with these moments: |m - n|^2 + tr(A + B - 2 (A B)^(1/2))."""
    first, second = one.covariance, other.covariance
    # (A B)^(1/2) has the trace of (a B a)^(1/2) with a = A^(1/2), which is symmetric and needs no complex numbers.
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    shared = np.sqrt(np.clip(np.linalg.eigvalsh(root @ second @ root), 0, None)).sum()
    apart = float(np.square(one.mean - other.mean).sum())
    return max(apart + float(np.trace(first) + np.trace(second) - 2 * shared), 0.0)
