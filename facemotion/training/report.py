"""Where a training tells what it does while it runs. The caller may put any record behind it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Reporter(Protocol):
    def metrics(self, rows: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        """Values by step, several steps at once."""

    def picture(self, step: int, name: str, image: NDArray[np.uint8]) -> None:
        """RGB [H, W, 3]."""


class Silent:
    def metrics(self, rows: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        pass

    def picture(self, step: int, name: str, image: NDArray[np.uint8]) -> None:
        pass
