"""The haircuts: what each style name means as a Cut, and the parts it is made of."""

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.facial_hair import hairline
from facemotion.synth.hair import Cut, Field, Mover, hair_part, layer_texture, paint, shell
from facemotion.synth.headform import step
from facemotion.synth.palette import rgb
from facemotion.synth.part import Kind, Part, faced, grid_triangles
from facemotion.synth.traits import Traits

Array = NDArray[np.float64]


def _radiating(a: Array, s: Array) -> Array:
    return a / (2 * np.pi) + 0.5 + 0.0 * s


def _parted(parting: float) -> Field:
    """Strands that leave a parting and run over the forehead sideways, then down."""

    def flow(a: Array, s: Array) -> Array:
        m = step(np.abs(a - parting), 0.1, 1.3) * step(s, 0.0, 0.5)
        across = a / (2 * np.pi) + 0.5
        return (1 - m) * (0.30 * s + 0.1 * across) + m * across

    return flow


def _combed(side: float) -> Field:
    """Strands from the crown that lean to one side over the forehead."""
    return lambda a, s: a / (2 * np.pi) + 0.5 + side * 0.11 * s**2 * (1 - step(np.abs(a), 0.6, 1.5))


def _volume(top: float, sides: float, front: float, edge: float, scale: float, hanging: bool = False) -> Field:
    """Thickness (cm): on top, at the sides and back, added over the forehead, and at the very end of the hair."""

    def thickness(a: Array, s: Array) -> Array:
        around = step(np.abs(a), 0.75, 1.45)
        fall = step(s, 0.40, 0.80) * around
        lift = front * (1 - step(np.abs(a), 0.45, 1.25)) * step(s, 0.35, 0.80)
        body = scale * (top * (1 - fall) + sides * fall + lift)
        rounding = np.sqrt(1 - np.clip((s - 0.66) / 0.26, 0, 1) ** 2)  # flat again before the end
        if hanging:  # no rounding where the hair goes on past the scalp
            rounding = rounding + (1 - rounding) * step(np.abs(a), 0.85, 1.35)
        return body * rounding + edge * (1 - rounding)

    return thickness


def _edge(extra: float, front: float = 0.0, receding: float = 0.0):  # type: ignore[no-untyped-def]
    return lambda a: hairline(a, receding) + extra + front * (1 - step(np.abs(a), 0.55, 1.05))


def _long_end(a: Array) -> Array:
    """Long hair leaves the scalp at the temples and behind; in front it ends at the hairline."""
    line = hairline(a, 0.0) + 0.35
    return np.where(np.abs(a) > 0.93, np.minimum(line, -2.4 + 0 * a), line)


