"""train_fusion MOTION: several references fused on top of models/MOTION_refined, into models/MOTION_fused."""

import torch

from facemotion import layout
from facemotion.config import Params
from facemotion.dataset.packed import PackedClip, PackedSplit
from facemotion.dataset.turning import Chosen, turning
from facemotion.models.animator import Animator
from facemotion.models.weights import start_from
from facemotion.training.config import Training
from stages.training import command


def prepare(params: Params, motion: str) -> tuple[Animator, Training]:
    settings = params.train_fusion.of(motion)
    torch.manual_seed(settings.seed)
    model = Animator(
        params.model.model_copy(update={"motion": motion, "refined": True, "fusion": params.train_fusion.fusion})
    )
    start_from(model, layout.MODELS / f"{motion}_refined")
    model.rest_motion()
    return model, settings


def choose(params: Params, source: PackedSplit) -> Chosen[PackedClip]:
    return turning(source.clips, params.train_fusion.min_turn)


if __name__ == "__main__":
    command(__doc__, "train_fusion", "fused", prepare, choose)
