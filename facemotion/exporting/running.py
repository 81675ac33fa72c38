"""Exported parts at work, without torch: a photo is encoded once, then a frame is made of each driving one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facemotion.errors import FacemotionError

Arrays = dict[str, NDArray[Any]]


def file_of(folder: Path, part: str) -> Path:
    return folder / f"{part}.onnx"


class OnnxAnimator:
    """Everything has a batch of one. `photo` [1, 3, P, P] and `driving` [1, 3, H, H] in [0, 1], P and H as in
    export.json, and their landmarks `photo_points`, `driving_points` [1, 70, 2], normalised, are what `needs` says."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads  # 0: as many as there are cores
        options.log_severity_level = 3
        self._sessions = {}
        for part in ("encode", "motion", "render"):
            path = file_of(folder, part)
            if not path.is_file():
                raise FacemotionError(f"{path} is not there; make it: facemotion export --onnx MODEL -o {folder}")
            self._sessions[part] = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def needs(self, part: str) -> list[str]:
        return [one.name for one in self._sessions[part].get_inputs()]

    def run(self, part: str, known: Mapping[str, NDArray[Any]]) -> Arrays:
        """What the part gives, by name; of what is known it takes what it needs."""
        session = self._sessions[part]
        if lacking := [name for name in self.needs(part) if name not in known]:
            raise FacemotionError(f"part {part} also needs {', '.join(lacking)}")
        made = session.run(None, {name: known[name] for name in self.needs(part)})
        return dict(zip((one.name for one in session.get_outputs()), made, strict=True))

    def encode(self, photo: Mapping[str, NDArray[Any]]) -> Arrays:
        return self.run("encode", photo)

    def frame(self, appearance: Arrays, driving: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """[1, 3, H, H] in [0, 1]."""
        motion = self.run("motion", {**appearance, **driving})
        return np.asarray(self.run("render", {**appearance, **motion})["frame"], np.float32)
