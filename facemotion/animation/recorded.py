"""The record of an animation: what it was made by and from, for its container and the file beside it."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from facemotion import __version__
from facemotion.animation.drivers import Driver
from facemotion.animation.motions import MotionOptions
from facemotion.animation.sources import Source
from facemotion.authorship.record import FORMAT, Input, Record, digest
from facemotion.models.weights import WEIGHTS


def record_of(
    folder: Path, name: str | None, sources: Sequence[Source], driver: Driver, options: object, label: bool
) -> Record:
    """`folder`: of the model, `name`: what it is called elsewhere. `options`: a dataclass."""
    given = [Input("source", _digest(source)) for source in sources]
    if driver.path is not None:
        given.append(Input("driving", digest(driver.path)))
    return Record(
        model=name or folder.resolve().name, weights=digest(folder / WEIGHTS), inputs=tuple(given),
        options=_told(options), label=label, synthetic=True, facemotion=__version__, format=FORMAT,
    )  # fmt: skip


def _digest(source: Source) -> str:
    if isinstance(source, np.ndarray):
        return hashlib.sha256(np.ascontiguousarray(source).tobytes()).hexdigest()
    return digest(Path(source))


def _told(options: object) -> dict[str, str | bool | int | float | None]:
    """Those that differ from what they are by themselves, motion's among them."""
    own, usual = asdict(options), asdict(type(options)())  # type: ignore[call-overload]
    motion, usual_motion = own.pop("motion"), usual.pop("motion")
    assert motion.keys() == asdict(MotionOptions()).keys()
    own, usual = own | motion, usual | usual_motion
    return {name: value for name, value in own.items() if value != usual[name]}
