"""The model as MLflow serves it: photos and a driving video in, a video out, all bytes. MLflow runs this file when it
loads the model (models from code): nothing is pickled.

A stranger may call a served model, so it takes contents, never names of files."""

import tempfile
from pathlib import Path
from typing import Any, Final

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel, PythonModelContext

FILM: Final = "film.mp4"
# Of kinds of files: where they have which bytes.
BEGINNINGS: Final = (
    (8, b"{", ".motion"), (0, b"PAR1", ".parquet"), (0, b"\xff\xd8", ".jpg"), (0, b"\x89PNG", ".png"),
    (8, b"WEBP", ".webp"),
    (0, b"BM", ".bmp"), (0, b"II*", ".tif"), (0, b"MM\0*", ".tif"),
)  # fmt: skip


class FaceAnimation(PythonModel):
    def load_context(self, context: PythonModelContext) -> None:
        from facemotion.animate import Animator

        self._animator = Animator.load(context.artifacts["model"])

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Of each row `sources` and `driving`: `video`, MP4. Parameters: those of `facemotion animate`."""
        rows = model_input.itertuples(index=False)
        return pd.DataFrame({"video": [self._film(row.sources, row.driving, params or {}) for row in rows]})

    def _film(self, sources: list[bytes], driving: bytes, params: dict[str, Any]) -> bytes:
        with tempfile.TemporaryDirectory(prefix="facemotion-") as folder:
            here = Path(folder)
            given = []
            for number, source in enumerate(sources):
                given.append(here / f"source_{number}{_suffix(source)}")
                given[-1].write_bytes(source)
            driver = here / f"driving{_suffix(driving)}"
            driver.write_bytes(driving)
            self._animator.animate(given, driver, _options(params)).write(here / FILM)
            return (here / FILM).read_bytes()


def _options(params: dict[str, Any]) -> Any:
    from facemotion.animate import Options
    from facemotion.animation.motions import MotionOptions

    motion = {name: params[name] for name in ("scale", "strength", "region", "smooth") if name in params}
    whole: dict[str, Any] = {name: params[name] for name in ("face", "paste", "strip", "label") if name in params}
    # A size of 0: the default.
    whole["size"] = params.get("size") or None
    return Options(motion=MotionOptions(way=params.get("motion", "auto"), **motion), **whole)


def _suffix(content: bytes) -> str:
    """For what is told from the names of files elsewhere."""
    return next((suffix for at, beginning, suffix in BEGINNINGS if content[at:].startswith(beginning)), ".mp4")


mlflow.models.set_model(FaceAnimation())
