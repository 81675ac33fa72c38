"""A sheet of the cross-identity protocol: who is shown, who drives, the rendered answer, and what a variant makes."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.evaluation.cross_identity import CrossFrame, frames_of
from facemotion.evaluation.folders import Folders
from facemotion.evaluation.images import Frame, as_bytes, at_scale
from facemotion.evaluation.pictures import telling_frames
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.reading import reference_of
from facemotion.evaluation.score_jobs import cross_clips
from facemotion.evaluation.variants import Variant
from facemotion.ingest.sheets import Tile, sheet

Image = NDArray[np.uint8]

MOST_PAIRS: Final = 4
RELATIVE: Final = "relative"


def cross_sheet(variant: Variant, pairs: Sequence[PairRow], folders: Folders) -> list[tuple[str, Image]]:
    """`cross`: of some pairs the frame that differs most in pose and the one that differs most in the mouth."""
    rows = [row for pair in _spread(pairs) for row in _rows(variant, pair, folders)]
    return [("cross", sheet(rows))] if rows else []


def _spread(pairs: Sequence[PairRow]) -> list[PairRow]:
    places = np.unique(np.linspace(0, max(len(pairs) - 1, 0), min(MOST_PAIRS, len(pairs))).round().astype(int))
    return [pairs[place] for place in places]


def _rows(variant: Variant, pair: PairRow, folders: Folders) -> list[list[Tile]]:
    clips = cross_clips(pair, folders, variant.size)
    numbers = np.array([one.frame for one in clips.known.scored])
    telling = telling_frames(clips.driving)
    frames = np.unique([numbers[np.abs(numbers - telling[part]).argmin()] for part in ("pose", "mouth")])
    reference = at_scale(reference_of(clips.reference, variant.size).image)[0]
    return [_row(pair, reference, frame) for frame in frames_of(variant, pair, clips, frames.astype(np.intp))]


def _row(pair: PairRow, reference: Frame, frame: CrossFrame) -> list[Tile]:
    tiles = [
        Tile(as_bytes(reference), f"reference  {pair.reference_person}"),
        Tile(as_bytes(at_scale(frame.driving[None])[0]), f"driving  {pair.driving_person}, frame {frame.number}"),
    ]
    if frame.wanted is not None:
        tiles.append(Tile(as_bytes(frame.wanted), "answer"))
    made = [Tile(as_bytes(one.frame), f"generated, {way.strip('_') or RELATIVE}") for way, one in frame.made.items()]
    return tiles + made
