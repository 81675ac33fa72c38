"""Where dlib's model files lie: in the package face_recognition_models, which is never imported."""

import importlib.util
from pathlib import Path
from typing import Final

from facemotion.errors import FacemotionError

POINTS_68: Final = "shape_predictor_68_face_landmarks.dat"
CNN_DETECTOR: Final = "mmod_human_face_detector.dat"


def model_file(name: str) -> Path:
    # Importing the package fails where setuptools no longer brings pkg_resources.
    found = importlib.util.find_spec("face_recognition_models")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "models" / name
        if path.is_file():
            return path
    raise FacemotionError(
        f"the model file {name} is not installed; `pip install face_recognition_models` (or facemotion[data]) brings it"
    )
