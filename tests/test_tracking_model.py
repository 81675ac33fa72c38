"""A trained model in the registry is found, fetched and used by its name, from its own code, without a pickle."""

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from rendered_faces import shown
from training_toys import config

from facemotion import tracking, tracking_model, video
from facemotion.animation.performance import Performance, save_performance
from facemotion.authorship import verify
from facemotion.errors import FacemotionError
from facemotion.files import file_digest
from facemotion.models.animator import Animator
from facemotion.models.weights import WEIGHTS, save_model

ROOT = Path(__file__).parent.parent
NAME = "facemotion"


def photo() -> bytes:
    data = io.BytesIO()
    Image.fromarray((shown(5).frame * 255).round().astype(np.uint8)).save(data, "PNG")
    return data.getvalue()


def driving(folder: Path) -> bytes:
    """Of somebody whose mouth opens."""
    points = np.stack([shown(3, jaw_open=0.2 * number).points for number in range(5)]).astype(np.float32)
    save_performance(folder / "talk.motion", Performance(Fraction(25), 256, 256, points, np.ones((5, 70), np.float32)))
    return (folder / "talk.motion").read_bytes()


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    torch.manual_seed(0)
    save_model(Animator(config(refined=True).model_copy(update={"motion": "landmarks"})), tmp_path / "mine")
    return tmp_path / "mine"


@pytest.mark.slow
def test_the_champion_animates_a_photo(model: Path, tmp_path: Path) -> None:
    client = tracking.open_client()
    run = client.create_run(tracking.experiment_id())
    version = tracking_model.log_model(model, run.info.run_id, NAME)
    client.set_registered_model_alias(NAME, "champion", version)
    assert client.get_model_version(NAME, version).run_id == run.info.run_id

    import mlflow

    address = f"models:/{NAME}@champion"
    loaded = mlflow.pyfunc.load_model(address)
    assert [one.name for one in loaded.metadata.signature.inputs] == ["sources", "driving"]
    rows = pd.DataFrame({"sources": [[photo()]], "driving": [driving(tmp_path)]})
    made = loaded.predict(rows, params={"motion": "relative", "size": 128})
    out = tmp_path / "result.mp4"
    out.write_bytes(made["video"][0])
    info = video.probe(out)
    assert (info.width, info.height, info.frames, info.fps) == (128, 128, 5, 25)
    found = verify.examine(out)
    assert found.state == "synthetic"
    assert found.record is not None
    assert found.record.weights == file_digest(model / WEIGHTS)

    folder = tracking_model.fetched(address, tmp_path / "fetched")
    assert (folder / WEIGHTS).read_bytes() == (model / WEIGHTS).read_bytes()
    assert not [path for path in (tmp_path / "fetched").rglob("*") if path.suffix in (".pkl", ".pth", ".pt")]
    with pytest.raises(FacemotionError, match=r"facemotion@nobody is not in the registry"):
        tracking_model.fetched(f"models:/{NAME}@nobody", tmp_path / "none")


def test_what_is_no_model_is_refused_before_anything_is_sent(model: Path, tmp_path: Path) -> None:
    with pytest.raises(FacemotionError, match="give the folder of a trained model"):
        tracking_model.log_model(tmp_path, "no run", NAME)
