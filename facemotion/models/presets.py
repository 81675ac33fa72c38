"""Sizes of models by name. Figures of each: `facemotion model summary`."""

from typing import Final

from facemotion.errors import FacemotionError
from facemotion.models.config import (
    CloseupSizes,
    CoarseSizes,
    FuserSizes,
    GeneratorSizes,
    KeypointSizes,
    LandmarkSizes,
    ModelConfig,
    RefinerSizes,
)

PRESETS: Final[dict[str, ModelConfig]] = {
    # Trains in minutes on two cores.
    "tiny": ModelConfig(
        layout="lean",
        image_size=64,
        motion="keypoints",
        refined=True,
        fusion="single",
        keypoints=KeypointSizes(count=15, size=64, stride=2, widths=(24, 48, 96, 128), temperature=0.1, leash=0.15),
        coarse=CoarseSizes(
            size=32,
            widths=(32, 48, 64, 96),
            variance=0.01,
            background="identity",
            background_widths=(16, 32, 64),
            reach=0.2,
        ),
        landmarks=LandmarkSizes(size=64),
        refiner=RefinerSizes(
            structure=32,
            queries=16,
            structure_widths=(24, 32, 48, 64),
            channels=32,
            variance=0.01,
            closeups=CloseupSizes(size=20, reach=0.3, widths=(24, 48, 64)),
            background="aligned",
            near=0.05,
            radius=3,
            scales=2,
            levels=(8, 16, 32),
            widths=(64, 64, 32),
        ),
        generator=GeneratorSizes(widths=(16, 32, 64, 96)),
        fuser=FuserSizes(size=32, width=24, finished=8),
    ),
    # Runs live at 256 pixels on a CPU.
    "small": ModelConfig(
        layout="lean",
        image_size=256,
        motion="keypoints",
        refined=True,
        fusion="single",
        keypoints=KeypointSizes(
            count=15, size=128, stride=2, widths=(24, 48, 96, 128, 128), temperature=0.1, leash=0.15
        ),
        coarse=CoarseSizes(
            size=64,
            widths=(32, 48, 64, 96),
            variance=0.01,
            background="identity",
            background_widths=(16, 32, 64, 96),
            reach=0.2,
        ),
        landmarks=LandmarkSizes(size=128),
        refiner=RefinerSizes(
            structure=32,
            queries=32,
            structure_widths=(16, 32, 64, 96),
            channels=32,
            variance=0.01,
            closeups=CloseupSizes(size=40, reach=0.3, widths=(24, 48, 64)),
            background="aligned",
            near=0.05,
            radius=3,
            scales=2,
            levels=(16, 32, 64),
            widths=(96, 64, 48),
        ),
        generator=GeneratorSizes(widths=(8, 24, 48, 96, 128)),
        fuser=FuserSizes(size=64, width=16, finished=1),
    ),
    # For quality at 256 pixels.
    "base": ModelConfig(
        layout="lean",
        image_size=256,
        motion="keypoints",
        refined=True,
        fusion="single",
        keypoints=KeypointSizes(
            count=20, size=256, stride=2, widths=(32, 64, 128, 256, 256, 256), temperature=0.1, leash=0.15
        ),
        coarse=CoarseSizes(
            size=64,
            widths=(64, 128, 256, 256),
            variance=0.01,
            background="identity",
            background_widths=(32, 64, 128, 256),
            reach=0.2,
        ),
        landmarks=LandmarkSizes(size=128),
        refiner=RefinerSizes(
            structure=64,
            queries=64,
            structure_widths=(32, 64, 128, 256),
            channels=64,
            variance=0.01,
            closeups=CloseupSizes(size=64, reach=0.3, widths=(32, 64, 128, 128)),
            background="aligned",
            near=0.05,
            radius=3,
            scales=2,
            levels=(8, 16, 32, 64, 128),
            widths=(192, 192, 192, 128, 48),
        ),
        generator=GeneratorSizes(widths=(32, 64, 128, 256, 384, 384)),
        fuser=FuserSizes(size=64, width=32, finished=8),
    ),
    # MRFA's layout and widths, as far as its description goes, to compare with.
    "published": ModelConfig(
        layout="published",
        image_size=256,
        motion="keypoints",
        refined=True,
        fusion="single",
        keypoints=KeypointSizes(
            count=10, size=64, stride=1, widths=(32, 64, 128, 256, 512, 1024), temperature=0.1, leash=None
        ),
        coarse=CoarseSizes(
            size=64,
            widths=(64, 128, 256, 512, 1024, 1024),
            variance=0.01,
            background="identity",
            background_widths=(64, 64, 128, 256, 512),
            reach=None,
        ),
        landmarks=LandmarkSizes(size=64),
        refiner=RefinerSizes(
            structure=64,
            queries=64,
            structure_widths=(32, 64, 128, 256, 512, 512),
            channels=256,
            variance=0.1,
            closeups=None,
            background="coarse",
            near=0.08,
            radius=3,
            scales=2,
            levels=(8, 16, 32, 64, 128, 256),
            widths=(128, 128, 128, 128, 128, 128),
        ),
        generator=GeneratorSizes(widths=(64, 128, 256, 512, 512, 512)),
        fuser=FuserSizes(size=64, width=32, finished=8),
    ),
}


def preset(name: str) -> ModelConfig:
    try:
        return PRESETS[name]
    except KeyError:
        raise FacemotionError(f"there is no model preset {name!r}: take one of {', '.join(PRESETS)}") from None
