"""Where a video's shots begin and end: hard cuts found by PySceneDetect, exact to the frame, margins trimmed. Of a
video that came in parts, each part is looked at by itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, repeat
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from facemotion import config
from facemotion.video import Image, Limits, Reader
from facemotion.video_parts import kept

# Cuts change the whole picture: they show as well in a small one, and the comparison costs a tenth.
COMPARED_WIDTH: Final = 256
WINDOW: Final = 2  # frames on either side that a cut must stand out from


@dataclass(frozen=True)
class ShotJob:
    """One video to cut into shots; picklable."""

    video_id: str
    path: Path
    settings: config.Shots
    limits: Limits


def shots_of(job: ShotJob) -> list[dict[str, Any]]:
    """Rows of the table of shots for one video, too short ones included with the reason."""
    cv2.setNumThreads(1)
    reader = Reader(job.path, job.limits)
    width = min(COMPARED_WIDTH, reader.info.width)
    height = max(round(reader.info.height * width / reader.info.width), 8)
    rows: list[dict[str, Any]] = []
    before = 0
    for first, end in kept(job.path, reader.info):
        if before < first:
            rows.append(_left_out(before, first))
        cuts = find_cuts(reader.frames(first, end, size=(width, height)), reader.info.fps, job.settings)
        rows += [_later(row, first) for row in trim_shots(cuts, end - first, reader.info.fps, job.settings)]
        before = end
    if before < reader.info.frames:
        rows.append(_left_out(before, reader.info.frames))
    return [{**row, "video_id": job.video_id, "shot": shot} for shot, row in enumerate(rows)]


def _later(row: dict[str, Any], first: int) -> dict[str, Any]:
    """A shot of a part that begins at frame `first`."""
    return {**row, **{name: row[name] + first for name in ("start_frame", "end_frame", "cut_frame")}}


def _left_out(start: int, end: int) -> dict[str, Any]:
    """What was not fetched, where the last frame stands still."""
    times = {"start_frame": start, "end_frame": end, "cut_frame": start, "cut_score": None}
    return {**times, "accepted": False, "reason": "not_planned"}


def find_cuts(frames: Iterable[Image], fps: Fraction, settings: config.Shots) -> dict[int, float]:
    """The first frame of every shot but the first, and how much the picture changed there (0 to 255)."""
    detector = _RecordingDetector(
        adaptive_threshold=settings.threshold, min_content_val=settings.min_change, min_scene_len=1, window_width=WINDOW
    )
    found: list[int] = []
    # The detector compares a frame with its neighbours on both sides: standing still before the first frame and after
    # the last one, the video has cuts up to its very ends.
    for number, frame in enumerate(_standing_still(frames)):
        changed = np.ascontiguousarray(frame[..., ::-1])
        found += [time.frame_num for time in detector.process_frame(FrameTimecode(number, fps), changed)]
    return {number - WINDOW: detector.changes[number] for number in found}


def trim_shots(cuts: Mapping[int, float], n_frames: int, fps: Fraction, settings: config.Shots) -> list[dict[str, Any]]:
    """Shots between cuts, without the frames next to a cut; those left too short are not accepted."""
    edges = [0, *sorted(cuts), n_frames]
    rows = []
    for shot, (cut, following) in enumerate(pairwise(edges)):
        start = cut + (settings.margin_frames if shot else 0)
        end = following - (settings.margin_frames if following < n_frames else 0)
        end = max(start, end)
        short = end - start < max(settings.min_seconds * fps, 1)
        rows.append(
            {
                "shot": shot,
                "start_frame": start,
                "end_frame": end,
                "cut_frame": cut,
                "cut_score": cuts[cut] if shot else None,
                "accepted": not short,
                "reason": "short" if short else "",
            }
        )
    return rows


def score_cuts(found: Mapping[str, Iterable[int]], true: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Precision and recall over all videos of the truth; a cut counts only on its very frame. Frame 0 is no cut."""
    hits = n_found = n_true = 0
    for video_id, cuts in true.items():
        ours, theirs = set(found.get(video_id, ())) - {0}, set(cuts) - {0}
        hits, n_found, n_true = hits + len(ours & theirs), n_found + len(ours), n_true + len(theirs)
    return {
        "cut_precision": hits / n_found if n_found else 1.0,
        "cut_recall": hits / n_true if n_true else 1.0,
    }


class _RecordingDetector(AdaptiveDetector):  # type: ignore[misc]
    """AdaptiveDetector that remembers the change of every frame; its own statistics would search for edges as well."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.changes: list[float] = []

    def process_frame(self, timecode: FrameTimecode, frame_img: Any) -> list[FrameTimecode]:
        cuts: list[FrameTimecode] = super().process_frame(timecode, frame_img)
        self.changes.append(float(self._frame_score or 0.0))
        return cuts


def _standing_still(frames: Iterable[Image]) -> Iterator[Image]:
    last: Image | None = None
    for frame in frames:
        yield from repeat(frame, 1 if last is not None else 1 + WINDOW)
        last = frame
    if last is not None:
        yield from repeat(last, WINDOW)
