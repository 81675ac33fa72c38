"""A quick judgement of models on held-out clips, the same for all that are compared: frame 0 drives on to later frames.

Landmarks are the packed ones of the driving frame, found and smoothed by the pipeline; the landmarker that looks at a
generated frame starts from them, so that no face goes missing. Everything in pixels at 256, rows are clips."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from facemotion.dataset.augmentation import Batch, prepare
from facemotion.dataset.sampling import NORMALS, UNIFORMS, Pair
from facemotion.faces.dlib_points import DlibLandmarker
from facemotion.landmarks.layout import EYES, LIPS, N_IBUG
from facemotion.models import grid
from facemotion.models.animator import Animator
from facemotion.training import validation
from facemotion.training.stream import Clips, decode

GROUPS: Final = {"lips": list(LIPS), "eyes": list(EYES)}
FRAMES_A_CLIP: Final = 6
SCALE: Final = 256
RESAMPLES: Final = 1000


def score(model: Animator, source: Clips, frames: int = FRAMES_A_CLIP) -> dict[str, NDArray[np.float64]]:
    """Means by clip of l1, akd and epe (the flow against the packed points, of lips and eyes), by name."""
    landmarker = DlibLandmarker(averaged=4)
    rows: dict[str, list[float]] = {}
    for number, clip in enumerate(source.clips):
        if clip.frames < 2 or not np.isfinite(clip.points[0]).all():
            continue
        shown = np.unique(np.linspace(1, clip.frames - 1, frames).round().astype(int))
        shown = shown[np.isfinite(clip.points[shown]).all(axis=(1, 2))]
        if len(shown):
            for name, value in _clip(model, landmarker, _batch(source, number, shown, model.config.image_size)).items():
                rows.setdefault(name, []).append(value)
    return {name: np.array(values) for name, values in rows.items()}


def _batch(source: Clips, clip: int, shown: NDArray[np.intp], size: int) -> Batch:
    numbers = np.zeros(UNIFORMS, np.float32), np.zeros(NORMALS, np.float32)
    return prepare(decode(source, [Pair(0, clip, 0, int(frame), *numbers) for frame in shown]), size, None)


@torch.no_grad()
def _clip(model: Animator, landmarker: DlibLandmarker, batch: Batch) -> dict[str, float]:
    frame, _, motion = model(batch.reference[:, None], batch.driving)
    values = {name: float(errors.nanmean()) for name, errors in validation.errors(frame, batch).items()}
    values["l1_reference"] = float(validation.errors(batch.reference, batch)["l1"].mean())
    true = grid.to_pixels(batch.driving_points, SCALE, SCALE).numpy()
    found = [landmarker.follow(image, points)[0] for image, points in zip(_at_256(frame), true, strict=True)]
    apart = np.abs(np.stack(found) - true)[:, :N_IBUG]
    values["akd"] = float(apart.mean())
    for name, own in GROUPS.items():
        values[f"akd_{name}"] = float(apart[:, own].mean())
        for step, field in enumerate(motion.fields):
            error = _flow_error(field.flow, batch, own)
            values[f"epe_{name}"] = error  # of the last one, in the end
            values[f"epe_{name}_{step}"] = error
    return values


def _flow_error(flow: Tensor, batch: Batch, own: list[int]) -> float:
    """Mean distance between where the flow says that points of the driving frame come from, and where they do."""
    at = batch.driving_points[:, own, None]
    said = F.grid_sample(flow.float(), at, padding_mode="border", align_corners=False)[..., 0].transpose(1, 2)
    return float((said - batch.reference_points[:, own]).norm(dim=-1).mean()) * SCALE / 2


def _at_256(images: Tensor) -> NDArray[np.uint8]:
    large = F.interpolate(images.float(), (SCALE, SCALE), mode="bicubic", align_corners=False).clamp(0, 1)
    pixels: NDArray[np.uint8] = (large.permute(0, 2, 3, 1) * 255).round().to(torch.uint8).numpy()
    return np.ascontiguousarray(pixels)


def ratio(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> tuple[float, float, float]:
    """Of the means over clips, with the bounds of its 95 % interval by resampling clips."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(ours), size=(RESAMPLES, len(ours)))
    ratios = ours[drawn].mean(1) / theirs[drawn].mean(1)
    low, high = np.quantile(ratios, (0.025, 0.975))
    return float(ours.mean() / theirs.mean()), float(low), float(high)


def means(scores: dict[str, NDArray[np.float64]], names: Sequence[str]) -> dict[str, float]:
    return {name: float(scores[name].mean()) for name in names if name in scores}
