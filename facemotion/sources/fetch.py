"""Get one planned video into a folder: rendered or copied, checked, and told of in the ledger's terms."""

import os
import shutil
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facemotion import video
from facemotion.config import Params
from facemotion.errors import FacemotionError
from facemotion.files import file_digest, replacing
from facemotion.sources.synthetic import videos as synthetic_videos
from facemotion.synth.footage import render_video
from facemotion.synth.records import write_truth
from facemotion.synth.specs import VideoSpec

LedgerRow = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One video to get. `spec` is set where it is to be rendered, `location` where it is to be copied."""

    video_id: str
    location: str
    spec: VideoSpec | None
    videos: Path  # folder that takes the video
    truth: Path  # folder that takes what the renderer knows
    params: Params


def jobs(params: Params, planned: dict[str, str], videos: Path, truth: Path) -> list[Job]:
    """`planned`: location by video id."""
    specs = {spec.video_id: spec for spec in synthetic_videos(params.synthetic)} if _rendered(params) else {}
    return [Job(name, place, specs.get(name), videos, truth, params) for name, place in planned.items()]


def _rendered(params: Params) -> bool:
    return params.source.kind == "synthetic"


def get(job: Job) -> LedgerRow:
    """The video's row of the ledger. What is wrong with a video is a status, not an error."""
    if job.spec is not None:
        path = job.videos / f"{job.video_id}.mp4"
        settings = job.params.synthetic
        render_video(job.spec, path, crf=settings.crf, preset=settings.preset)
        write_truth(job.spec, job.truth)
        return _ok(job, path)
    source = Path(job.location).expanduser()
    if not source.is_file():
        return failed(job.video_id, "missing", f"{source} is not there any more; run `facemotion source scan`")
    if not os.access(source, os.R_OK):
        return failed(job.video_id, "missing", f"{source} cannot be read by this user; change its permissions")
    path = job.videos / f"{job.video_id}{source.suffix.lower()}"
    limits = _limits(job.params)
    if source.stat().st_size > limits.max_bytes:
        return failed(job.video_id, "too_large", f"{source} is larger than fetch.max_mib")
    with replacing(path) as temporary:
        shutil.copyfile(source, temporary)
    try:
        row = _ok(job, path)
        deque(video.frames(path, limits=limits), maxlen=0)  # what does not decode to its end is corrupt
        return row
    except FacemotionError as error:
        path.unlink(missing_ok=True)
        # Of the person's own file, not of our copy, which is gone.
        return failed(job.video_id, "corrupt", str(error).replace(str(path), str(source)))


def _limits(params: Params) -> video.Limits:
    return video.Limits(
        max_bytes=int(params.fetch.max_mib * 2**20),
        max_seconds=params.fetch.max_minutes * 60,
        max_pixels=params.fetch.max_pixels,
    )


def _ok(job: Job, path: Path) -> LedgerRow:
    info = video.probe(path, _limits(job.params))
    return {
        "video_id": job.video_id,
        "status": "ok",
        "reason": "",
        "path": path.name,
        "sha256": file_digest(path),
        "bytes": path.stat().st_size,
        "width": info.width,
        "height": info.height,
        "fps_num": info.fps.numerator,
        "fps_den": info.fps.denominator,
        "frames": info.frames,
        "duration_s": info.duration_s,
    }


def failed(video_id: str, status: str, reason: str) -> LedgerRow:
    empty = dict.fromkeys(("sha256", "bytes", "width", "height", "fps_num", "fps_den", "frames", "duration_s"))
    return {"video_id": video_id, "status": status, "reason": reason, "path": "", **empty}
