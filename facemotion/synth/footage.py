"""From a video spec to an H.264 file. Memory does not grow with the length of the video."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.specs import VideoSpec
from facemotion.synth.staging import Stage
from facemotion.video_writer import Writer


def filmed_frames(spec: VideoSpec) -> Iterator[NDArray[np.uint8]]:
    """Every frame of the video, RGB, in order."""
    for shot in spec.shots:
        stage = Stage(spec, shot)
        for frame in range(shot.n_frames):
            yield stage.filmed(frame)


def render_video(spec: VideoSpec, path: Path, *, crf: int = 20, preset: str = "veryfast", threads: int = 1) -> None:
    """Film `spec` into `path`, which appears only when it is whole. The same arguments give the same bytes."""
    with Writer(
        path, fps=spec.fps, width=spec.width, height=spec.height, crf=crf, preset=preset, threads=threads
    ) as writer:
        for frame in filmed_frames(spec):
            writer.write(frame)
