"""train_refine MOTION: the refiner learnt on top of models/MOTION_coarse, into models/MOTION_refined."""

import torch

from facemotion import layout
from facemotion.config import Params
from facemotion.models.animator import Animator
from facemotion.models.weights import start_from
from facemotion.training.config import Training
from stages.training import command


def prepare(params: Params, motion: str) -> tuple[Animator, Training]:
    torch.manual_seed(params.train_refine.seed)
    model = Animator(params.model.model_copy(update={"motion": motion, "refined": True}))
    start_from(model, layout.MODELS / f"{motion}_coarse")
    return model, params.train_refine.of(motion)


if __name__ == "__main__":
    command(__doc__, "train_refine", "refined", prepare)
