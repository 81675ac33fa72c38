"""How faces are framed, measured and smoothed when models are used: as for training, by params.yaml."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from facemotion import config, layout

# Where no params.yaml lies in the working directory.
OURS: Final = Path(__file__).parents[2] / layout.PARAMS


@dataclass(frozen=True)
class Settings:
    """`context` and `lift`: of the square about a face, see `crop` in params.yaml."""

    context: float
    lift: float
    landmarks: config.Landmarks
    smooth: config.Smooth

    @classmethod
    def load(cls) -> Self:
        return cls.of(config.load(layout.PARAMS if layout.PARAMS.is_file() else OURS))

    @classmethod
    def of(cls, params: config.Params) -> Self:
        return cls(params.crop.context, params.crop.lift, params.landmarks, params.smooth)
