"""A sheet of rendered answers beside the driver's frames that they answer to."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facemotion.dataset.packed import PackedSplit
from facemotion.evaluation.folders import Folders
from facemotion.evaluation.protocols import PairRow
from facemotion.evaluation.reading import numbers_of
from facemotion.ingest.sheets import Tile, sheet

Image = NDArray[np.uint8]

MOST_PAIRS: Final = 4


def answer_sheet(pairs: Sequence[PairRow], folders: Folders) -> list[tuple[str, Image]]:
    """`answers`: two rows a pair, the driver's frames and the answers to them, each after the reference's own clip."""
    rows = []
    for pair in pairs[:MOST_PAIRS]:
        clips, answers = PackedSplit(folders.clips), PackedSplit(folders.answers)
        driver, answer, own = clips[pair.driving_clip], answers[pair.pair_id], clips[pair.reference_clip]
        numbers = numbers_of(answer)
        shown = np.unique(np.linspace(0, len(numbers) - 1, 5).round().astype(int)).tolist()
        gap = "" if pair.start_gap is None else f", starts {pair.start_gap:.0f} degrees apart"
        rows.append(
            [Tile(own.image(0), f"{pair.reference_person}, own clip{gap}")]
            + [Tile(driver.image(int(numbers[k])), f"{pair.driving_person}, frame {numbers[k]}") for k in shown]
        )
        rows.append(
            [Tile(driver.image(0), f"{pair.driving_person} drives")]
            + [Tile(answer.image(k), f"answer, frame {numbers[k]}") for k in shown]
        )
    return [("answers", sheet(rows))] if rows else []
