"""What a variant is made of: a trained model's folder, or nothing but its name where nothing is learnt."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from facemotion.evaluation import fused
from facemotion.evaluation.repeated import Repeated
from facemotion.evaluation.untrained import Untrained
from facemotion.evaluation.variants import Variant
from facemotion.models.weights import load_config

# By name; each makes frames of the size it is given.
UNLEARNT: Final[Mapping[str, Callable[[int], Variant]]] = {"reference": Repeated, "landmarks_untrained": Untrained}


class MadeOf(NamedTuple):
    """`model`: None for one of UNLEARNT. `size`: of the frames it takes and makes."""

    variant: str
    model: Path | None
    size: int

    @classmethod
    def of(cls, variant: str, models: Path, size: int) -> "MadeOf":
        """`models`: the folder in which the trained ones lie; `size`: of those that are not trained."""
        if variant in UNLEARNT:
            return cls(variant, None, size)
        return cls(variant, models / variant, load_config(models / variant).image_size)


@cache
def load(made_of: MadeOf) -> Variant:
    if made_of.model is not None:
        return fused.load(made_of.model)
    return UNLEARNT[made_of.variant](made_of.size)
