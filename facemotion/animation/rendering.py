"""From references and motion to frames: what the photos show is encoded once, frames are made a few at a time."""

from typing import Final, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facemotion.animation.detail import Points, detailed, enlarged
from facemotion.animation.references import CLIP, Image, Reference, model_input
from facemotion.errors import FacemotionError
from facemotion.models import alignment
from facemotion.models.animator import Animator, Motion
from facemotion.models.fusion import MOST
from facemotion.models.keypoints import Keypoints
from facemotion.models.landmark_motion import LandmarkMotion
from facemotion.models.many import of_frames
from facemotion.models.relative import relative

Detail = Literal["auto", "model"]
# Frames at a time: few, so that they stay in the processor's caches; a GPU wants more at once.
TOGETHER: Final = {"cpu": 4, "cuda": 8}


class Asked(NamedTuple):
    """Of some frames: the reference's points [B, 70, 2], normalised, as they are to lie, where landmarks tell; the
    driver's crops where the model looks at them; how the driver's camera moved [B, 4] where that is the reference's,
    too."""

    points: NDArray[np.float64]
    crops: list[Image]
    camera: NDArray[np.float32] | None


class Renderer:
    """Makes square frames [size, size, 3] of one person's references; the first is what others are added to."""

    def __init__(self, model: Animator, references: list[Reference], size: int, detail: Detail) -> None:
        self.model, self.size, self.detail = model, size, detail
        self.device = next(model.parameters()).device
        most = MOST if model.fusion is not None else 1
        if not 1 <= len(references) <= most:
            raise FacemotionError(f"this model takes {most} photo(s), not {len(references)}: give fewer")
        self._looks = model.coarse.keypoints is not None
        crops = [one.crop(CLIP) for one in references]
        points = torch.from_numpy(np.stack([one.normalised() for one in references])).float()
        self._own = points[:1].to(self.device)
        cameras = [one.camera for one in references]
        camera = None
        if all(one is not None for one in cameras):
            camera = _camera(np.stack([one for one in cameras if one is not None]))
        with torch.inference_mode():
            self._appearance = model.encode(
                model_input(crops, model.config.image_size).to(self.device)[None],
                points.to(self.device)[None],
                camera.to(self.device)[None] if camera is not None else None,
            )
        whole = np.stack([one.crop(max(size, model.config.image_size)) for one in references])
        self._photos = torch.from_numpy(whole).permute(0, 3, 1, 2).float().to(self.device) / 255
        self._start: Keypoints | None = None
        self._strength = 1.0

    @property
    def looks(self) -> bool:
        """Whether the model also looks at the driving pictures: landmarks alone do not tell it all."""
        return self._looks or not isinstance(self.model.coarse, LandmarkMotion)

    @torch.inference_mode()
    def begin(self, crop: Image | None, points: NDArray[np.float64], strength: float) -> None:
        """Motion is relative, from the driver's crop and points [70, 2] on; `strength`: how far what is found by
        looking goes, of what the driver did."""
        self._strength = strength
        if self.looks:
            self._start = self.model.keypoints(
                self._input([crop] if crop is not None else []), self._tensor(points[None])
            )

    @property
    def together(self) -> int:
        """How many frames are best made at a time."""
        return TOGETHER[self.device.type]

    @torch.inference_mode()
    def frames(self, asked: Asked) -> list[Image]:
        """It changes nothing, so that several threads may make frames at once."""
        driving = self._input(asked.crops) if self.looks else None
        told = self._tensor(asked.points)
        appearance = self._appearance.of_frames(len(told))
        moves = _camera(asked.camera).to(self.device) if asked.camera is not None else None
        if self._start is None and (moves is not None or not isinstance(self.model.coarse, LandmarkMotion)):
            motion = self.model.motion(appearance, driving, told, moves)
        else:
            motion = self.model.move(appearance, self._keypoints(driving, told))
        made = self.model.render(appearance, motion).float()
        return self._pictures(made, motion, told)

    def _keypoints(self, driving: Tensor | None, told: Tensor) -> Keypoints:
        own = self._appearance.source
        found = self.model.keypoints(driving, told, own._replace(keypoints=_first(own.keypoints)))
        if self._start is None:
            return found
        start = Keypoints(*(part.expand(len(told), *part.shape[1:]) for part in self._start))
        ours = Keypoints(*(part.expand(len(told), *part.shape[1:]) for part in _first(own.keypoints)))
        carried = relative(ours, start, found, self._strength)
        coarse = self.model.coarse
        return found.replaced(coarse.looked, carried) if isinstance(coarse, LandmarkMotion) else carried

    def _pictures(self, made: Tensor, motion: Motion, told: Tensor) -> list[Image]:
        if self.detail == "model" or self.size <= made.shape[-1]:
            shown = enlarged(made, self.size).clamp(0, 1)
        else:
            appearance = self._appearance.of_frames(len(made))
            mixture = self.model.mixture(appearance, motion)
            shown = detailed(of_frames(self._photos, len(made)), made, motion.fields[-1], mixture, self._edges(told))
        return list((shown * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy())

    def _edges(self, told: Tensor) -> Points | None:
        """Where lids and lips lie in photo and frames, if landmarks tell the motion of a single photo."""
        alone = self._appearance.references == 1 and isinstance(self.model.coarse, LandmarkMotion)
        return (self._own.expand_as(told), told) if alone else None

    def _input(self, crops: list[Image]) -> Tensor:
        if not crops:
            raise FacemotionError(
                "this model looks at the driving pictures, which landmarks and motion files do not hold: drive it by "
                "a video, or take a model whose motion is told by landmarks"
            )
        return model_input(crops, self.model.config.image_size).to(self.device)

    def _tensor(self, points: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(np.asarray(points, np.float32)).to(self.device)


def _first(keypoints: Keypoints) -> Keypoints:
    return Keypoints(*(part[:1] for part in keypoints))


def _camera(rows: NDArray[np.float32]) -> Tensor:
    return alignment.maps(torch.from_numpy(np.asarray(rows, np.float32)))
