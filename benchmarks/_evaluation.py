"""The first protocol of `facemotion.evaluation` on a split of the packed clips, for models at hand."""

import polars as pl

from facemotion import layout, schemas
from facemotion.config import Params
from facemotion.dataset.packed import PackedSplit
from facemotion.evaluation.in_process import same_identity
from facemotion.evaluation.truth import places
from facemotion.evaluation.variants import Animated
from facemotion.models.animator import Animator


def score(model: Animator, split: PackedSplit, params: Params) -> pl.DataFrame:
    """A row for every clip and metric. The model ends on the CPU, in evaluation mode."""
    clips = schemas.CLIPS.read(layout.CLIP_TABLE).filter("accepted")
    truths = places(clips.iter_rows(named=True), {path.stem: path for path in sorted(layout.TRUTH.glob("*.parquet"))})
    return same_identity(Animated(model.cpu().eval()), split, truths, params.evaluate)
