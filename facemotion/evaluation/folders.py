"""Where an evaluation finds what it works on, and how its processes share it."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import torch

from facemotion.dataset.packed import PackedSplit


class Folders(NamedTuple):
    """Of packed clips, of packed answers, of what is known."""

    clips: Path
    answers: Path
    known: Path


@cache
def split(folder: Path) -> PackedSplit:
    return PackedSplit(folder)


def one_thread() -> None:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
