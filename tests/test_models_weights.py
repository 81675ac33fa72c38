"""Weights on disk: what comes back, and what is said when it cannot."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from facemotion.errors import FacemotionError
from facemotion.models.animator import Animator
from facemotion.models.presets import preset
from facemotion.models.weights import WEIGHTS, load_model, save_model, start_from

TINY = preset("tiny")
COARSE = TINY.model_copy(update={"refined": False})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_model(Animator(COARSE).to(memory_format=torch.channels_last), tmp_path / "coarse")
    return tmp_path / "coarse"


def test_a_model_comes_back_as_it_was(folder: Path) -> None:
    torch.manual_seed(0)
    expected, found = Animator(COARSE), load_model(folder)
    assert found.config == COARSE
    assert all(torch.equal(a, b) for a, b in zip(expected.parameters(), found.parameters(), strict=True))


def test_saving_twice_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    save_model(load_model(folder), tmp_path / "again")
    for name in sorted(path.name for path in folder.iterdir()):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "weights.safetensors"]


def test_a_refined_model_starts_from_a_coarse_one(folder: Path) -> None:
    refined = Animator(TINY)
    start_from(refined, folder)
    coarse = load_model(folder)
    assert torch.equal(refined.features.stem[0].weight, coarse.features.stem[0].weight)


def test_a_coarse_model_does_not_take_a_refined_one(tmp_path: Path) -> None:
    save_model(Animator(TINY), tmp_path)
    with pytest.raises(FacemotionError, match=r"not of this model: generator.between.first.bias, .* and \d+ more"):
        start_from(Animator(COARSE), tmp_path)


def test_truncated_weights_are_said(folder: Path) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FacemotionError, match=r"weights.safetensors is truncated"):
        load_model(folder)


@pytest.mark.parametrize("content", [b"", b"\x00", b"not safetensors at all, but something longer", b"\xff" * 64])
def test_other_bytes_are_said(folder: Path, content: bytes) -> None:
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(FacemotionError, match="truncated or no safetensors"):
        load_model(folder)


def test_missing_keys_are_named(folder: Path) -> None:
    tensors, metadata = load_file(folder / WEIGHTS), _metadata(folder)
    del tensors["generator.paint.weight"]
    save_file(tensors, folder / WEIGHTS, metadata)
    with pytest.raises(FacemotionError, match=r"missing: generator.paint.weight\)"):
        load_model(folder)


def test_another_size_is_named(folder: Path) -> None:
    wider = Animator(COARSE.model_copy(update={"generator": type(COARSE.generator)(widths=(16, 32, 64, 128))}))
    with pytest.raises(FacemotionError, match=r"of another size: .* is \(96, 64, 3, 3\), not \(128, 64, 3, 3\)"):
        start_from(wider, folder)


def test_files_of_two_models_are_noticed(folder: Path, tmp_path: Path) -> None:
    save_model(Animator(TINY), tmp_path / "other")
    (folder / WEIGHTS).write_bytes((tmp_path / "other" / WEIGHTS).read_bytes())
    with pytest.raises(FacemotionError, match="of two different models"):
        load_model(folder)


def test_weights_that_are_not_finite_are_refused(folder: Path) -> None:
    tensors, metadata = load_file(folder / WEIGHTS), _metadata(folder)
    tensors["generator.paint.weight"][0, 0, 0, 0] = float("nan")
    save_file(tensors, folder / WEIGHTS, metadata)
    with pytest.raises(FacemotionError, match=r"not finite \(generator.paint.weight\)"):
        load_model(folder)


def test_absent_files_and_foreign_configs_are_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FacemotionError, match="give the folder of a trained model"):
        load_model(tmp_path / "nowhere")
    (folder / "config.json").write_text('{"layout": "lean"}')
    with pytest.raises(FacemotionError, match="no model's config"):
        load_model(folder)


def _metadata(folder: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(folder / WEIGHTS, "pt") as stream:
        return dict(stream.metadata())


def test_the_published_layout_comes_back_too(tmp_path: Path) -> None:
    """Its levels share an update, which is one module, written once."""
    content = TINY.model_dump() | {"layout": "published"}
    content["keypoints"]["stride"] = 1
    content["refiner"] |= {
        "levels": [8, 16, 32, 64],
        "widths": [64, 64, 32, 32],
        "closeups": None,
        "background": "coarse",
    }
    torch.manual_seed(0)
    model = Animator(type(TINY).model_validate(content))
    save_model(model, tmp_path)
    found = load_model(tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), found.parameters(), strict=True))
