"""What all variants make of the same clips: videos side by side on one time line, and frames that tell most."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, TypeVar

import cv2
import numpy as np
import torch

from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.evaluation import made_of, same_identity
from facemotion.evaluation.images import SCALE, as_bytes, at_scale, points_at_scale
from facemotion.evaluation.made_of import MadeOf
from facemotion.evaluation.pictures import telling_frames
from facemotion.evaluation.variants import Variant
from facemotion.files import write_bytes
from facemotion.ingest.sheets import jpeg
from facemotion.report import flow_colours
from facemotion.video import Image
from facemotion.video_writer import Writer

Made = TypeVar("Made")

REFERENCE: Final = "reference"  # the variant that repeats the photo: the photo stands for it
PHOTO: Final = "photo"
DRIVING: Final = "driving"
CRF: Final = 23
HEAD: Final = 22  # height of the line over each picture of a video that says what it is
PAPER: Final = 34
INK: Final = (235, 235, 235)
QUALITY: Final = 90
CLOSE: Final = {"eyes": (36, 48, 54, 20), "mouth": (48, 68, 36, 26)}  # first and last point; half width, half height
ZOOM: Final = 3


@dataclass(frozen=True)
class Job:
    """A clip to be shown, with why (best, median, worst)."""

    rank: str
    clip_id: str
    split: Path
    made_of: Mapping[str, MadeOf]  # by variant
    best: str
    seconds: float  # of its video, at most
    folder: Path  # for what is written
    flows: bool  # whether to draw, too, the best variant's flows one after the other


@dataclass(frozen=True)
class Still:
    """Pictures of one frame, written to the folder: by column, whole faces and close-ups."""

    frame: int
    why: str  # pose, eyes, mouth
    part: str  # that is seen closer: eyes or mouth
    whole: dict[str, str]  # file names by column: photo, driving, then variants
    close: dict[str, str]  # likewise; empty where the part was not found


@dataclass(frozen=True)
class Shown:
    rank: str
    clip_id: str
    person_id: str
    seconds: float
    whole: bool  # whether the video goes on to the clip's end
    video: str  # file names
    poster: str
    width: int
    height: int
    columns: tuple[str, ...]
    stills: tuple[Still, ...]
    flows: tuple[str, ...]  # of the frame whose mouth tells most: coarse first; empty unless asked for
    reach: float  # pixels at which their colours are full


def show(job: Job) -> Shown:
    """On one thread, so that the same bytes come out whatever the machine has to do."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    clip = PackedSplit(job.split)[job.clip_id]
    variants = {name: made_of.load(one) for name, one in job.made_of.items()}
    shown = moving(variants)
    columns = (PHOTO, DRIVING, *shown)
    frames = np.arange(min(clip.frames, max(round(job.seconds * clip.rate), 2)))
    video, poster = f"{job.rank}.mp4", f"{job.rank}.jpg"
    width, height = _video(job.folder / video, job.folder / poster, columns, clip, shown, frames)
    stills = tuple(_stills(job, columns, clip, shown))
    flows, reach = _flows(job, clip, variants[job.best]) if job.flows else ((), 0.0)
    return Shown(
        rank=job.rank,
        clip_id=clip.clip_id,
        person_id=clip.person_id,
        seconds=float(len(frames) / clip.rate),
        whole=len(frames) == clip.frames,
        video=video,
        poster=poster,
        width=width,
        height=height,
        columns=columns,
        stills=stills,
        flows=flows,
        reach=reach,
    )


def moving(variants: Mapping[str, Made]) -> dict[str, Made]:
    """All but the one that repeats the photo, unless there is no other."""
    return {name: own for name, own in variants.items() if name != REFERENCE} or dict(variants)


def made(
    clip: PackedClip, variants: Mapping[str, Variant], frames: np.ndarray
) -> Iterator[tuple[list[Image], np.ndarray, np.ndarray]]:
    """Frame by frame the pictures of all columns, and where points lie in the reference and in the driving frame."""
    together = [same_identity.make(variant, clip, frames) for variant in variants.values()]
    for parts in zip(*together, strict=True):
        # The most detailed of the sizes is what the eye compares with.
        sharpest = max((batch for _, batch, _ in parts), key=lambda batch: batch.driving.shape[-1])
        reference, driving = at_scale(sharpest.reference), at_scale(sharpest.driving)
        own = [at_scale(one.frames) for _, _, one in parts]
        before, after = points_at_scale(sharpest.reference_points), points_at_scale(sharpest.driving_points)
        for k in range(len(driving)):
            pictures = [as_bytes(images[k]) for images in (reference, driving, *own)]
            yield pictures, before[k], after[k]


