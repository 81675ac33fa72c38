"""Videos of one person each, cropped and landmarked as the pipeline does it: for benchmarks on footage of one's own."""

import logging
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks._in_memory import Clip
from facemotion.config import Params
from facemotion.dataset import camera
from facemotion.dataset.images import decode, encode
from facemotion.errors import FacemotionError
from facemotion.ingest.crop import CropJob, Tube, clips_of
from facemotion.ingest.tubes import TubeJob, tubes_of
from facemotion.landmarks.detect import LandmarkJob, landmarks_of
from facemotion.landmarks.smoothing import smooth_track
from facemotion.landmarks.store import Track
from facemotion.video import Limits, Reader

log = logging.getLogger(__name__)
UNLIMITED = Limits()
LONGEST = 1e6  # seconds, or box sides; a clip is not cut into pieces
QUALITY = 95


def cropped(path: Path, params: Params, every: int = 1) -> Clip:
    """The face that is followed longest through a video without cuts, in one square that stands still, its landmarks
    steady; of the frames only every how manyth is kept."""
    with tempfile.TemporaryDirectory() as name:
        file, raw = measured(path, params, Path(name))
        track = smooth_track(raw, params.smooth)
        size = Reader(file).info.width
        jpegs = [encode(image, QUALITY) for image in Reader(file).frames()]
    moved = camera.track(map(decode, jpegs), track.points)
    kept = slice(None, None, every)
    fps, frames = float(track.fps) / every, jpegs[kept]
    return Clip(path.stem, path.stem, len(frames), fps, size, track.points[kept], moved[kept], frames)


def measured(path: Path, params: Params, folder: Path) -> tuple[Path, Track]:
    """The same clip as a file in `folder`, and its landmarks as they were measured."""
    clip = _cut(path, _tube(path, params), folder, params)
    file = folder / clip["path"]
    faces = tuple(tuple(box) for box in clip["faces"])
    return file, landmarks_of(LandmarkJob(path.stem, file, faces, params.landmarks))


def _tube(path: Path, params: Params) -> dict[str, Any]:
    whole = ((0, 0, Reader(path).info.frames),)
    log.info("following the face in %s", path.name)
    rows = tubes_of(TubeJob(path.stem, path, whole, (), params.tubes, UNLIMITED))
    good = [row for row in rows if row["accepted"]]
    if not good:
        why = ", ".join(sorted({row["reason"] for row in rows})) or "none was found"
        raise FacemotionError(f"{path}: no face that is good enough ({why}); give a close-up of one person")
    return max(good, key=lambda row: len(row["boxes"]))


def _cut(path: Path, tube: dict[str, Any], folder: Path, params: Params) -> dict[str, Any]:
    boxes = tuple(tuple(box) for box in tube["boxes"])
    own = Tube(0, tube["tube"], tube["start_frame"], boxes, None, path.stem, path.stem)
    uncut = params.crop.model_copy(update={"max_seconds": LONGEST, "max_wander": LONGEST, "max_outside": 1.0})
    (row,) = clips_of(CropJob(path.stem, path, (own,), folder, uncut, UNLIMITED))
    return row


def tensor(image: NDArray[np.uint8], size: int) -> torch.Tensor:
    """As a model's input [1, 3, size, size]."""
    small = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
