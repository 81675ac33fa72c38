"""The sources as people give them: photos, arrays, or clips of which the most telling frames are taken."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.animation.drivers import Driver
from facemotion.animation.faces import FoundFace, chosen, find_faces, objection, remarks
from facemotion.animation.photos import is_photo, read_photo
from facemotion.animation.references import Image, Reference
from facemotion.animation.settings import Settings
from facemotion.errors import FacemotionError
from facemotion.ingest.sighting import sharpness
from facemotion.landmarks.choose import choose
from facemotion.video import Reader

log = logging.getLogger(__name__)

Source = Path | str | NDArray[np.uint8]

LOOKED_AT: Final = 48  # frames of a clip, evenly, among which photos are chosen


@dataclass(frozen=True)
class Wanted:
    """`most` references the model can use, of clips at most `each`; `face`: which; `frame`: of a clip, the one to take;
    `own`: whether frames of the driving video are framed as the driver is, for motion that is absolute."""

    most: int
    each: int
    face: str
    frame: int | None
    own: bool


def references(sources: Sequence[Source], driver: Driver, wanted: Wanted, settings: Settings) -> list[Reference]:
    """The first source's come first."""
    if not sources:
        raise FacemotionError("no source was given: name a photo or a clip of the person to animate")
    found: list[tuple[str, Reference]] = []
    for number, source in enumerate(sources, 1):
        if isinstance(source, np.ndarray):
            name = f"source {number}"
            found.append((name, _photographed(_checked(source, name), name, wanted, settings)))
        elif is_driving(source, driver):
            found += [(str(source), one) for one in _of_driver(driver, wanted, settings)]
        elif is_photo(Path(source)):
            found.append((str(source), _photographed(read_photo(Path(source)), str(source), wanted, settings)))
        else:
            found += [(str(source), one) for one in _of_clip(Path(source), wanted, settings)]
    if len(found) <= wanted.most:
        return [one for _, one in found]
    points = np.stack([one.normalised() for _, one in found])
    first = None if wanted.most == 1 else 0
    picked = choose(points, wanted.most, sharpness=np.array([one.sharpness for _, one in found]), first=first)
    log.info(
        "of %d photos this model uses %d, those that show most: %s",
        len(found), len(picked), ", ".join(Path(found[k][0]).name for k in picked),
    )  # fmt: skip
    return [found[k][1] for k in picked]


def is_driving(source: Source, driver: Driver) -> bool:
    if isinstance(source, np.ndarray) or driver.reader is None or driver.path is None:
        return False
    path = Path(source)
    return path.exists() and path.samefile(driver.path)


def _photographed(image: Image, name: str, wanted: Wanted, settings: Settings) -> Reference:
    face = chosen(find_faces(image), wanted.face, name)
    if why := objection(face):
        raise FacemotionError(f"{name}: {why}")
    for remark in remarks(face):
        log.warning("%s: %s", name, remark)
    return Reference.of(image, face, settings)


def _checked(image: NDArray[np.uint8], name: str) -> Image:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or min(image.shape[:2]) < 16:
        raise FacemotionError(f"{name} is {image.dtype} {image.shape}: give RGB pictures, uint8 [H, W, 3]")
    return image


def _of_driver(driver: Driver, wanted: Wanted, settings: Settings) -> list[Reference]:
    """Frames of the driving video itself, whose face has been followed already."""
    assert driver.reader is not None
    assert driver.path is not None
    seen = driver.performance.seen
    first = driver.performance.start
    if wanted.frame is not None:
        _check_number(driver.path, wanted.frame, first, first + len(seen))
        picked = [wanted.frame - first]
    else:
        picked = choose(np.where(seen[:, None, None], driver.points, np.nan), min(wanted.each, wanted.most))
    made = []
    for number in picked:
        if not seen[number]:
            raise FacemotionError(f"{driver.path}, frame {first + number}: no face was found there; take another frame")
        image = next(driver.reader.frames(first + number, first + number + 1))
        points = driver.points[number]
        if wanted.own:
            made.append(Reference(image, driver.square, points, driver.camera[number]))
        else:
            face = FoundFace(points.astype(np.float32), driver.performance.scores[number])
            made.append(Reference.of(image, face, settings))
    return made


def _of_clip(path: Path, wanted: Wanted, settings: Settings) -> list[Reference]:
    reader = Reader(path)
    count = reader.info.frames
    if wanted.frame is not None:
        _check_number(path, wanted.frame, 0, count)
        image = next(reader.frames(wanted.frame, wanted.frame + 1))
        return [_photographed(image, f"{path}, frame {wanted.frame}", wanted, settings)]
    step = max(count // LOOKED_AT, 1)
    faces: dict[int, FoundFace] = {}
    sharp: list[float] = []
    for number, frame in zip(range(0, count, step), reader.frames(step=step), strict=False):
        found = find_faces(frame, averaged=2)
        if found and not objection(face := chosen(found, wanted.face, f"{path}, frame {number}")):
            faces[number] = face
            left, top, right, bottom = face.box.tolist()
            sharp.append(sharpness(frame, (left, top, right, bottom)))
    if not faces:
        raise FacemotionError(
            f"{path}: none of {len(range(0, count, step))} frames looked at, evenly over it, shows a face that looks "
            "roughly into the camera: give another clip, or a photo"
        )
    numbers = list(faces)
    points = np.stack([face.points for face in faces.values()])
    picked = choose(points, min(wanted.each, wanted.most), sharpness=np.array(sharp))
    log.info("%s: photos are its frames %s", path, ", ".join(str(numbers[k]) for k in picked))
    return [
        _photographed(next(reader.frames(number, number + 1)), f"{path}, frame {number}", wanted, settings)
        for number in (numbers[k] for k in picked)
    ]


def _check_number(path: Path, frame: int, first: int, last: int) -> None:
    if not first <= frame < last:
        raise FacemotionError(f"{path} has frames {first} to {last - 1} here, not {frame}: say another --source-frame")
