"""What more references show: turned frames made from one, two and more of them, with the references themselves."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.evaluation.folders import Folders
from facemotion.evaluation.images import Frame, as_bytes, at_scale
from facemotion.evaluation.known import Known
from facemotion.evaluation.reading import faces_of
from facemotion.evaluation.references import COUNTS, chosen
from facemotion.evaluation.several import frames_of, suffix
from facemotion.evaluation.variants import Fuses
from facemotion.ingest.sheets import Tile, sheet

Image = NDArray[np.uint8]

MOST_CLIPS: Final = 4
TURN: Final = "yaw_gap"  # what frames are picked by
ONE: Final = suffix("", 1)
TINT: Final = np.array([255, 60, 200])  # of what the first reference does not show
STRENGTH: Final = 0.55


class Turned(NamedTuple):
    """A frame whose head is turned far from the first reference's, by degrees."""

    clip_id: str
    frame: int
    gap: float


class Strip(NamedTuple):
    """`hidden`: the driving frame, tinted where the head is not shown by the first reference, None where that is not
    known; `made`: by the number of references."""

    turned: Turned
    references: list[Image]
    driving: Image
    hidden: Image | None
    made: dict[int, Image]


def turned(frames: pl.DataFrame, most: int) -> list[Turned]:
    """Of a variant's scores of frames: of each clip the frame of the greatest turn that was scored for several
    references and hides part of the head where that is known, the clips of the greatest turns first."""
    key = ["clip_id", "frame"]
    told = next(
        (rows for name in ("unseen_l1", "l1") if len(rows := frames.filter(pl.col("metric") == name + ONE))), None
    )
    if told is None:
        return []
    gaps = frames.filter(pl.col("metric") == TURN).join(told.select(key), on=key)
    order = gaps.sort("value", *key, descending=[True, False, False]).unique(
        "clip_id", keep="first", maintain_order=True
    )
    return [Turned(row["clip_id"], row["frame"], row["value"]) for row in order.head(most).iter_rows(named=True)]


def strip(variant: Fuses, clip: PackedClip, known: Known, one: Turned) -> Strip:
    shown = chosen(clip.points)
    images = at_scale(faces_of(clip, np.array(shown, np.intp), variant.size).image)
    made: dict[int, Image] = {}
    for count in COUNTS:
        (frame,) = frames_of(variant, clip, shown[:count], np.array([one.frame], np.intp))
        made[count] = as_bytes(frame.made[""])
    return Strip(
        one, [as_bytes(image) for image in images], as_bytes(frame.driving), _hidden(frame.driving, known, one), made
    )


def several_sheet(
    variant: Fuses, split: PackedSplit, folders: Folders, frames: pl.DataFrame
) -> Iterator[tuple[str, Image]]:
    """`several`: two rows a clip, what is made and the references; none where nothing was scored."""
    rows = []
    for one in turned(frames, MOST_CLIPS):
        drawn = strip(variant, split[one.clip_id], Known.load(folders.known, one.clip_id, variant.size), one)
        told = f"driving, frame {one.frame}, turned {one.gap:.0f} degrees"
        hidden = [Tile(drawn.hidden, "not shown by reference 1")] if drawn.hidden is not None else []
        made = [Tile(image, f"from {count}") for count, image in drawn.made.items()]
        rows.append([Tile(drawn.driving, told), *hidden, *made])
        rows.append([Tile(image[::2, ::2], f"reference {k + 1}") for k, image in enumerate(drawn.references)])
    if rows:
        yield "several", sheet(rows)


def _hidden(driving: Frame, known: Known, one: Turned) -> Image | None:
    true = next((frame.true for frame in known.scored if frame.frame == one.frame), None)
    if true is None:
        return None
    hidden = true.areas.known & true.areas.head & ~true.flow.seen
    shown = as_bytes(driving).astype(np.float32)
    shown[hidden] += STRENGTH * (TINT - shown[hidden])
    return np.rint(shown).astype(np.uint8)