def _video(
    path: Path,
    poster: Path,
    columns: Sequence[str],
    clip: PackedClip,
    variants: Mapping[str, Variant],
    frames: np.ndarray,
) -> tuple[int, int]:
    across = per_row(len(columns))
    down = -(-len(columns) // across)
    width, height = across * SCALE, down * (SCALE + HEAD)
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    for k, name in enumerate(columns):
        place = (SCALE * (k % across) + 8, (SCALE + HEAD) * (k // across) + 15)
        cv2.putText(sheet, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, INK, 1, cv2.LINE_AA)
    middle = len(frames) // 2
    with Writer(
        path, fps=Fraction(clip.rate), width=width, height=height, crf=CRF, preset="medium", threads=1
    ) as writer:
        for number, (pictures, _, _) in enumerate(made(clip, variants, frames)):
            for k, picture in enumerate(pictures):
                top, left = (SCALE + HEAD) * (k // across) + HEAD, SCALE * (k % across)
                sheet[top : top + SCALE, left : left + SCALE] = picture
            writer.write(sheet)
            if number == middle:
                write_bytes(poster, jpeg(sheet, QUALITY))
    return width, height


def per_row(columns: int) -> int:
    """Three at most, so that a phone still shows faces."""
    return columns if columns <= 3 else 2 if columns == 4 else 3


def _stills(job: Job, columns: Sequence[str], clip: PackedClip, variants: Mapping[str, Variant]) -> Iterator[Still]:
    telling = telling_frames(clip)
    frames = sorted(set(telling.values()))
    for frame, (pictures, before, after) in zip(frames, made(clip, variants, np.array(frames)), strict=True):
        reasons = [name for name, other in telling.items() if other == frame]
        part = "eyes" if reasons == ["eyes"] else "mouth"
        cuts = [_cut(own, before if k == 0 else after, CLOSE[part]) for k, own in enumerate(pictures)]
        close = [own for own in cuts if own is not None]
        yield Still(
            frame=frame,
            why="/".join(reasons),
            part=part,
            whole=_written(job, f"{frame}", columns, pictures),
            close=_written(job, f"{frame}_close", columns, close) if len(close) == len(columns) else {},
        )


def _written(job: Job, what: str, columns: Sequence[str], pictures: Sequence[Image]) -> dict[str, str]:
    """File names by column."""
    files = {name: f"{job.rank}_{what}_{k}.jpg" for k, name in enumerate(columns)}
    for file, picture in zip(files.values(), pictures, strict=True):
        write_bytes(job.folder / file, jpeg(picture, QUALITY))
    return files


def _cut(picture: Image, points: np.ndarray, part: tuple[int, int, int, int]) -> Image | None:
    first, last, across, down = part
    middle = points[first:last].mean(axis=0)
    if not np.isfinite(middle).all():
        return None
    x = int(np.clip(round(float(middle[0])), across, SCALE - across))
    y = int(np.clip(round(float(middle[1])), down, SCALE - down))
    cut = picture[y - down : y + down, x - across : x + across]
    return np.asarray(cv2.resize(cut, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_LINEAR), np.uint8)


def _flows(job: Job, clip: PackedClip, variant: Variant) -> tuple[tuple[str, ...], float]:
    """Pictures of the flow after each of the refiner's steps; none where nothing refines it."""
    frame = telling_frames(clip)["mouth"]
    (_, _, found), = same_identity.make(variant, clip, np.array([frame]))  # fmt: skip
    if len(found.flows) < 2:
        return (), 0.0
    moved = [flow_colours.offsets(flow[0]) for flow in found.flows]
    full = flow_colours.reach(moved)
    names = tuple(f"flow_{step}.png" for step in range(len(moved)))
    for name, offsets in zip(names, moved, strict=True):
        write_bytes(job.folder / name, flow_colours.png(flow_colours.colours(offsets, full)))
    write_bytes(job.folder / "flow_wheel.png", flow_colours.png(flow_colours.wheel()))
    return names, full
