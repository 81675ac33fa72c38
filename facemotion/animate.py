"""What a person calls: photos and a driving video in, a video out.

from facemotion.animate import Animator, Options

animation = Animator.load("models/landmarks_refined").animate(["me.jpg"], "talk.mp4", Options(paste=True))
animation.write("result.mp4")    # or: for frame in animation: ...
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice, repeat, zip_longest
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray

from facemotion.animation import motions
from facemotion.animation.ahead import ahead, in_order
from facemotion.animation.drivers import Driver, open_driving
from facemotion.animation.following import follow
from facemotion.animation.motions import Floats, MotionOptions
from facemotion.animation.pasting import Canvas
from facemotion.animation.performance import Performance
from facemotion.animation.photos import is_photo
from facemotion.animation.playing import Playing
from facemotion.animation.recorded import record_of
from facemotion.animation.references import CLIP, Image, Reference
from facemotion.animation.rendering import Asked, Detail, Renderer
from facemotion.animation.settings import Settings
from facemotion.animation.sources import Source, Wanted, is_driving, references
from facemotion.animation.strips import strip
from facemotion.animation.telling import tell
from facemotion.authorship.finish import finish
from facemotion.authorship.label import Label
from facemotion.authorship.record import Record, digest
from facemotion.authorship.signature import Credentials
from facemotion.console import progress
from facemotion.errors import FacemotionError
from facemotion.models.animator import Animator as Model
from facemotion.models.fusion import MOST
from facemotion.models.weights import load_model
from facemotion.video import Reader
from facemotion.video_film import Film, Sound

log = logging.getLogger(__name__)

Device = Literal["auto", "cpu", "cuda"]
SIZE: Final = 256  # pixels a side, unless more is asked for
SIZES: Final = (32, 2048)
AHEAD: Final = 4  # driving frames that are decoded before they are asked for


@dataclass(frozen=True)
class Options:
    """`face` and `driving_face`: largest, leftmost, or a number from the left, 1 first. `start` and `end`: seconds of
    the driver. `size`: of the result, even; with `paste`, into the whole photo, of its larger side. `detail`: the
    photo's own, or only what the model paints. `source_frame`: of a clip as source, the frame to take; else the most
    telling ones, up to `references`. `strip`: driving, reference and result side by side. `label`: a small one on the
    result that says what it is."""

    motion: MotionOptions = field(default_factory=MotionOptions)
    face: str = "largest"
    driving_face: str = "largest"
    start: float | None = None
    end: float | None = None
    size: int | None = None
    detail: Detail = "auto"
    paste: bool = False
    strip: bool = False
    source_frame: int | None = None
    references: int = 4
    label: bool = True

    def __post_init__(self) -> None:
        if self.size is not None and (self.size % 2 or not SIZES[0] <= self.size <= 2 * SIZES[1]):
            raise FacemotionError(f"size is {self.size}: say an even number from {SIZES[0]} to {2 * SIZES[1]}")
        for name, seconds in (("start", self.start), ("end", self.end)):
            if seconds is not None and not 0 <= seconds < 1e6:
                raise FacemotionError(f"{name} is {seconds:g}: say seconds of the driving video")
        if self.references < 1:
            raise FacemotionError(f"references is {self.references}: say 1 or more")


class Animation:
    """Frames RGB uint8 [height, width, 3], made as one asks for them; it may be gone through again."""

    def __init__(
        self,
        model: Model,
        driver: Driver,
        sources: Sequence[Source],
        photos: list[Reference],
        options: Options,
        record: Record,
        absolute: bool,
        playing: Playing | None = None,
    ) -> None:
        self.driver, self.sources, self.photos, self.record = driver, sources, photos, record
        self.playing = playing
        self._model, self._options, self._absolute = model, options, absolute
        self.canvas = Canvas(photos[0], options.size) if options.paste else None
        self._side = options.size or SIZE
        if self.canvas is not None:
            # What is pasted in is made as large as it is shown.
            self._side = min(max(round(self.canvas.side / 2) * 2, model.config.image_size), SIZES[1])
        self._still = self.canvas.paste(photos[0].crop(self._side)) if self.canvas else photos[0].crop(self._side)
        self.height, self.width = self._laid_out(self._driving_like(), self._still).shape[:2]

    @property
    def fps(self) -> Fraction:
        return self.driver.performance.fps

    @property
    def frames(self) -> int:
        return self.driver.performance.frames if self.playing is None else len(self.playing.numbers)

    def __iter__(self) -> Iterator[Image]:
        for result, shown in self.results():
            yield self._laid_out(shown, result)

    def results(self) -> Iterator[tuple[Image, Image | None]]:
        """Each frame made, and, where it is to be shown beside it, the driving one."""
        driver, options = self.driver, self._options
        own = self.photos[0].normalised() if self.playing is None else self.playing.rest
        driving = driver.normalised()
        zero = None
        renderer = Renderer(self._model, self.photos, self._side, options.detail)
        if not self._absolute:
            zero = motions.start_of(own, driving, options.motion.best_frame)
            crop = driver.crop_at(zero, CLIP) if renderer.looks and driver.reader else None
            renderer.begin(crop, driving[zero], options.motion.strength)
        wanted = self.wanted(own, driving, zero)
        camera = driver.camera if self._absolute and self.photos[0].camera is not None else None
        looked_at = driver.crops(CLIP) if renderer.looks and driver.reader else None
        shown = ahead(self._shown(), AHEAD) if options.strip else repeat(None)
        label = Label(*self._still.shape[:2]) if options.label else None
        played = ahead(self.playing.references(), AHEAD) if self.playing is not None else None
        parts = _in_parts(wanted, looked_at, camera, played, renderer.together)
        for asked, frames in in_order(renderer.asked, parts, alone=renderer.device.type != "cpu"):
            for frame, under in zip_longest(frames, asked.references):
                photo = under.image if under is not None else None
                made = self.canvas.paste(frame, photo) if self.canvas is not None else frame
                yield label.on(made) if label is not None else made, next(shown)

    def wanted(self, own: Floats, driving: Floats, zero: int | None) -> Floats:
        """Where the reference's points go in each frame."""
        hidden = self.photos[0].eyes_hidden or self.driver.performance.eyes_hidden
        if self.playing is not None:
            assert zero is not None
            hidden = hidden or self.playing.clip.performance.eyes_hidden
            return self.playing.moved(driving, zero, self._options.motion, hidden)
        wanted = motions.moved(own, driving, zero, self._options.motion)
        return motions.eyes_at_rest(own, wanted) if hidden and zero is not None else wanted

    def write(
        self,
        path: Path | str,
        *,
        sound: bool = True,
        lossless: bool = False,
        keep_partial: bool = False,
        credentials: Credentials | None = None,
    ) -> int:
        """The film, with its record in it and beside it, and how many frames it has. Stopped by Ctrl-C it leaves
        nothing or, as asked, what is done."""
        out, heard = Path(path), None
        given = [Path(one).resolve() for one in (*self.sources, self.driver.path) if isinstance(one, Path | str)]
        if out.resolve() in given:
            raise FacemotionError(f"{out} is one of the files it is to be made from: choose another name")
        if sound and self.driver.path is not None and self.driver.reader is not None:
            heard = Sound(self.driver.path, float(self.driver.performance.start / self.fps))
        film = Film(
            out, fps=self.fps, width=self.width, height=self.height, lossless=lossless, sound=heard,
            tags=self.record.tags(),
        )  # fmt: skip
        try:
            with film, progress("animating", self.frames, "frames") as ticker:
                for frame in self:
                    film.write(frame)
                    film.keep = keep_partial
                    ticker.advance()
        except KeyboardInterrupt:
            if film.keep:
                finish(out, self.record, credentials)
                log.warning("stopped: %s holds the first %d of %d frames", out, film.count, self.frames)
            else:
                log.warning("stopped: nothing was written")
            raise
        finish(out, self.record, credentials)
        return film.count

    def _laid_out(self, driving: Image | None, result: Image) -> Image:
        if driving is None:
            return result
        return strip([driving, self._still, result], result.shape[0])

    def _driving_like(self) -> Image | None:
        """A picture of the size of the driving ones."""
        if not self._options.strip:
            return None
        about = self.driver.performance
        whole = self.canvas is not None and self.driver.reader is not None
        return np.zeros((about.height, about.width, 3) if whole else (self._side, self._side, 3), np.uint8)

    def _shown(self) -> Iterator[Image]:
        if self.canvas is not None and self.driver.reader is not None:
            return self.driver.frames()
        return self.driver.crops(self._side)


