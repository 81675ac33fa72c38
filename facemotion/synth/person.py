"""A synthetic person: a seed, the traits drawn from it, and the mesh and textures built from those."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from facemotion.synth.blend import jaw_share
from facemotion.synth.canvas import texture_place
from facemotion.synth.clothes import paint_clothes
from facemotion.synth.facial_hair import paint_beard, paint_brows, paint_scalp
from facemotion.synth.hair_styles import hair_parts
from facemotion.synth.headform import step
from facemotion.synth.palette import rgb
from facemotion.synth.part import Kind, Mesh, Part, join
from facemotion.synth.parts_body import body_part
from facemotion.synth.parts_ear import ear_part, paint_ear
from facemotion.synth.parts_eye import eye_part, paint_eye
from facemotion.synth.parts_glasses import glasses_parts
from facemotion.synth.parts_mouth import pocket, teeth, tongue
from facemotion.synth.shape import moved, shaped_eye, shaped_head
from facemotion.synth.skin import bake_skin
from facemotion.synth.topology import topology
from facemotion.synth.traits import Traits, draw_traits

Array = NDArray[np.float64]

MIP_LEVELS = 4


@dataclass(frozen=True, eq=False)
class Body:
    """What rendering a person needs; parts 0 is the skin, 1 and 2 the eyes. Head frame, cm."""

    mesh: Mesh
    levels: tuple[tuple[NDArray[np.int64], NDArray[np.uint8]], ...]  # textures and texels, each half the one before
    eyes: NDArray[np.float32]  # [2, 4] centres and radii of the balls
    centre: NDArray[np.float32]  # midway between brows and chin, on the face
    face_height: float  # brow to chin


@dataclass(frozen=True)
class Person:
    """Equal when the seed is; built on first use."""

    seed: int

    @classmethod
    def from_seed(cls, seed: int) -> Self:
        return cls(int(seed))

    @cached_property
    def traits(self) -> Mapping[str, float | str]:
        return MappingProxyType(draw_traits(self.seed))

    @property
    def body(self) -> Body:
        return _body_of(self.seed)


@lru_cache(maxsize=12)
def _body_of(seed: int) -> Body:
    return build_body(seed)


def build_body(seed: int) -> Body:
    """Mesh and textures of a person, from nothing; `Person.body` keeps the last ones."""
    traits = draw_traits(seed)
    rng = np.random.default_rng([seed, 77])
    head = shaped_head(traits)
    eyes = np.stack([shaped_eye(head, side) for side in range(2)])
    iris = paint_eye(rng, rgb(str(traits["iris"])), float(traits["pupil"]))
    skin = _skin_part(head, _skin_texture(traits, rng))
    parts = [skin, *(eye_part(eyes[side], iris) for side in range(2))]
    parts += _inner_mouth(traits, rng)
    ear = paint_ear(rgb(str(traits["skin"])))
    parts += [_ear(traits, side, ear) for side in range(2)]
    parts += hair_parts(traits, lambda p: moved(traits, p), rng)
    parts += glasses_parts(str(traits["glasses"]), lambda p: moved(traits, p), rng)
    below, above = paint_clothes(traits, rng)
    breadth, neck = float(traits["breadth"]), 1 + 0.05 * float(traits["neck_width"])
    parts += [body_part(Kind.SKIN, breadth, neck, below, 0.0), body_part(Kind.CLOTH, breadth, neck, above, 0.30)]
    mesh = join(parts)
    brow_y, chin = _brow_and_chin(head)
    centre = np.array([0.0, 0.5 * (brow_y + chin[1]), chin[2]], np.float32)
    return Body(mesh, _mipmaps(parts), eyes.astype(np.float32), centre, float(chin[1] - brow_y))


def _skin_texture(traits: Traits, rng: np.random.Generator) -> NDArray[np.uint8]:
    texture = bake_skin(traits, rng)
    colour = texture[..., :3].astype(np.float32) / 255.0
    paint_beard(colour, traits, rng)
    paint_scalp(colour, traits, rng)
    paint_brows(colour, traits, rng)
    texture[..., :3] = np.clip(colour * 255 + 0.5, 0, 255)
    return texture


def _skin_part(head: Array, texture: NDArray[np.uint8]) -> Part:
    top = topology()
    return Part(
        Kind.SKIN,
        head.astype(np.float32),
        top.triangles,
        texture_place(top.domain[:, 0], top.domain[:, 1]).astype(np.float32),
        texture,
        head_share=(1 - step(top.domain[:, 1], 11.9, 16.4)).astype(np.float32),
        jaw_share=jaw_share().astype(np.float32),
        seam=top.seam.astype(np.int32),
    )


def _inner_mouth(traits: Traits, rng: np.random.Generator) -> list[Part]:
    tone = (
        np.array([0.93, 0.90, 0.83])
        * (1 - 0.10 * float(rng.random()))
        * [1, 1 - 0.02 * rng.random(), 1 - 0.08 * rng.random()]
    )
    parts = [pocket(), teeth(True, tone), teeth(False, tone), tongue()]
    out = []
    for part in parts:
        middle = part.position.mean(0, keepdims=True).astype(np.float64)
        middle = np.array([[0.0, 7.12, -10.0]])
        shift = (moved(traits, middle) - middle)[0]
        stretch = 1 + 0.03 * float(traits["mouth_width"])
        position = part.position.astype(np.float64) * [stretch, 1, 1] + shift
        out.append(
            Part(
                part.kind,
                position.astype(np.float32),
                part.triangles,
                part.uv,
                part.texture,
                part.head_share,
                part.jaw_share,
            )
        )
    return out


def _ear(traits: Traits, side: int, texture: NDArray[np.uint8]) -> Part:
    root = moved(traits, np.array([[-7.35 if side == 0 else 7.35, 1.3, 0.2]]))[0]
    anchor = np.array([abs(root[0]), root[1], root[2]])
    return ear_part(side, anchor, float(traits["ear_size"]), float(traits["ear_flare"]), texture)


def _brow_and_chin(head: Array) -> tuple[float, Array]:
    top = topology()
    middle = np.abs(top.position[:, 0]) < 1e-6
    front = middle & (np.abs(top.domain[:, 0]) < 1.0)
    level = np.where(front, top.domain[:, 1], 99.0)
    chin = head[np.argmin(np.abs(level - 11.25))]
    brow = head[np.argmin(np.hypot(top.position[:, 0] - 3.8, top.position[:, 1] + 2.5) + 9 * (top.position[:, 2] > 0))]
    return float(brow[1]), chin


def _mipmaps(parts: list[Part]) -> tuple[tuple[NDArray[np.int64], NDArray[np.uint8]], ...]:
    images = [p.texture for p in parts]
    out = []
    for _ in range(MIP_LEVELS):
        offsets = np.concatenate([[0], np.cumsum([i.size for i in images])])
        table = np.array([(offsets[k], i.shape[1], i.shape[0]) for k, i in enumerate(images)], np.int64)
        out.append((table, np.concatenate([i.ravel() for i in images])))
        images = [
            cv2.resize(i, (max(i.shape[1] // 2, 2), max(i.shape[0] // 2, 2)), interpolation=cv2.INTER_AREA)
            for i in images
        ]
    return tuple(out)
