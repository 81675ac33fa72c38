"""Lids and lips where landmarks say, to a fraction of a pixel of the photo: what opens and shuts is smaller than the
pixels of a small model. Skin moves with the edge it belongs to, eyeballs and upper teeth with the head behind it.

Each opening has a frame of its own: u from corner to corner, 0 to 1, v across it, downwards, in the same unit. An edge
is the curve v(u) of third or fourth order through its points that ends in the corners."""

from typing import Final, NamedTuple

import torch
from torch import Tensor

from facemotion.models import grid


class Opening(NamedTuple):
    """Points of the edges between the corners; how far around them, in widths, all is made anew, above and below, and
    how far beyond each edge all goes with it; the pupil, of an eye."""

    corners: tuple[int, int]
    upper: tuple[int, ...]
    lower: tuple[int, ...]
    above: float
    below: float
    thick: float
    pupil: int | None


OPENINGS: Final = (
    Opening((36, 39), (37, 38), (41, 40), 0.5, 0.35, 0.0, 68),
    Opening((42, 45), (43, 44), (47, 46), 0.5, 0.35, 0.0, 69),
    Opening((60, 64), (61, 62, 63), (67, 66, 65), 0.4, 0.5, 0.15, None),
)
BESIDE: Final = 0.3  # widths to either side
SOFT_PX: Final = 0.7  # half the width of a lid's edge, in pixels of the photo
LIP_SOFT_PX: Final = 1.2
IRIS: Final = 0.3  # radius, in widths, within which the eyeball goes with the pupil
LEAST: Final = 0.15  # an edge's point is at least this far from a corner
WITHIN: Final = 0.05  # of an opening's depth, in which what lies behind ends
# A mouth's inside that no photo shows, by the lips' colour: how bright in the middle, how much more at the edge, over
# what depth, in widths, that falls, and how much more where the tongue is.
DARK: Final = 0.17
EDGE: Final = 0.3
DEEP: Final = 0.05
TONGUE: Final = 0.13
SMALLEST: Final = 6.0  # pixels of width below which nothing is made


