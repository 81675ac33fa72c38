"""How far a trained model is from people it has not learnt from, clip by clip: what trials are compared by."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from facemotion.dataset.augmentation import Batch, told
from facemotion.errors import FacemotionError
from facemotion.faces.boxes import face_boxes
from facemotion.faces.registry import landmarker
from facemotion.landmarks.layout import LIPS, N_IBUG
from facemotion.models.animator import Animator
from facemotion.models.grid import resize_image, to_pixels
from facemotion.training import validation
from facemotion.training.stream import Clips
from facemotion.tuning.space import Objective

Floats = NDArray[np.float64]
PARTS: Final = ("l1", "l1_lips", "l1_eyes")
SCALE: Final = 256  # pixels at which the landmarker looks
LANDMARKER: Final = "dlib"


def by_clip(
    model: Animator, source: Clips, pairs: int, batch_size: int, objectives: Sequence[Objective]
) -> dict[Objective, Floats]:
    """The mean of each objective over the pairs of a clip; NaN where a clip's frames do not tell."""
    size, device = model.config.image_size, next(model.parameters()).device
    built = validation.build(source, pairs, batch_size, size, device)
    if built is None:
        raise FacemotionError("no clip held out has two frames: there is nothing to tune by. Raise pack.val_share")
    model.eval()
    with torch.no_grad():
        images = [model(*told(batch, references=1))[0].float() for batch in built.batches]
    clips = min(pairs, sum(clip.frames >= 2 for clip in source.clips))
    errors = _errors(images, built.batches)
    found: dict[Objective, Floats] = {"l1": errors["l1"]}
    found["score"] = np.nanmean([errors[part] / np.nanmean(errors[part + "_reference"]) for part in PARTS], axis=0)
    if "akd_lips" in objectives:
        found["akd_lips"] = np.concatenate([_lips(*both) for both in zip(images, built.batches, strict=True)])
    # Pairs go round the clips: the k-th is of clip k modulo their number.
    return {name: np.array([_mean(found[name][k::clips]) for k in range(clips)]) for name in objectives}


def _errors(images: Sequence[torch.Tensor], batches: Sequence[Batch]) -> dict[str, Floats]:
    gathered: dict[str, list[NDArray[np.float32]]] = {}
    for image, batch in zip(images, batches, strict=True):
        for suffix, shown in (("", image), ("_reference", validation.repeated(batch))):
            for part, values in validation.errors(shown, batch).items():
                gathered.setdefault(part + suffix, []).append(values.cpu().numpy())
    return {name: np.concatenate(values).astype(np.float64) for name, values in gathered.items()}


def _lips(image: torch.Tensor, batch: Batch) -> Floats:
    """Mean absolute difference of a coordinate of the lips, as the landmarker sees them where the driving face is, from
    the smoothed landmarks of the driving frame; pixels at SCALE."""
    look = landmarker(LANDMARKER, 1)
    wanted = to_pixels(batch.driving_points, SCALE, SCALE).cpu().numpy()
    shown = (resize_image(image, SCALE).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    apart = np.full(len(shown), np.nan)
    for k, (picture, points) in enumerate(zip(shown, wanted, strict=True)):
        if np.isfinite(points[:N_IBUG]).all():
            seen, _ = look.points(np.ascontiguousarray(picture), tuple(face_boxes(points).tolist()))
            apart[k] = np.abs(seen[list(LIPS)] - points[list(LIPS)]).mean()
    return apart


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
