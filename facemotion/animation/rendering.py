"""From references and motion to frames: what the photos show is encoded once, frames are made a few at a time."""

from typing import Final, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facemotion.animation.detail import detailed, enlarged
from facemotion.animation.references import CLIP, Image, Reference, model_input
from facemotion.errors import FacemotionError
from facemotion.models import alignment
from facemotion.models.animator import Animator, Appearance, Motion
from facemotion.models.face import reference_size
from facemotion.models.fusion import MOST
from facemotion.models.keypoints import Keypoints
from facemotion.models.landmark_motion import LandmarkMotion
from facemotion.models.many import by_frame, of_frames
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
    references: list[Reference]


class _Known(NamedTuple):
    """What the references show: encoded, at full size [B * N, 3, S, S], and the first one's landmarks [B, 70, 2]."""

    appearance: Appearance
    photos: Tensor
    points: Tensor

    def of_frames(self, frames: int) -> "_Known":
        known: _Known = of_frames(self, frames)
        return known


class Renderer:
    """Makes square frames [size, size, 3] of one person's references; the first is what others are added to."""

    def __init__(self, model: Animator, references: list[Reference], size: int, detail: Detail) -> None:
        self.model, self.size, self.detail = model, size, detail
        self.device = next(model.parameters()).device
        most = MOST if model.fusion is not None else 1
        if not 1 <= len(references) <= most:
            raise FacemotionError(f"this model takes {most} photo(s), not {len(references)}: give fewer")
        self._looks = model.coarse.keypoints is not None
        self._known = self._read(references, one_a_frame=False)
        self._start: Keypoints | None = None
        self._strength = 1.0

    @torch.inference_mode()
    def _read(self, references: list[Reference], *, one_a_frame: bool) -> _Known:
        """All of one frame, or each of a frame of its own."""
        size = reference_size(self.model.config.image_size, CLIP)
        crops = model_input([one.crop(CLIP) for one in references], size).to(self.device)
        points = torch.from_numpy(np.stack([one.normalised() for one in references])).float().to(self.device)
        whole = np.stack([one.crop(max(self.size, self.model.config.image_size)) for one in references])
        photos = torch.from_numpy(whole).permute(0, 3, 1, 2).float().to(self.device) / 255
        if one_a_frame:
            return _Known(self.model.encode(crops[:, None], points[:, None]), photos, points)
        moves = [one.camera for one in references if one.camera is not None]
        camera = _camera(np.stack(moves)).to(self.device)[None] if len(moves) == len(references) else None
        return _Known(self.model.encode(crops[None], points[None], camera), photos, points[:1])

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

    def asked(self, asked: Asked) -> tuple[Asked, list[Image]]:
        return asked, self.frames(asked)

    @torch.inference_mode()
    def frames(self, asked: Asked) -> list[Image]:
        """It changes nothing, so that several threads may make frames at once."""
        driving = self._input(asked.crops) if self.looks else None
        told = self._tensor(asked.points)
        own = asked.references
        known = self._read(own, one_a_frame=True) if own else self._known.of_frames(len(told))
        appearance = known.appearance
        moves = _camera(asked.camera).to(self.device) if asked.camera is not None else None
        if self._start is None and (moves is not None or not isinstance(self.model.coarse, LandmarkMotion)):
            motion = self.model.motion(appearance, driving, told, moves)
        else:
            motion = self.model.move(appearance, self._keypoints(appearance, driving, told))
        made = self.model.render(appearance, motion).float()
        return self._pictures(made, known, motion, told)

    def _keypoints(self, appearance: Appearance, driving: Tensor | None, told: Tensor) -> Keypoints:
        # The first of several references is the one that is animated.
        ours = Keypoints(*(by_frame(part, appearance.references)[:, 0] for part in appearance.source.keypoints))
        found = self.model.keypoints(driving, told, appearance.source._replace(keypoints=ours))
        if self._start is None:
            return found
        start = Keypoints(*(part.expand(len(told), *part.shape[1:]) for part in self._start))
        carried = relative(ours, start, found, self._strength)
        coarse = self.model.coarse
        return found.replaced(coarse.looked, carried) if isinstance(coarse, LandmarkMotion) else carried

    def _pictures(self, made: Tensor, known: _Known, motion: Motion, told: Tensor) -> list[Image]:
        if self.detail == "model" or self.size <= made.shape[-1]:
            shown = enlarged(made, self.size).clamp(0, 1)
        else:
            mixture = self.model.mixture(known.appearance, motion)
            # Where lids and lips lie, if landmarks tell the motion of a single photo.
            alone = known.appearance.references == 1 and isinstance(self.model.coarse, LandmarkMotion)
            edges = (known.points, told) if alone else None
            shown = detailed(known.photos, made, motion.fields[-1], mixture, edges)
        return list((shown * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy())

    def _input(self, crops: list[Image]) -> Tensor:
        if not crops:
            raise FacemotionError(
                "this model looks at the driving pictures, which landmarks and motion files do not hold: drive it by "
                "a video, or take a model whose motion is told by landmarks"
            )
        return model_input(crops, self.model.config.image_size).to(self.device)

    def _tensor(self, points: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(np.asarray(points, np.float32)).to(self.device)


def _camera(rows: NDArray[np.float32]) -> Tensor:
    return alignment.maps(torch.from_numpy(np.asarray(rows, np.float32)))
