"""How another person moved since a start, done to the reference's own keypoints: relative motion, as FOMM has it."""

from torch import Tensor

from facemotion.models import affine
from facemotion.models.keypoints import Keypoints


def relative(reference: Keypoints, start: Keypoints, driving: Keypoints, scale: Tensor | float = 1.0) -> Keypoints:
    """Where the reference's keypoints go: each moves as the driver's did between `start` and `driving`, `scale` times
    as far ([B, 1, 1], or a number), and turns and stretches as that one did."""
    moved = scale * (driving.points - start.points)
    changed = affine.product(driving.jacobians, affine.inverse(start.jacobians))
    return Keypoints(reference.points + moved, affine.product(changed, reference.jacobians))


def size_ratio(reference: Keypoints, start: Keypoints) -> Tensor:
    """How much larger the reference's face is than the driver's at the start [B, 1, 1], by the spread of the points."""
    return _spread(reference.points) / _spread(start.points).clamp(min=1e-6)


def _spread(points: Tensor) -> Tensor:
    return (points - points.mean(1, keepdim=True)).square().sum(-1).mean(1).sqrt()[:, None, None]