class Animator:
    """A trained model, for people's files."""

    def __init__(self, model: Model, folder: Path, settings: Settings, name: str | None = None) -> None:
        self.model, self.folder, self.settings, self.name = model, folder, settings, name

    @classmethod
    def load(cls, folder: Path | str, device: Device = "auto", name: str | None = None) -> Self:
        """`name`: what the model is called where the folder's own name says nothing."""
        model = load_model(Path(folder)).eval()
        model.requires_grad_(False)
        for weight in model.generator.parameters():
            if weight.dim() == 4:  # a little faster so, on all processors and GPUs
                weight.data = weight.data.contiguous(memory_format=torch.channels_last)
        return cls(model.to(_device(device)), Path(folder), Settings.load(), name)

    def animate(
        self,
        sources: Sequence[Source] | Source,
        driving: Path | str | Performance,
        options: Options | None = None,
    ) -> Animation:
        options = options or Options()
        given = [sources] if isinstance(sources, Path | str | np.ndarray) else list(sources)
        for source in given:
            if isinstance(source, Path | str) and not Path(source).is_file():
                raise FacemotionError(f"{source} is not a file; check the path")
        driver = self.driver(driving, options)
        absolute = options.motion.way == "absolute" or (
            options.motion.way == "auto" and all(is_driving(source, driver) for source in given)
        )
        playing = None
        if options.paste and options.source_frame is None and not absolute and len(given) == 1:
            playing = self._playing(given[0], driver, options)
        if playing is not None:
            photos = [next(playing.references())]
        else:
            most = MOST if self.model.fusion is not None else 1
            wanted = Wanted(most, options.references, options.face, options.source_frame, own=absolute)
            photos = references(given, driver, wanted, self.settings)
        if options.motion.region != "all" and self.model.coarse.keypoints is not None:
            raise FacemotionError(
                f"region {options.motion.region!r} needs a model whose motion is told by landmarks; this one's is "
                f"{self.model.config.motion!r}: take another, such as models/landmarks_refined"
            )
        record = record_of(self.folder, self.name, given, driver, options, options.label)
        return Animation(self.model, driver, given, photos, options, record, absolute, playing)

    def _playing(self, source: Source, driver: Driver, options: Options) -> Playing | None:
        """A clip, which goes on playing about the face; a model that looks at the driving pictures moves a still of
        it."""
        if isinstance(source, np.ndarray) or is_photo(Path(source)) or self.model.coarse.keypoints is not None:
            return None
        as_long = driver.performance.frames / float(driver.performance.fps)
        clip = self.driver(source, replace(options, driving_face=options.face, start=None, end=as_long))
        return Playing.of(clip, driver)

    def driver(self, driving: Path | str | Performance, options: Options) -> Driver:
        if isinstance(driving, Performance):
            performance, reader, path = driving.cut(options.start, options.end), None, None
        else:
            path = Path(driving)
            opened = open_driving(path)
            if isinstance(opened, Performance):
                performance, reader = opened.cut(options.start, options.end), None
            else:
                performance, reader = self.perform(opened, options), opened
        tell(performance, str(path or "the motion"))
        return Driver.of(path, performance, reader, options.motion.smooth, self.settings)

    def perform(self, reader: Reader, options: Options) -> Performance:
        """Follow the face through a video."""
        return perform(reader, self.settings, options.driving_face, options.start, options.end)


