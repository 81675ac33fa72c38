"""A little of everything that training needs: clips of a moving toy face, a narrow model, quick settings."""

import copy
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemotion.landmarks.layout import GROUPS, N_POINTS
from facemotion.models.animator import Animator
from facemotion.models.config import ModelConfig
from facemotion.models.presets import preset
from facemotion.training.config import Training
from facemotion.training.loop import Job, Trained, train

SIZE = 64
SETTINGS: dict[str, Any] = {
    "seed": 1, "steps": 6, "steps_of": {}, "batch_size": 4, "accumulate": 1, "rate": 2e-3, "coarse_rate": 0.1,
    "warmup": 2, "final_rate": 0.1, "muon": 2.0, "momentum": 0.9, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.01,
    "clip": 1.0, "ema": 0.9, "precision": "fp32", "channels_last": False, "compile": False, "device": "cpu",
    "threads": 1, "workers": 1, "ahead": 2,
    "sampling": {
        "candidates": 4, "max_seconds": None, "easy_share": 0.25, "ramp": 0.5, "telling": 0.25, "references": 1,
        "spoilt": 0.0,
    },
    "augmentation": {
        "flip": 0.5, "colour": 0.1, "moved": 0.5, "shift": 0.05, "turn": 5.0, "zoom": 0.05, "apart": 0.1,
        "dropped": 0.3,
    },
    "losses": {
        "l1": 1.0, "gradient": 1.0, "ssim": 0.0, "census": 0.0, "regions": 0.0, "perceptual": 0.0, "features": "random",
        "vgg19": None, "scales": 3, "points": 1.0, "jacobians": 0.1, "closeups": 1.0, "background": 0.1,
        "foreground": 0.1, "occlusion": 0.0, "warped": 0.5, "flows": 0.0, "decay": 0.8, "adversarial": 0.0,
    },
    "watch": {
        "log_every": 2, "validate_every": 3, "checkpoint_every": 2, "pictures_every": 100, "validation_pairs": 4,
    },
}  # fmt: skip


def settings(**changes: Any) -> Training:
    """The quick settings; `losses__l1=2.0` reaches into a section."""
    content = copy.deepcopy(SETTINGS)
    for name, value in changes.items():
        *sections, key = name.split("__")
        where = content
        for section in sections:
            where = where[section]
        assert key in where
        where[key] = value
    return Training.model_validate(content)


def config(*, refined: bool = False) -> ModelConfig:
    content = preset("tiny").model_dump()
    content["refined"] = refined
    content["keypoints"] |= {"count": 4, "widths": (8, 16)}
    content["coarse"] |= {"size": 16, "widths": (8, 16), "background": "affine", "background_widths": (8, 16)}
    content["refiner"] |= {
        "structure": 16, "queries": 16, "structure_widths": (8, 8), "channels": 8, "levels": (8, 16), "widths": (8, 8),
    }  # fmt: skip
    content["generator"] |= {"widths": (8, 16, 16, 16)}
    return ModelConfig.model_validate(content)


@dataclass
class ToyClip:
    clip_id: str
    person_id: str
    frames: int
    fps: float
    points: NDArray[np.float32]
    camera: NDArray[np.float32]
    images: NDArray[np.uint8]

    def image(self, frame: int) -> NDArray[np.uint8]:
        return self.images[frame]


class ToyClips:
    """A disc with eyes and a mouth that drifts over a patterned wall; one person a clip."""

    def __init__(self, people: int = 3, frames: int = 12, seed: int = 0) -> None:
        self.clips = []
        for person in range(people):
            rng = np.random.default_rng([seed, person])
            middles = SIZE / 2 + np.cumsum(rng.normal(0, 1.5, (frames, 2)), 0).clip(-12, 12)
            colours = rng.uniform(40, 250, (4, 3))
            drawn = [_draw(middle, colours) for middle in middles]
            images = np.stack([image for image, _ in drawn])
            points = np.stack([points for _, points in drawn]).astype(np.float32)
            still = np.zeros((frames, 4), np.float32)
            about = f"clip{seed}{person}", f"person{seed}{person}", frames, 25.0
            self.clips.append(ToyClip(*about, points, still, images))


def _draw(middle: NDArray[np.float64], colours: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    y, x = np.mgrid[:SIZE, :SIZE]
    image = np.where(((x // 8 + y // 8) % 2)[..., None], colours[0], 0.7 * colours[0])
    points = np.tile(middle, (N_POINTS, 1))
    parts = (
        ((0.0, 0.0), 18.0, range(17), colours[1]),
        ((-7.0, -5.0), 4.0, GROUPS["eye_left"], colours[2]),
        ((7.0, -5.0), 4.0, GROUPS["eye_right"], colours[2]),
        ((0.0, 8.0), 5.0, range(48, 68), colours[3]),
    )
    for offset, radius, own, colour in parts:
        centre = middle + offset
        inside = np.hypot(x - centre[0], y - centre[1]) <= radius
        image = np.where(inside[..., None], colour, image)
        angles = np.linspace(0, 2 * np.pi, len(own), endpoint=False)
        points[list(own)] = centre + radius * np.stack((-np.cos(angles), np.sin(angles)), -1)
    return image.round().astype(np.uint8), points


def job(work: Path, chosen: Training, *, refined: bool = False, **changes: Any) -> Job:
    import torch

    torch.manual_seed(0)
    model = Animator(config(refined=refined))
    return Job(**{
        "name": "toy", "model": model, "settings": chosen, "train": ToyClips(seed=1), "validation": ToyClips(2, seed=2),
        "work": work, "identity": {"data": "toys"}, **changes,
    })  # fmt: skip


def run(work: Path, **changes: Any) -> Trained:
    return train(job(work, settings(**changes)))


if __name__ == "__main__":
    # WORK CHANGES-AS-JSON: trains, for whoever started this process.
    run(Path(sys.argv[1]), **json.loads(sys.argv[2]))
