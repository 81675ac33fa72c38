"""The reference frame again and again, whatever drives it: what a model must beat."""

from facemotion.evaluation.variants import Made
from facemotion.models import grid
from facemotion.models.face import Face


class Repeated:
    def __init__(self, size: int) -> None:
        self.size = size

    def make(self, reference: Face, driving: Face) -> Made:
        count = len(driving.image)
        image = grid.resize_image(reference.image, self.size)
        return Made(image.expand(count, -1, -1, -1), [grid.identity(self.size, image).expand(count, -1, -1, -1)])