def _in_parts(
    points: Floats,
    pictures: Iterator[Image] | None,
    camera: NDArray[np.float32] | None,
    played: Iterator[Reference] | None,
    together: int,
) -> Iterator[Asked]:
    for start in range(0, len(points), together):
        some = slice(start, start + together)
        count = len(points[some])
        crops = list(islice(pictures, count)) if pictures is not None else []
        references = list(islice(played, count)) if played is not None else []
        yield Asked(points[some], crops, camera[some] if camera is not None else None, references)


def perform(
    reader: Reader, settings: Settings, face: str = "largest", start: float | None = None, end: float | None = None
) -> Performance:
    info = reader.info
    first = 0 if start is None else round(start * info.fps)
    last = info.frames if end is None else min(round(end * info.fps), info.frames)
    if first >= last:
        raise FacemotionError(
            f"{reader.path} has {info.duration_s:.2f} seconds: nothing lies from {start or 0:g} to "
            f"{info.duration_s if end is None else end:g}; say another --start or --end"
        )
    with progress("following the face", last - first, "frames") as ticker:
        return follow(
            reader, settings.landmarks, which=face, start=first, end=last, source=digest(reader.path),
            done=ticker.advance,
        )  # fmt: skip


def _device(name: Device) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise FacemotionError("there is no GPU that torch can use here: say --device cpu")
    return torch.device(name)
