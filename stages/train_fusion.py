"""train_fusion: several references fused on top of a refined model, whose motion rests, into models/fusion."""

import torch

from facemotion import layout
from facemotion.config import Params
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.dataset.turning import Chosen, turning
from facemotion.models.animator import Animator
from facemotion.models.weights import start_from
from facemotion.training.config import Training
from stages.training import alone


def prepare(params: Params) -> tuple[Animator, Training]:
    settings = params.train_fusion
    torch.manual_seed(settings.seed)
    sizes = params.model.model_copy(update={"motion": settings.motion, "refined": True, "fusion": settings.fusion})
    model = Animator(sizes)
    start_from(model, layout.MODELS / f"{settings.motion}_refined")
    model.rest_motion()
    return model, settings


def choose(params: Params, source: PackedSplit) -> Chosen[PackedClip]:
    return turning(source.clips, params.train_fusion.min_turn)


if __name__ == "__main__":
    alone(__doc__, "train_fusion", "fusion", prepare, choose)
