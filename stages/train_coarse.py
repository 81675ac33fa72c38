"""train_coarse MOTION: coarse motion and generator learnt from nothing, into models/MOTION_coarse."""

import torch

from facemotion.config import Params
from facemotion.models.animator import Animator
from facemotion.training.config import Training
from stages.training import command


def prepare(params: Params, motion: str) -> tuple[Animator, Training]:
    torch.manual_seed(params.train_coarse.seed)
    model = Animator(params.model.model_copy(update={"motion": motion, "refined": False}))
    return model, params.train_coarse.of(motion)


if __name__ == "__main__":
    command(__doc__, "train_coarse", "coarse", prepare)
