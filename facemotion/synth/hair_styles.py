"""The haircuts: what each style name means as a Cut, and the parts it is made of."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.facial_hair import hairline
from facemotion.synth.hair import Cut, Mover, hair_part, paint_hair, shell
from facemotion.synth.headform import step
from facemotion.synth.part import Part
from facemotion.synth.traits import Traits, rgb

Array = NDArray[np.float64]


def _radiating(turns: float = 1.0) -> Callable[[Array, Array], Array]:
    return lambda a, s: turns * a / (2 * np.pi) + 0.5


def _parted(side: float, sweep: float) -> Callable[[Array, Array], Array]:
    """Strands that leave a parting and run over the forehead sideways, then down."""

    def flow(a: Array, s: Array) -> Array:
        from_part = np.abs(a - side * 0.35)
        m = step(from_part, 0.15, 1.25)
        return (1 - m) * (0.35 * s) + m * (a / (2 * np.pi) + 0.5 + sweep * 0.08 * s)

    return flow


def _none(a: Array) -> Array:
    return 0.0 * a


def _full(end: float, front: float) -> Callable[[Array], Array]:
    """The hairline all around, a little past it; front: more of it over the forehead."""
    return lambda a: hairline(a, 0.0) + end + front * (1 - step(np.abs(a), 0.5, 1.0))


def cut_of(traits: Traits) -> Cut | None:
    style = str(traits["hair_style"])
    volume = float(traits["hair_volume"])
    side = float(traits["hair_parting"])
    length = float(traits["hair_length"])

    def crop(top: float, sides: float, front: float) -> Callable[[Array, Array], Array]:
        def thickness(a: Array, s: Array) -> Array:
            around = step(np.abs(a), 0.7, 1.5)
            ends = 1.0 - 0.55 * step(s, 0.75, 1.0)
            lift = front * (1 - step(np.abs(a), 0.5, 1.2)) * step(s, 0.35, 0.85)
            fall = step(s, 0.45, 0.85) * around
            return volume * ((top * (1 - fall) + sides * fall) * ends + lift) + 0.12

        return thickness

    def curtain(start: float, amount: float) -> Callable[[Array], Array]:
        return lambda a: amount * step(np.abs(a), start, start + 0.16)

    if style in ("bald", "buzz"):
        return None
    if style == "receding":
        return Cut(lambda a: hairline(a, 0.95) + 0.5, _none, crop(0.5, 0.45, 0.1), _radiating(), ragged=0.9, soft=0.5)
    if style == "short":
        return Cut(_full(0.55, 0.25), _none, crop(1.3, 0.55, 0.5), _radiating(), ragged=0.8, soft=0.3)
    if style == "side_part":
        return Cut(_full(0.55, 0.2), _none, crop(1.5, 0.6, 0.7), _parted(side, side), ragged=0.7, soft=0.3)
    if style == "swept":
        return Cut(_full(0.5, 0.0), _none, crop(1.8, 0.6, 1.3), _radiating(), ragged=0.6, soft=0.3)
    if style == "fringe":
        return Cut(_full(0.7, 2.6), _none, crop(1.4, 0.8, 0.15), _radiating(), ragged=1.1, soft=0.3)
    if style == "curly":
        return Cut(_full(0.7, 0.4), _none, crop(2.3, 1.5, 0.3), _radiating(), ragged=0.8, soft=0.4, frizz=0.42)
    if style == "afro":
        return Cut(_full(0.6, 0.2), _none, crop(4.2, 3.6, 0.2), _radiating(), ragged=0.6, soft=0.5, frizz=0.35)
    if style == "bun":
        return Cut(_full(0.45, 0.0), _none, crop(0.55, 0.45, 0.15), _radiating(), ragged=0.5, soft=0.3)
    if style == "bob":
        hang = curtain(0.98, 7.5 + 4 * length)
        return Cut(_long_end, hang, crop(1.3, 1.1, 0.4), _parted(side, 0.2), ragged=0.8, inward=1.6)
    hang = curtain(0.98, 15.0 + 8 * length)
    wave = 0.45 if style == "long_wavy" else 0.0
    return Cut(_long_end, hang, crop(1.3, 1.1, 0.4), _parted(side * length, 0.2), ragged=1.8, wave=wave)


def _long_end(a: Array) -> Array:
    """Long hair leaves the scalp at the temples and behind; in front it ends at the hairline."""
    line = hairline(a, 0.0) + 0.3
    return np.where(np.abs(a) > 0.95, np.minimum(line, -2.4 + 0 * a), line)


def hair_parts(traits: Traits, mover: Mover, rng: np.random.Generator) -> list[Part]:
    cut = cut_of(traits)
    if cut is None:
        return []
    colour = rgb(str(traits["hair_colour"]))
    lumps = int(rng.integers(1 << 31))
    layers = [(0.55, 0.72, 0.0), (0.85, 0.9, 0.25), (1.0, 1.0, 0.55)]
    if cut.frizz > 0:
        layers = [(0.75, 0.75, 0.0), (0.92, 0.9, 0.35), (1.06, 1.0, 0.8)]
    out = []
    for share, shade, thin in layers:
        surface = shell(cut, share, mover, np.random.default_rng(lumps))
        out.append(hair_part(surface, paint_hair(cut, colour, rng, shade, thin), inside=share == layers[0][0]))
    return out
