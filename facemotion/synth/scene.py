"""Pictures of actors: everything posed, rasterised into one depth buffer, lit and laid over a background."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facemotion.synth.actor import Actor, Posed, View, lid_values, pose_actor
from facemotion.synth.deform import vertex_normals
from facemotion.synth.eye_shade import shade_eyes
from facemotion.synth.folds import fold_shade
from facemotion.synth.lighting import Lighting
from facemotion.synth.part import Kind
from facemotion.synth.raster import rasterize
from facemotion.synth.shading import light_vertices, resolve
from facemotion.synth.topology import topology
from facemotion.synth.visibility import harmonics, light_visibility

__all__ = ["Actor", "Lighting", "Rendered", "View", "render"]

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

_TEXELS_A_CM = 45.0  # of the skin's finest texture level, about


@dataclass(frozen=True, eq=False)
class Rendered:
    """image: RGB; foreground: how much of each pixel the actors cover, 0..1."""

    image: U8
    foreground: F32


@dataclass(frozen=True, eq=False)
class Merged:
    """Several posed actors in one set of arrays; actor_of says whose part each is."""

    screen: F32
    inverse_depth: F32
    points: F32
    triangles: NDArray[np.int32]
    uv: F32
    part: NDArray[np.int32]
    kind: NDArray[np.int32]
    cutout: NDArray[np.bool_]
    textures: NDArray[np.int64]
    texels: U8
    actor_of: NDArray[np.int32]


def merge(actors: Sequence[Actor], posed: Sequence[Posed]) -> Merged:
    vertex, part, texel = 0, 0, 0
    triangles, parts, tables, texels, owners = [], [], [], [], []
    for k, (actor, p) in enumerate(zip(actors, posed, strict=True)):
        mesh = p.body.mesh
        table, data = p.body.levels[_level(actor, p)]
        triangles.append(mesh.triangles + np.int32(vertex))
        parts.append(mesh.part + np.int32(part))
        tables.append(table + np.array([texel, 0, 0]))
        texels.append(data)
        owners.append(np.full(len(mesh.kind), k, np.int32))
        vertex += len(mesh.position)
        part += len(mesh.kind)
        texel += data.size
    join = np.concatenate
    return Merged(
        screen=join([p.screen for p in posed]),
        inverse_depth=join([p.inverse_depth for p in posed]),
        points=join([p.points for p in posed]),
        triangles=join(triangles),
        uv=join([p.body.mesh.uv for p in posed]),
        part=join(parts),
        kind=join([p.body.mesh.kind for p in posed]),
        cutout=join([p.body.mesh.cutout for p in posed]),
        textures=join(tables),
        texels=texels[0] if len(texels) == 1 else join(texels),
        actor_of=join(owners),
    )


def _level(actor: Actor, posed: Posed) -> int:
    pixels_a_cm = actor.face_px / posed.body.face_height
    wanted = np.log2(_TEXELS_A_CM / max(pixels_a_cm * 1.35, 1e-3))
    return int(np.clip(np.floor(wanted + 0.35), 0, len(posed.body.levels) - 1))


def draw(merged: Merged, view: View, samples: int) -> tuple[F32, NDArray[np.int32]]:
    """(1/z, triangle) of every sample, -1 where the background shows."""
    nearest = np.zeros((view.height * samples, view.width * samples), np.float32)
    shown = np.full(nearest.shape, -1, np.int32)
    m = merged
    rasterize(
        m.screen, m.inverse_depth, m.triangles, m.cutout, m.uv, m.part, m.textures, m.texels, samples, nearest, shown
    )
    return nearest, shown


def render(view: View, actors: Sequence[Actor], lighting: Lighting, background: U8) -> Rendered:
    if background.shape != (view.height, view.width, 3) or background.dtype != np.uint8:
        raise ValueError(
            f"render: background is {background.dtype} {background.shape}, "
            f"but the view needs uint8 ({view.height}, {view.width}, 3); resize it first"
        )
    if not actors:
        return Rendered(background.copy(), np.zeros(background.shape[:2], np.float32))
    posed = [pose_actor(view, a) for a in actors]
    merged = merge(actors, posed)
    _, shown = draw(merged, view, 2)
    light, gleam = [], []
    for p in posed:
        mesh = p.body.mesh
        shade, seen = shade_vertices(p)
        normals = vertex_normals(p.points, mesh.triangles, mesh.seam)
        kinds = mesh.kind[mesh.vertex_part]
        reach, ambient = reached(p, lighting)
        light.append(
            light_vertices(
                p.points,
                normals,
                mesh.strand,
                kinds,
                shade,
                reach,
                ambient,
                lighting.directions,
                lighting.colours,
                lighting.sky,
                lighting.ground,
            )
        )
        gleam.append(seen)
    image = np.empty_like(background)
    coverage = np.empty(background.shape[:2], np.float32)
    halves, strength = _glints(lighting)
    resolve(
        shown,
        merged.triangles,
        merged.part,
        merged.kind,
        merged.screen,
        merged.inverse_depth,
        merged.uv,
        np.concatenate(light),
        merged.textures,
        merged.texels,
        halves,
        strength,
        np.concatenate(gleam),
        background,
        image,
        coverage,
    )
    return Rendered(image, coverage)


def _glints(lighting: Lighting) -> tuple[F32, F32]:
    """Half-way vectors and colours of the lights that mirror in eyes: those before the face."""
    front = lighting.directions[:, 2] < -0.2
    half = lighting.directions[front] + np.array([0, 0, -1], np.float32)
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    colours = (
        lighting.colours[front]
        * np.array([2.2 if k == 0 else 0.8 for k in range(int(front.sum()))], np.float32)[:, None]
    )
    return half.astype(np.float32), colours.astype(np.float32)


def reached(posed: Posed, lighting: Lighting) -> tuple[F32, F32]:
    """Share of each lamp's light [L, V] and of the surroundings' [V] that arrives past the head itself."""
    mesh = posed.body.mesh
    coefficients, open_sky = light_visibility()
    in_head = lighting.directions @ posed.head[:, :3]
    reach = np.ones((len(in_head), len(mesh.position)), np.float32)
    ambient = np.ones(len(mesh.position), np.float32)
    skin = slice(0, mesh.starts[1])
    reach[:, skin] = np.clip(harmonics(in_head.astype(np.float64)).astype(np.float32) @ coefficients.T, 0.12, 1.0)
    ambient[skin] = 0.35 + 0.65 * open_sky
    bust = (mesh.vertex_part > 0) & (mesh.kind[mesh.vertex_part] == Kind.SKIN)
    reach[:, bust] = 0.85
    ambient[bust] = 0.8
    return reach, ambient


def shade_vertices(posed: Posed) -> tuple[F32, F32]:
    """Dimming of vertices that changes with the expression: eyeballs under their lids, the mouth's inside.

    Returns (factor on light, how much of an eye may mirror a lamp)."""
    mesh = posed.body.mesh
    factor = np.ones(len(mesh.position), np.float32)
    factor[: mesh.starts[1]] = fold_shade(posed.expression)
    for side in range(2):
        ball = slice(mesh.starts[1 + side], mesh.starts[2 + side])
        shade_eyes(posed.local[: mesh.starts[1]], topology().eyes[side], posed.local[ball], factor[ball])
    creases = topology().eyes[:, 3, 1 : topology().eyes.shape[2] // 2]
    for side, (upper, _) in enumerate(lid_values(posed.expression)):
        factor[creases[side]] *= 0.66 + 0.34 * float(np.clip(upper, 0, 1))  # the fold smooths out as the lid closes
    seen = np.clip((factor - 0.45) / 0.4, 0, 1).astype(np.float32)
    lips = topology().lips
    middle = lips.shape[2] // 2
    gap = float(posed.local[lips[1, 1, middle], 1] - posed.local[lips[0, 1, middle], 1])
    mouth = mesh.kind[mesh.vertex_part] == Kind.MOUTH
    factor[mouth] = 0.66 + 0.3 * min(gap / 1.6, 1.0)
    return factor, seen
