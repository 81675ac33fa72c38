"""Get planned videos into a folder: rendered, copied or downloaded, checked, and told of in the ledger's terms."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from facemotion import layout, video
from facemotion.config import Params
from facemotion.errors import FacemotionError
from facemotion.files import replacing
from facemotion.sources import ledger
from facemotion.sources.ledger import LedgerRow, failed
from facemotion.sources.links import refused
from facemotion.sources.store import Store, Wish, link
from facemotion.sources.synthetic import videos as synthetic_videos
from facemotion.sources.wanted import Planned, remote
from facemotion.synth.footage import render_video
from facemotion.synth.records import write_truth
from facemotion.synth.specs import VideoSpec


@dataclass(frozen=True)
class Job:
    """One video to get. `spec` is set where it is to be rendered; `planned` says what is to be copied or downloaded."""

    video_id: str
    planned: Planned
    spec: VideoSpec | None
    videos: Path  # folder that takes the video
    truth: Path  # folder that takes what the renderer knows
    params: Params

    @property
    def remote(self) -> bool:
        return self.spec is None and remote(self.planned.location)

    @property
    def wish(self) -> Wish:
        return Wish(*self.planned[:2], self.params.fetch.audio, self.planned.spans)


def jobs(params: Params, planned: dict[str, Planned], videos: Path, truth: Path) -> list[Job]:
    """`planned`: by video id."""
    odd = [name for name in planned if not _plain(name)]
    if odd:
        raise FacemotionError(f"{layout.PLAN} names a video {odd[0]!r}, which is no file name; run `dvc repro -f plan`")
    specs = {spec.video_id: spec for spec in synthetic_videos(params.synthetic)} if _rendered(params) else {}
    return [Job(name, one, specs.get(name), videos, truth, params) for name, one in planned.items()]


def _plain(name: str) -> bool:
    """Whether an id can name a file, in its folder and nowhere else."""
    short = len(name.encode("utf-8", "surrogateescape")) <= 200
    return short and name.isprintable() and not name.startswith(".") and not set("/\\\0") & set(name) and bool(name)


def _rendered(params: Params) -> bool:
    return params.source.kind == "synthetic"


def get(job: Job) -> LedgerRow:
    """The row of a video that needs no net. What is wrong with a video is a status, not an error."""
    limits = limits_of(job.params)
    if job.spec is not None:
        path = job.videos / f"{job.video_id}.mp4"
        settings = job.params.synthetic
        render_video(job.spec, path, crf=settings.crf, preset=settings.preset)
        write_truth(job.spec, job.truth)
        return ledger.there(job.video_id, path, limits)
    source = Path(job.planned.location).expanduser()
    if not source.is_file():
        return failed(job.video_id, "missing", f"{source} is not there any more; run `facemotion source scan`")
    if not os.access(source, os.R_OK):
        return failed(job.video_id, "missing", f"{source} cannot be read by this user; change its permissions")
    path = job.videos / f"{job.video_id}{source.suffix.lower()}"
    if source.stat().st_size > limits.max_bytes:
        return failed(job.video_id, "too_large", f"{source} is larger than fetch.max_mib")
    with replacing(path) as temporary:
        shutil.copyfile(source, temporary)
    row = ledger.examined(job.video_id, path, limits, called=str(source))
    if row["status"] != "ok":
        path.unlink()
    return row


def download(jobs: Sequence[Job], store: Store, params: Params, done: Callable[[], None]) -> dict[str, LedgerRow]:
    """Rows by video id of videos that come from the net; each has come once, however many names it is planned by."""
    from facemotion.sources.sites import Errand, fetch_all

    allow_local, net = params.fetch.allow_local, params.fetch.net
    rows, asked = {}, []
    for job in jobs:
        if why := refused(job.planned.location, allow_local):
            rows[job.video_id] = failed(job.video_id, "refused", why)
            done()
        else:
            asked.append(job)
    errand = Errand(store, net, limits_of(params), allow_local, _cookies(net.cookies))
    for job, note in zip(asked, fetch_all([job.wish for job in asked], errand, done), strict=True):
        if note.facts is None:
            rows[job.video_id] = failed(job.video_id, note.status, note.reason)
            continue
        file = store.folder / note.file
        path = job.videos / f"{job.video_id}{file.suffix}"
        link(file, path)
        rows[job.video_id] = {**note.facts, "video_id": job.video_id, "path": path.name}
    return rows


def _cookies(path: str | None) -> str | None:
    try:
        return None if path is None else Path(path).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FacemotionError(f"fetch.net.cookies: {path} cannot be read ({error}); export it again") from error


def limits_of(params: Params) -> video.Limits:
    return video.Limits(
        max_bytes=int(params.fetch.max_mib * 2**20),
        max_seconds=params.fetch.max_minutes * 60,
        max_pixels=params.fetch.max_pixels,
    )
