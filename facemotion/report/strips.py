"""Pictures of turned heads made from one, two and more references, written for the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from facemotion.evaluation import made_of, several_pictures
from facemotion.evaluation.folders import Folders, one_thread, split
from facemotion.evaluation.known import Known
from facemotion.evaluation.made_of import MadeOf
from facemotion.evaluation.references import COUNTS
from facemotion.evaluation.several import suffix
from facemotion.evaluation.several_pictures import Image, Turned
from facemotion.evaluation.variants import Fuses
from facemotion.files import write_bytes
from facemotion.ingest.sheets import jpeg
from facemotion.report.shown import DRIVING, QUALITY

BY = "l1" + suffix("", COUNTS[-1])
HIDDEN = "unseen in 1"


@dataclass(frozen=True)
class StripJob:
    """`number`: which of the page's strips."""

    number: int
    turned: Turned
    made_of: MadeOf
    folders: Folders
    folder: Path  # for what is written

    @property
    def clip_id(self) -> str:
        return self.turned.clip_id


@dataclass(frozen=True)
class Pictured:
    turned: Turned
    person_id: str
    made: dict[str, str]  # file names by column: driving, what is hidden where that is known, from how many
    references: tuple[str, ...]  # file names


def fusing(scores: Mapping[str, pl.DataFrame]) -> str | None:
    """The variant that makes most of many references; None where none takes several."""
    found = {name: table.filter(pl.col("metric") == BY)["value"] for name, table in scores.items()}
    means = {name: float(values.to_numpy().mean()) for name, values in found.items() if len(values)}
    return min(means, key=lambda name: means[name]) if means else None


def show(job: StripJob) -> Pictured:
    one_thread()
    variant = made_of.load(job.made_of)
    if not isinstance(variant, Fuses):
        raise TypeError(f"{job.made_of.variant} takes one reference: it has no strip of several")
    clip = split(job.folders.clips)[job.clip_id]
    strip = several_pictures.strip(variant, clip, Known.load(job.folders.known, job.clip_id, variant.size), job.turned)
    made = {DRIVING: strip.driving} | ({HIDDEN: strip.hidden} if strip.hidden is not None else {})
    made |= {f"from {count}": image for count, image in strip.made.items()}
    return Pictured(
        job.turned,
        clip.person_id,
        {column: _written(job, f"{k}", image) for k, (column, image) in enumerate(made.items())},
        tuple(_written(job, f"reference_{k + 1}", image) for k, image in enumerate(strip.references)),
    )


def _written(job: StripJob, what: str, image: Image) -> str:
    name = f"several_{job.number}_{what}.jpg"
    write_bytes(job.folder / name, jpeg(image, QUALITY))
    return name
