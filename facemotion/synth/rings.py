"""Rings of vertices around eyes and mouth: where they lie on the mean face and where in the texture's domain."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from facemotion.synth.headform import EYE_CENTRE, EYE_RADIUS, domain_of, head_point

Array = NDArray[np.float64]

EYE_COLUMNS: Final = 32  # around an opening; 0 is the inner corner, 16 the outer, the upper lid between
EYE_RINGS: Final = 7  # back of the margin, lash line, lid, crease, orbit, outer orbit, guard
LIP_COLUMNS: Final = 21  # of one half, from the middle of a lip to the corner
LIP_RINGS: Final = 5  # inside, contact, body, edge, skin
LID_SKIN: Final = 0.13  # thickness of a lid over the ball, cm

_UPPER_LID: Final = PchipInterpolator(
    [1.97, 2.1, 2.45, 2.9, 3.35, 3.8, 4.25, 4.52, 4.62], [0.2, 0.02, -0.29, -0.50, -0.56, -0.50, -0.31, -0.09, 0.02]
)
_LOWER_LID: Final = PchipInterpolator(
    [1.97, 2.1, 2.45, 2.9, 3.4, 3.85, 4.25, 4.52, 4.62], [0.2, 0.27, 0.36, 0.41, 0.44, 0.41, 0.29, 0.12, 0.02]
)
_CREASE: Final = PchipInterpolator([1.9, 2.2, 2.8, 3.4, 4.0, 4.5, 4.8], [0.1, 0.16, 0.26, 0.30, 0.30, 0.24, 0.14])
# Lip lines by distance from the midline: edge of the upper lip, contact, edge of the lower lip.
_LIP_X: Final = (0.0, 0.35, 0.69, 1.1, 1.6, 2.1, 2.5)
_UPPER_EDGE: Final = PchipInterpolator(_LIP_X, (6.42, 6.3, 6.24, 6.37, 6.59, 6.85, 7.08))
_CONTACT: Final = PchipInterpolator(_LIP_X, (7.14, 7.12, 7.08, 7.07, 7.07, 7.07, 7.08))
_LOWER_EDGE: Final = PchipInterpolator(_LIP_X, (8.18, 8.17, 8.12, 7.99, 7.72, 7.39, 7.08))


def lid_line(x: Array, upper: bool) -> Array:
    return np.asarray((_UPPER_LID if upper else _LOWER_LID)(x))


def on_ball(p: Array, margin: Array | float) -> Array:
    """Push points out of the (left-right symmetric, x >= 0) eyeball to the given margin over it."""
    d = p - np.array(EYE_CENTRE)
    r = np.linalg.norm(d, axis=-1)
    wanted = EYE_RADIUS + np.asarray(margin)
    return np.where((r < wanted)[..., None], EYE_CENTRE + d * (wanted / r)[..., None], p)


def eye_rings() -> tuple[Array, Array]:
    """(domain, position) of the rings around the eye at x > 0, [ring, column, 2 | 3]."""
    half = EYE_COLUMNS // 2
    x_up = 1.97 + (4.62 - 1.97) * (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, half + 1)))
    upper = np.stack([x_up, lid_line(x_up, True)], -1)[:-1]
    lower = np.stack([x_up[::-1], lid_line(x_up[::-1], False)], -1)[:-1]
    line = np.concatenate([upper, lower])
    is_upper = np.arange(EYE_COLUMNS) < half
    centre = np.array([3.28, -0.08])
    outward = line - centre
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    angle = np.arctan2(line[:, 1] - centre[1], line[:, 0] - centre[0])
    rise = np.where(is_upper, _CREASE(line[:, 0]), 0.26)
    crease = line + outward * 0.12 + np.stack([0 * rise, np.where(is_upper, -rise, rise)], -1)
    blend = (0.12 + 0.88 * np.abs(np.sin(angle)))[:, None]
    crease = line + outward * 0.16 + (crease - line - outward * 0.12) * blend
    turn = np.pi + np.arange(EYE_COLUMNS) * (2 * np.pi / EYE_COLUMNS)
    orbit, outer, guard = (
        centre + np.stack([rx * np.cos(turn), ry * np.sin(turn)], -1)
        for rx, ry in ((1.82, 1.12), (2.12, 1.42), (2.36, 1.66))
    )
    seen = np.stack([line, line, 0.5 * (line + crease), crease, orbit, outer, guard])
    # In the domain the opening is squeezed to a slit, so that a lid has texture to unroll when it closes.
    mid = 0.5 * (lid_line(line[:, 0], True) + lid_line(line[:, 0], False))
    slit = np.stack([line[:, 0], mid + 0.55 * (line[:, 1] - mid)], -1)
    lash = slit + (outward * [0.06, 0.09])
    drawn = np.stack([slit, lash, 0.45 * lash + 0.55 * crease, crease, orbit, outer, guard])
    domain = np.stack(domain_of(drawn[..., 0], drawn[..., 1]), -1)
    where = np.stack(domain_of(seen[..., 0], seen[..., 1]), -1)
    position = head_point(where[..., 0], where[..., 1])
    position[..., :2] = seen
    margins = np.array([0.01, LID_SKIN, LID_SKIN + 0.02, LID_SKIN, 0.0, 0.0, 0.0])[:, None]
    onto = EYE_CENTRE[2] - np.sqrt(
        np.maximum((EYE_RADIUS + margins) ** 2 - ((seen - np.array(EYE_CENTRE[:2])) ** 2).sum(-1), 0.05)
    )
    position[:3, :, 2] = np.minimum(onto[:3], position[:3, :, 2] + 0.2)  # corners are no pits
    position[3, :, 2] = np.minimum(position[3, :, 2], onto[3])
    return domain, position


def lip_rings() -> tuple[Array, Array]:
    """(domain, position) of the rings of both lips for x >= 0, [lip, ring, column, 2 | 3]; the corner comes last."""
    x = 2.5 * (1.0 - (1.0 - np.linspace(0, 1, LIP_COLUMNS)) ** 1.35)
    taper = np.sqrt(1.0 - (x / 2.5) ** 2)
    domain, position = [], []
    for upper in (True, False):
        sign = -1.0 if upper else 1.0
        edge = (_UPPER_EDGE if upper else _LOWER_EDGE)(x)
        contact = _CONTACT(x)
        body = contact + 0.5 * (edge - contact)
        skin_x = np.minimum(x * 1.04 + 0.10 * (1 - taper), 2.78)
        skin = edge + sign * (0.30 * taper + 0.10)
        skin[-1] = edge[-1] + sign * 0.12
        seen = np.stack([contact + sign * 0.16, contact, body, edge, skin])
        xs = np.stack([x * 0.96, x, x, x, skin_x])
        reach = edge - contact
        drawn = np.stack([*(contact + part * reach for part in (0.14, 0.30, 0.62, 1.0)), skin])
        drawn[:, -1] = 7.08 + sign * np.array([0.004, 0.014, 0.03, 0.06, 0.14])
        dx = np.stack([x, x + 0.0, x, x, skin_x])
        dx[:, -1] = 2.5 + np.array([0.0, 0.03, 0.06, 0.10, 0.26])
        place = np.stack(domain_of(xs, seen), -1)
        p = head_point(place[..., 0], place[..., 1])
        p[..., 0], p[..., 1] = xs, seen
        full = 0.30 if upper else 0.40
        bulge = np.stack([-0.55 - 0 * taper, -0.10 - 0 * taper, full * taper**1.6, 0.10 * taper, 0 * taper])
        bulge[1] = 0.08 * taper - 0.08
        bulge[0] = bulge[1] - 0.12 - 0.4 * taper
        p[..., 2] -= bulge
        domain.append(np.stack(domain_of(dx, drawn), -1))
        position.append(p)
    return np.stack(domain), np.stack(position)
