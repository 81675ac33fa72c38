"""Everything that the page is made of, read from the outs of other stages; what is absent is empty."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from facemotion.landmarks.store import Track
from facemotion.report.crossed import Crossed
from facemotion.report.look import Look, look
from facemotion.report.shown import Shown
from facemotion.report.strips import Pictured

Rows = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Material:
    source: str  # kind of the clip source
    variants: tuple[str, ...]  # as listed
    best: str | None
    scores: Rows  # by variant
    frames: Rows
    maps: Rows
    shown: tuple[Shown, ...]  # best, median and worst clip, as many as there are
    crossed: Crossed | None
    strips: tuple[Pictured, ...]  # of turned heads, made from several references
    ledger: pl.DataFrame
    tubes: pl.DataFrame
    clips: pl.DataFrame
    metrics: Mapping[str, Mapping[str, float]]  # metric files of stages, by name
    raw: tuple[Track, ...]
    smooth: tuple[Track, ...]
    histories: Mapping[str, pl.DataFrame]  # by model
    params: Mapping[str, Mapping[str, Any]]  # by section
    digests: Mapping[str, str]  # of what the page is made from, by path
    assets: Path  # where pictures are written,
    href: str  # and how the page calls that folder
    trials: pl.DataFrame = field(default_factory=pl.DataFrame)  # of the search for better values
    importance: pl.DataFrame = field(default_factory=pl.DataFrame)  # of what was searched

    @property
    def real(self) -> bool:
        return self.source != "synthetic"

    def look(self, variant: str) -> Look:
        return look(self.variants.index(variant))
