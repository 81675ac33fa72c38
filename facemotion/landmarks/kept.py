"""A clip's landmarks in a file of their own as soon as they are measured: a killed stage goes on with the next clip."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from facemotion.landmarks.detect import LandmarkJob, landmarks_of
from facemotion.landmarks.store import Track, read_tracks, write_tracks


@dataclass(frozen=True)
class KeptJob:
    """What to measure, and the folder of all clips' files; picklable."""

    job: LandmarkJob
    folder: Path

    @property
    def clip_id(self) -> str:
        return self.job.clip_id


def measure(kept: KeptJob) -> str:
    """The clip's id, once its landmarks are on disk."""
    write_tracks(kept.folder / kept.clip_id, [landmarks_of(kept.job)])
    return kept.clip_id


def measured(folder: Path, clip_ids: Iterable[str]) -> Iterator[Track]:
    """What is on disk, in the order asked for."""
    for clip_id in clip_ids:
        yield from read_tracks(folder / clip_id)