def cut_of(traits: Traits) -> Cut | None:
    style = str(traits["hair_style"])
    scale = float(traits["hair_volume"])
    side = float(traits["hair_parting"])
    length = float(traits["hair_length"])

    def curtain(start: float, amount: float):  # type: ignore[no-untyped-def]
        return lambda a: amount * step(np.abs(a), start, start + 0.14)

    if style in ("bald", "buzz"):
        return None
    if style == "receding":
        return Cut(_edge(0.4, receding=0.95), _volume(0.4, 0.45, 0.0, 0.05, scale), _radiating, soft=0.8)
    if style == "short":
        return Cut(_edge(0.45), _volume(1.2, 0.55, 0.45, 0.08, scale), _combed(0.4 * side))
    if style == "side_part":
        return Cut(_edge(0.45), _volume(1.35, 0.6, 0.5, 0.08, scale), _parted(0.55 * side), parting=0.55 * side)
    if style == "swept":
        return Cut(_edge(0.4), _volume(1.5, 0.5, 1.3, 0.08, scale), _radiating)
    if style == "fringe":
        return Cut(_edge(0.6, 1.5 + 0.8 * length), _volume(1.2, 0.9, 0.1, 0.28, scale), _combed(0.8 * side), ragged=0.8)
    if style == "curly":
        return Cut(_edge(0.5), _volume(2.0, 1.4, 0.5, 0.1, scale), _radiating, frizz=0.28, ragged=0.7, soft=0.4)
    if style == "afro":
        return Cut(_edge(0.4), _volume(3.6, 3.2, 0.3, 0.1, scale), _radiating, frizz=0.12, ragged=0.5, soft=0.5)
    if style == "bun":
        return Cut(_edge(0.4), _volume(0.5, 0.45, 0.1, 0.06, scale), _radiating)
    parting = 0.0 if length < 0.4 else 0.45 * side
    volume = _volume(1.15, 1.25, 0.25, 0.08, scale, hanging=True)
    if style == "bob":
        return Cut(_long_end, volume, _parted(parting), curtain(0.98, 8.5 + 4 * length), inward=1.5, parting=parting)
    if style == "long_curly":
        hang = curtain(0.98, 9.0 + 9 * length)
        return Cut(
            _long_end,
            _volume(1.8, 2.0, 0.3, 0.1, scale, hanging=True),
            _radiating,
            hang,
            frizz=0.22,
            ragged=1.4,
            soft=0.5,
        )
    wave = 0.5 if style == "long_wavy" else 0.0
    return Cut(
        _long_end, volume, _parted(parting), curtain(0.98, 15.0 + 8 * length), ragged=1.6, wave=wave, parting=parting
    )


def hair_parts(traits: Traits, mover: Mover, rng: np.random.Generator) -> list[Part]:
    cut = cut_of(traits)
    if cut is None:
        return []
    colour = rgb(str(traits["hair_colour"]))
    lumps = int(rng.integers(1 << 31))
    painted = paint(cut, colour, rgb(str(traits["skin"])), rng)
    layers = [(0.86, 0.82, 0.0), (0.94, 0.92, 0.42), (1.0, 1.02, 0.62)]
    if cut.frizz > 0.1:
        layers = [(0.88, 0.76, 0.0), (0.96, 0.9, 0.45), (1.06, 1.04, 0.7)]
    out = []
    for share, shade, thin in layers:
        surface = shell(cut, share, mover, np.random.default_rng(lumps))
        out.append(hair_part(surface, layer_texture(painted, cut, shade, thin), inside=share == layers[0][0]))
    if traits["hair_style"] == "bun":
        out.append(_knot(traits, mover, out[0]))
    return out


def _knot(traits: Traits, mover: Mover, cap: Part) -> Part:
    """A ball of hair, high or at the back of the head."""
    high = float(traits["hair_length"]) > 0.5
    polar, turn = np.meshgrid(np.linspace(0, np.pi, 17), np.linspace(0, 2 * np.pi, 33), indexing="ij")
    centre = mover(np.array([[0.0, -11.6, 4.2]] if high else [[0.0, -5.0, 10.2]]))[0] + [0, -1.2 if high else 0, 0]
    radius = (2.5 + 0.25 * np.cos(turn * 5 + 3 * polar)) * float(traits["hair_volume"]) ** 0.5
    unit = np.stack([np.sin(polar) * np.cos(turn), -np.cos(polar) * 0.85, np.sin(polar) * np.sin(turn)], -1)
    position = (centre + unit * radius[..., None]).reshape(-1, 3)
    uv = np.stack([turn / (2 * np.pi), 0.06 + 0.3 * polar / np.pi], -1).reshape(-1, 2)
    index = np.arange(17 * 33).reshape(17, 33)
    n = len(position)
    return Part(
        Kind.HAIR,
        position.astype(np.float32),
        faced(position, grid_triangles(17, 33), centre),
        uv.astype(np.float32),
        cap.texture,
        head_share=np.ones(n, np.float32),
        jaw_share=np.zeros(n, np.float32),
        strand=np.concatenate([index[1:], index[-1:]]).ravel().astype(np.int32),
        seam=np.stack([index[:, 0], index[:, -1]], -1).astype(np.int32),
    )
