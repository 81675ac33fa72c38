"""The reference frame again and again, whatever drives it: what a model must beat."""

from torch import Tensor

from facemotion.evaluation.variants import Made
from facemotion.models import grid


class Repeated:
    def __init__(self, size: int) -> None:
        self.size = size

    def make(self, reference: Tensor, driving: Tensor) -> Made:
        still = grid.identity(self.size, reference).expand(len(driving), -1, -1, -1)
        return Made(reference.expand(len(driving), -1, -1, -1), [still])
