"""A model as ONNX files makes the frames that torch makes, and what runs them needs to know of no model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from facemotion.cli import app
from facemotion.errors import FacemotionError
from facemotion.exporting import lacking, onnx_files, parts
from facemotion.exporting.running import OnnxAnimator
from facemotion.exporting.trees import named, rebuilt
from facemotion.models import grid
from facemotion.models.animator import Animator
from facemotion.models.config import ModelConfig
from facemotion.models.presets import preset
from facemotion.models.weights import save_model


def small(motion: str, refined: bool) -> ModelConfig:
    """Fewer levels than any preset: every kind of operation, and a quick trace."""
    tiny = preset("tiny")
    refiner = tiny.refiner.model_copy(update={"levels": (16, 32), "widths": (32, 32)})
    generator = tiny.generator.model_copy(update={"widths": (8, 16, 24)})
    return tiny.model_copy(update={"motion": motion, "refined": refined, "refiner": refiner, "generator": generator})


def saved(folder: Path, config: ModelConfig) -> Animator:
    """Weights that are all at work: those of a fresh model's last layers are zero."""
    torch.manual_seed(1)
    model = Animator(config).eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.add_(0.02 * torch.randn(parameter.shape))
    save_model(model, folder)
    return model


@pytest.mark.parametrize(
    ("motion", "refined"), [("keypoints", False), ("keypoints", True), ("landmarks", False), ("landmarks", True)]
)
def test_what_is_exported_makes_the_frames_that_torch_makes(tmp_path: Path, motion: str, refined: bool) -> None:
    model = saved(tmp_path / "model", small(motion, refined))
    result = CliRunner().invoke(app, ["export", "--onnx", str(tmp_path / "model"), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "encode.onnx", "export.json", "motion.onnx", "render.onnx",
    ]  # fmt: skip
    exported = OnnxAnimator(tmp_path / "out", threads=1)
    told = {"keypoints": ["photo"], "landmarks": ["photo", "photo_points"]}[motion]
    assert sorted(exported.needs("encode")) == told
    assert ("driving" in exported.needs("motion")) == (motion == "keypoints")
    # Frames of inputs that the export never saw.
    known = parts.example(model, seed=7)
    appearance = model.encode(known.photo["photo"][:, None], points_of(known.photo, "photo_points"))
    motions = model.motion(appearance, known.driving.get("driving"), known.driving.get("driving_points"))
    wanted = model.render(appearance, motions).numpy()
    encoded = exported.encode({name: tensor.numpy() for name, tensor in known.photo.items()})
    got = exported.frame(encoded, {name: tensor.numpy() for name, tensor in known.driving.items()})
    assert np.abs(got - wanted).max() < 1e-3
    still = grid.resize_image(known.photo["photo"], got.shape[-1]).numpy()
    assert np.abs(got - still).max() > 0.05, "something moves"


def points_of(tensors: parts.Tensors, name: str) -> torch.Tensor | None:
    return tensors[name][:, None] if name in tensors else None


def test_a_model_that_comes_out_otherwise_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path / "model", small("keypoints", refined=False))
    monkeypatch.setattr(onnx_files, "AS_GOOD_AS", 0.0)
    with pytest.raises(FacemotionError, match="differs from torch"):
        onnx_files.export(tmp_path / "model", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_no_model_or_no_export_is_told(tmp_path: Path) -> None:
    with pytest.raises(FacemotionError, match="give the folder of a trained model"):
        onnx_files.export(tmp_path, tmp_path / "out")
    with pytest.raises(FacemotionError, match="facemotion export --onnx"):
        OnnxAnimator(tmp_path)
    result = CliRunner().invoke(app, ["export", str(tmp_path), "-o", str(tmp_path)])
    assert isinstance(result.exception, FacemotionError)
    assert "--onnx" in str(result.exception)


@settings(max_examples=60)
@given(st.integers(1, 12), st.integers(1, 3), st.integers(0, 10_000))
def test_equations_are_solved_as_by_torch(size: int, batch: int, seed: int) -> None:
    noise = torch.Generator().manual_seed(seed)
    matrix = torch.randn(batch, size, size, generator=noise, dtype=torch.float64)
    # A zero where a pivot would be: rows have to be swapped.
    matrix[:, 0, 0] = 0 if size > 1 else 1
    wanted = torch.randn(batch, size, 2, generator=noise, dtype=torch.float64)
    if float(torch.linalg.cond(matrix).max()) > 1e6:
        return
    with lacking.Exportable():
        one = torch.linalg.solve_ex(matrix, wanted).result
        other = torch.linalg.solve_ex(matrix, wanted[..., 0]).result
        inverse = torch.linalg.inv(matrix[0])
    torch.testing.assert_close(one, torch.linalg.solve(matrix, wanted), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(other, one[..., 0], rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(inverse @ matrix[0], torch.eye(size, dtype=torch.float64), rtol=1e-6, atol=1e-6)


def test_trees_of_tensors_are_taken_apart_and_put_together() -> None:
    model = Animator(small("landmarks", refined=True)).eval().requires_grad_(False)
    appearance = parts.encoded(model, parts.example(model, 0).photo)
    flat = named(appearance, "appearance")
    assert "appearance.source.keypoints.points" in flat
    again = rebuilt(appearance, "appearance", {name: tensor + 1 for name, tensor in flat.items()})
    assert type(again) is type(appearance)
    assert again.references == appearance.references
    for name, tensor in named(again, "appearance").items():
        torch.testing.assert_close(tensor, flat[name] + 1)
