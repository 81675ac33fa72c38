"""What tests of animation need: a small model that nobody trained, a photo, and a video of somebody who talks and
blinks, with a tone that swells and fades in time with the mouth. All rendered."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rendered_faces import shown
from training_toys import config

from facemotion.models.animator import Animator
from facemotion.models.weights import save_model

FPS = Fraction(30000, 1001)
FRAMES = 24
RATE = 48_000
WIDTH, HEIGHT = 320, 256
PERSON, DRIVER = 5, 3


@dataclass(frozen=True)
class Talking:
    """`mute`: the driver without sound; `keypoints`: a model that looks at pictures."""

    model: Path
    keypoints: Path
    photo: Path
    video: Path
    mute: Path


def open_by(number: int) -> float:
    """The mouth of the driver, 0 to 1."""
    return round(0.5 - 0.5 * float(np.cos(2 * np.pi * number / 12)), 3)


def frame_of(number: int, person: int = DRIVER) -> NDArray[np.uint8]:
    """Wide, with the face left of the middle."""
    blink = 1.0 if number in (16, 17) else 0.0
    doing = {"jaw_open": 0.8 * open_by(number), "lid_left": blink, "lid_right": blink}
    square = (shown(person, **doing).frame * 255).round().astype(np.uint8)
    return np.concatenate([square, np.full((HEIGHT, WIDTH - HEIGHT, 3), 90, np.uint8)], 1)


def make(folder: Path) -> Talking:
    found = Talking(*(folder / name for name in ("model", "keypoints", "me.png", "talk.mp4", "mute.mp4")))
    for path, motion in ((found.model, "landmarks"), (found.keypoints, "keypoints")):
        torch.manual_seed(0)
        save_model(Animator(config(refined=True).model_copy(update={"motion": motion})), path)
    Image.fromarray(frame_of(0, PERSON)).save(found.photo)
    frames = [frame_of(number) for number in range(FRAMES)]
    film(found.video, frames, sound=True)
    film(found.mute, frames)
    return found


def film(path: Path, frames: list[NDArray[np.uint8]], fps: Fraction = FPS, *, sound: bool = False) -> Path:
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=fps)
        pictures.height, pictures.width = frames[0].shape[:2]
        pictures.pix_fmt, pictures.options = "yuv420p", {"crf": "8", "preset": "ultrafast"}
        heard = container.add_stream("aac", rate=RATE, layout="mono") if sound else None
        for number, frame in enumerate(frames):
            shown_frame = av.VideoFrame.from_ndarray(frame, format="rgb24")
            shown_frame.pts, shown_frame.time_base = number, 1 / fps
            container.mux(pictures.encode(shown_frame))
        container.mux(pictures.encode())
        if heard is not None:
            for at, samples in enumerate(tone(len(frames), fps).reshape(-1, 1024)):
                made = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
                made.sample_rate, made.pts, made.time_base = RATE, at * 1024, Fraction(1, RATE)
                container.mux(heard.encode(made))
            container.mux(heard.encode())
    return path


def tone(frames: int, fps: Fraction) -> NDArray[np.float32]:
    """As loud as the mouth is open."""
    count = int(frames / fps * RATE) // 1024 * 1024
    at = np.arange(count) / RATE
    loud = 0.5 - 0.5 * np.cos(2 * np.pi * at * float(fps) / 12)
    return (0.5 * loud * np.sin(2 * np.pi * 440 * at)).astype(np.float32)


def heard_in(path: Path) -> NDArray[np.float32]:
    """The first channel, by the container's clock from its beginning."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return np.zeros(0, np.float32)
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
        parts = [(f.time, f.to_ndarray()[0]) for g in container.decode(audio=0) for f in resampler.resample(g)]
    last = max(round(time * RATE) + len(samples) for time, samples in parts)
    whole = np.zeros(last, np.float32)
    for time, samples in parts:
        start = round(time * RATE)
        whole[max(start, 0) : start + len(samples)] = samples[max(-start, 0) :]
    return whole