class _Frame(NamedTuple):
    origin: Tensor  # [2]
    along: Tensor  # [2]: from corner to corner
    upper: Tensor  # coefficients of the edges
    lower: Tensor

    def local(self, points: Tensor) -> Tensor:
        """Of points [2, ...], normalised."""
        away = points - self.origin.view(2, *[1] * (points.dim() - 1))
        square = self.along.square().sum()
        x, y = self.along
        return torch.stack((away[0] * x + away[1] * y, away[1] * x - away[0] * y)) / square

    def place(self, u: Tensor, v: Tensor) -> Tensor:
        x, y = self.along
        return torch.stack((self.origin[0] + u * x - v * y, self.origin[1] + u * y + v * x))

    def edges(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Upper and lower at u; where they cross they meet half-way."""
        upper, lower = (_curve(edge, u) for edge in (self.upper, self.lower))
        middle, half = (upper + lower) / 2, ((lower - upper) / 2).clamp(min=0)
        return middle - half, middle + half


def composed(frame: Tensor, photo: Tensor, flow: Tensor, own: Tensor, made: Tensor) -> Tensor:
    """A frame [3, S, S] with lids and lips made anew of the photo [3, S, S] and its flow [2, S, S]: they lie at points
    `made` [70, 2] as they do at `own` [70, 2] in the photo, all normalised."""
    result = frame.clone()
    for opening in OPENINGS:
        if _known(opening, own) and _known(opening, made):
            _compose(result, photo, flow, opening, _framed(opening, own), _framed(opening, made), (own, made))
    return result


def _compose(
    result: Tensor,
    photo: Tensor,
    flow: Tensor,
    opening: Opening,
    own: _Frame,
    new: _Frame,
    points: tuple[Tensor, Tensor],
) -> None:
    size = result.shape[-1]
    pixels = float(new.along.norm()) * size / 2
    if min(pixels, float(own.along.norm()) * size / 2) < SMALLEST:
        return
    window = _window(opening, new, size)
    here = grid.identity(size, flow)[0][(slice(None), *window)]
    u, v = new.local(here)
    inside = u.clamp(0, 1)
    upper, lower = new.edges(inside)
    own_upper, own_lower = own.edges(inside)
    soft = (SOFT_PX if opening.pupil is not None else LIP_SOFT_PX) / pixels
    # Skin: as the model has it, but so that each edge is where it should be.
    seen = flow[(slice(None), *window)]
    skins = []
    for edge, own_edge, beyond, reach in (
        (upper, own_upper, upper - v, opening.above),
        (lower, own_lower, v - lower, opening.below),
    ):
        missed = own.place(inside, own_edge) - _at(flow, new.place(inside, edge))
        skins.append(_at(photo, seen + missed * _falling(beyond, opening.thick, reach)))
    skin = skins[0] + _rising(v - (upper + lower) / 2, -soft, soft) * (skins[1] - skins[0])
    open_here = _rising(v - upper, -soft, soft) * _rising(lower - v, -soft, soft) * _rising(lower - upper, 0, 2 * soft)
    open_here = open_here * ((u > 0) & (u < 1))
    edges = upper, lower, own_upper, own_lower
    if opening.pupil is not None:
        behind = _eyeball(photo, own, new, (u, v), edges, opening.pupil, points)
    else:
        behind = _mouth(photo, own, (inside, v), edges, points[0])
    remade = skin + open_here * (behind - skin)
    share = _rising(u, -BESIDE, -0.05) * _rising(1 - u, -BESIDE, -0.05)
    share = share * _falling(upper - v, opening.above / 2, opening.above)
    share = share * _falling(v - lower, opening.below / 2, opening.below)
    place = result[(slice(None), *window)]
    place += share * (remade - place)


def _eyeball(
    photo: Tensor,
    own: _Frame,
    new: _Frame,
    here: tuple[Tensor, Tensor],
    edges: tuple[Tensor, Tensor, Tensor, Tensor],
    pupil: int,
    points: tuple[Tensor, Tensor],
) -> Tensor:
    """It stays where it is as lids pass over it, turns as the pupil does, and is drawn out where they open wider."""
    (u, v), (upper, lower, own_upper, own_lower) = here, edges
    before, now = own.local(points[0][pupil]), new.local(points[1][pupil])
    if torch.isfinite(before).all() and torch.isfinite(now).all():
        (x, y), (shift_x, shift_y) = now, before - now
        near = torch.exp(((u - x).square() + (v - y).square()) / (-2 * IRIS**2))
        u, v = u + near * shift_x, v + near * shift_y
    depth, own_depth = lower - upper, own_lower - own_upper
    wider = (depth / own_depth.clamp(min=1e-4)).clamp(min=1)
    middle, own_middle = (upper + lower) / 2, (own_upper + own_lower) / 2
    v = torch.where(wider > 1, own_middle + (v - middle) / wider, v)
    margin = WITHIN * own_depth
    v = torch.minimum(torch.maximum(v, own_upper + margin), own_lower - margin)
    return _at(photo, own.place(u.clamp(0, 1), v))


def _mouth(
    photo: Tensor,
    own: _Frame,
    here: tuple[Tensor, Tensor],
    edges: tuple[Tensor, Tensor, Tensor, Tensor],
    points: Tensor,
) -> Tensor:
    """What the photo shows below the upper lip, as upper teeth go with the head; below that it is dark."""
    (u, v), (upper, lower, own_upper, own_lower) = here, edges
    deep = v - upper
    seen = _at(photo, own.place(u, torch.minimum(own_upper + deep, own_lower)))
    lips = torch.cat((points[48:60], (points[49:54] + points[61:64].mean(0)) / 2))
    colour = _at(photo, lips.T[:, None]).mean((1, 2))[:, None, None]
    # Lips throw their light a little way in, the tongue some of it.
    edge = torch.minimum(deep, lower - v).clamp(min=0)
    dark = colour * (DARK + EDGE * torch.exp(edge / -DEEP) + TONGUE * _rising(deep / (lower - upper + 0.05), 0.5, 1.0))
    depth = own_lower - own_upper
    share = _rising(deep, depth - 0.06, depth + 0.01) * _rising(lower - upper, 0, 0.06)
    return seen + share * (dark - seen)


def _framed(opening: Opening, points: Tensor) -> _Frame:
    first, last = (points[corner] for corner in opening.corners)
    frame = _Frame(first, last - first, first, first)
    edges = [_fitted(*frame.local(points[list(which)].T)) for which in (opening.upper, opening.lower)]
    return _Frame(first, last - first, edges[0], edges[1])


def _fitted(u: Tensor, v: Tensor) -> Tensor:
    """Coefficients of u (1 - u) (a + b u + ...) through as many points."""
    u = u.clamp(LEAST, 1 - LEAST).double()
    powers = torch.stack([u**power for power in range(len(u))], 1)
    ridge = 1e-3 * torch.eye(len(u), dtype=u.dtype, device=u.device)
    wanted = v.double() / (u * (1 - u))
    found: Tensor = torch.linalg.solve(powers.T @ powers + ridge, powers.T @ wanted[:, None])[:, 0]
    return found.to(v)


def _curve(edge: Tensor, u: Tensor) -> Tensor:
    total = torch.zeros_like(u)
    for factor in reversed(edge.tolist()):
        total = total * u + factor
    return u * (1 - u) * total


def _window(opening: Opening, frame: _Frame, size: int) -> tuple[slice, slice]:
    """Rows and columns that hold all that is made anew."""
    u = torch.linspace(0, 1, 9, device=frame.origin.device)
    upper, lower = frame.edges(u)
    left, right = torch.tensor(-BESIDE, device=u.device), torch.tensor(1 + BESIDE, device=u.device)
    top, bottom = upper.min() - opening.above, lower.max() + opening.below
    ends = torch.stack([frame.place(x, y) for x in (left, right) for y in (top, bottom)])
    pixels = grid.to_pixels(ends, size, size)
    low = pixels.amin(0).floor().clamp(0, size - 1).int().tolist()
    high = pixels.amax(0).ceil().clamp(0, size - 1).int().tolist()
    return slice(low[1], high[1] + 1), slice(low[0], high[0] + 1)


def _known(opening: Opening, points: Tensor) -> bool:
    which = [*opening.corners, *opening.upper, *opening.lower]
    return bool(torch.isfinite(points[which]).all())


def _at(picture: Tensor, where: Tensor) -> Tensor:
    """[C, h, w] of a picture or flow [C, S, S] at normalised places [2, h, w]."""
    return grid.warp(picture[None], where[None])[0]


def _rising(value: Tensor, low: float | Tensor, high: float | Tensor) -> Tensor:
    share = ((value - low) / (high - low)).clamp(0, 1)
    return share * share * (3 - 2 * share)


def _falling(value: Tensor, low: float, high: float) -> Tensor:
    return 1 - _rising(value, low, high)
