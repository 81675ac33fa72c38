"""Every combination of motion, refiner and fusion builds, learns a step, is saved and loaded, and animates."""

from itertools import product
from pathlib import Path
from typing import get_args

import pytest
import torch
from training_toys import config, settings

from facemotion.dataset.augmentation import Batch
from facemotion.models.animator import Animator
from facemotion.models.config import ModelConfig, MotionName
from facemotion.models.weights import load_model, save_model
from facemotion.training.losses import Trainee
from facemotion.training.transforms import NORMALS

MOTIONS = get_args(MotionName)
FUSIONS = get_args(ModelConfig.model_fields["fusion"].annotation)
LOSSES = {"losses__flows": 1.0, "losses__warped": 1.0, "losses__regions": 1.0}


def batch(references: int, size: int = 64) -> Batch:
    rng = torch.Generator().manual_seed(1)
    images = torch.nn.functional.interpolate(torch.rand(2 * (references + 1), 3, 8, 8, generator=rng), size=size)
    images = images.view(2, references + 1, 3, size, size)
    points = torch.rand(2, references + 1, 70, 2, generator=rng) - 0.5
    still = torch.eye(2, 3).expand(2, references + 1, 2, 3)
    return Batch(
        index=torch.arange(2), reference=images[:, 0], driving=images[:, 1], reference_points=points[:, 0],
        driving_points=points[:, 1], told=points[:, 1], reference_camera=still[:, 0], driving_camera=still[:, 1],
        others=images[:, 2:], other_points=points[:, 2:], other_cameras=still[:, 2:],
        normals=torch.randn(2, NORMALS, generator=rng), sharp=images[:, 1],
    )  # fmt: skip


@pytest.mark.parametrize(("motion", "refined", "fusion"), list(product(MOTIONS, (False, True), FUSIONS)))
def test_it_builds_learns_is_kept_and_animates(motion: str, refined: bool, fusion: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    references = 1 if fusion == "single" else 2
    sizes = config(refined=refined).model_copy(update={"motion": motion, "fusion": fusion})
    trainee = Trainee(Animator(sizes), settings(**LOSSES).losses, "fp32")
    optimiser = torch.optim.SGD(trainee.parameters(), 1e-3)
    given = batch(references)
    loss = trainee.total(trainee(given))
    loss.backward()
    optimiser.step()
    save_model(trainee.model, tmp_path)
    kept = load_model(tmp_path).eval()
    images = torch.cat((given.reference[:1, None], given.others[:1]), 1)
    points = torch.cat((given.reference_points[:1, None], given.other_points[:1]), 1)
    driving = None if motion == "landmarks" else given.driving
    frames = []
    for model in (trainee.model.eval(), kept):
        with torch.no_grad():
            appearance = model.encode(images, points).of_frames(2)
            frames.append(model.render(appearance, model.motion(appearance, driving, given.driving_points)))
    assert loss.isfinite()
    assert frames[0].shape == (2, 3, 64, 64)
    assert torch.equal(*frames)
