"""What a training leaves behind: models/VARIANT with weights, sizes and history. Equal trainings, equal bytes."""

from pathlib import Path

from facemotion import files
from facemotion.models.animator import Animator
from facemotion.models.weights import save_model
from facemotion.training.history import HISTORY
from facemotion.training.loop import Trained


def write(trained: Trained, model: Animator, folder: Path) -> None:
    """`model` takes the weights that were kept, and goes into the folder with the history."""
    model.load_state_dict(trained.weights)
    save_model(model, folder)
    files.write_text(folder / HISTORY, trained.history.csv())
